// SPDX-License-Identifier: Apache-2.0
// The ids in audit records: the chain has numbers, people see "g-7k2m". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grantd::proof {

// "g-7k2m" of the value "32779" of grant or extends, r- of request, k- of lock. Nothing for another key, or
// for a value that is no number of an id.
[[nodiscard]] std::optional<std::string> id_in(std::string_view key, std::string_view value);

}  // namespace grantd::proof
