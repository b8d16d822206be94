// SPDX-License-Identifier: Apache-2.0
// provision.toml: how to reach each system. Parsing is pure. Format: packaging/examples/provision.toml.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "cli/value.h"
#include "policy/mistake.h"

namespace grantd::provision {

inline constexpr size_t max_config_bytes = 64 << 10;

// [system.main]: the name is the cluster of login points of the policy ("pg:main/orders").
struct system {
  std::string adapter;  // a program's name, in config::adapters
  int64_t deadline_us = 0;
  cli::value settings;  // an object, for the adapter alone
};

struct config {
  std::string socket = "/run/grantd/api.sock";
  std::string adapters = GRANTD_ADAPTERS;
  std::map<std::string, system, std::less<>> systems;
};

[[nodiscard]] std::expected<config, policy::mistakes> parse_config(std::string_view text,
                                                                   std::string_view file);

// A regular file that belongs to root or us and that nobody else may write, and its adapters, too. The error
// is a sentence, or one line for each mistake.
[[nodiscard]] std::expected<config, std::string> load_config(const std::string& path);

}  // namespace grantd::provision
