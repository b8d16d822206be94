// SPDX-License-Identifier: Apache-2.0
// Login points as the policy file writes them. Pure; must never guess what an unclear one means.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "policy/policy.h"

namespace grantd::policy {

// "pam:SERVICE", "pg:CLUSTER/DATABASE", "pg:CLUSTER/*", "replication:CLUSTER",
// "replication:CLUSTER/DATABASE". Otherwise what is wrong with it, and what to write.
[[nodiscard]] std::expected<login_point, std::string> parse_login_point(std::string_view text);

}  // namespace grantd::policy
