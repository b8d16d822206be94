// SPDX-License-Identifier: Apache-2.0
// "Mon-Fri 08:00-18:00 Europe/Berlin". Pure; no clock, and no zone but those given.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "policy/policy.h"

namespace grantd::policy {

// Without `offsets`. Otherwise what is wrong with it, and what to write.
[[nodiscard]] std::expected<hours, std::string> parse_hours(std::string_view text);

// Europe/Berlin: what can be the name of a zone, and of a file below a directory.
[[nodiscard]] bool is_zone_name(std::string_view text);

// By the local clock, half open; a moment that comes twice when summer time ends is within both times.
// Nothing where the zone does not say.
[[nodiscard]] std::optional<bool> within(const hours& h, base::utc_time t);

[[nodiscard]] bool is_always(const hours& h);  // every day, around the clock

}  // namespace grantd::policy
