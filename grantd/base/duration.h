// SPDX-License-Identifier: Apache-2.0
// Durations as people write them, both ways. Pure; no allocation, no locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace grantd::base {

// "90m", "1h30m", "2d", "45s": whole numbers with a unit (d, h, m, s), each unit at most once and larger
// before smaller, no spaces, no sign. Microseconds, > 0 and <= 366 days; nothing otherwise ("90" has no
// unit).
[[nodiscard]] std::optional<int64_t> parse_duration_us(std::string_view text) noexcept;

// What remains, for people: "58 min", "1 h 30 min", "1 min 20 s", "2 d 3 h": the largest unit and its
// neighbour, seconds only below ten minutes. A begun second counts (an hour just granted has "1 h" left),
// larger units are rounded down; "0 s" only when nothing is left.
struct duration_text {
  char text[24];
  unsigned size;
  [[nodiscard]] std::string_view view() const noexcept { return {text, size}; }
};
[[nodiscard]] duration_text print_duration(int64_t us) noexcept;

// The form parse_duration_us reads back: "1h30m"; rounded down to seconds.
[[nodiscard]] duration_text print_duration_short(int64_t us) noexcept;

}  // namespace grantd::base
