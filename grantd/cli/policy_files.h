// SPDX-License-Identifier: Apache-2.0
// A policy read from files the way grantd reads it, for a check without grantd.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace grantd::cli {

inline constexpr std::string_view default_policy = "/etc/grantd/policy.toml";

// The files themselves; a directory stands for its *.toml in bytewise order. Empty: default_policy and the
// policy.d beside it. The reason in words when one cannot be read.
[[nodiscard]] std::expected<std::vector<policy::source>, std::string> read_policy(
    const std::vector<std::string>& paths);

// Unix groups and zones of this machine.
[[nodiscard]] policy::surroundings this_machine();

}  // namespace grantd::cli
