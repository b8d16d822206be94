// SPDX-License-Identifier: Apache-2.0
// Points in time as text. Pure: the offset is a parameter, never looked up (no TZ, no localtime).
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace grantd::base {

struct timestamp_text {
  char text[40];
  unsigned size;
  [[nodiscard]] std::string_view view() const noexcept { return {text, size}; }
};

// RFC 3339 with an offset ("2026-11-22T17:30:00Z", "...+01:00", fraction up to 6 digits, 'T' or ' ').
// A time without an offset is refused: only its writer knows what it means. Years 1970 to 9999.
[[nodiscard]] std::optional<utc_time> parse_timestamp(std::string_view text) noexcept;

// RFC 3339 in UTC, whole seconds ("2026-11-22T17:30:00Z"); with microseconds when they are not zero.
[[nodiscard]] timestamp_text print_timestamp(utc_time t) noexcept;

// For people: "17:30 +0100" when `t` is on the same local day as `now`, else "2026-11-23 17:30 +0100".
// Seconds are shown ("17:30:20 +0100") when less than two minutes lie between the two.
[[nodiscard]] timestamp_text print_local(utc_time t, int32_t offset_s, utc_time now) noexcept;

}  // namespace grantd::base
