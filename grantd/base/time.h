// SPDX-License-Identifier: Apache-2.0
// The two times of grantd as types that do not mix: UTC for people and the store, BOOTTIME for the table.
#pragma once

#include <compare>
#include <cstdint>

namespace grantd::base {

inline constexpr int64_t us_per_s = 1'000'000;
inline constexpr int64_t ns_per_us = 1'000;
inline constexpr int64_t ns_per_s = 1'000'000'000;

// Microseconds since 1970-01-01T00:00:00Z, no leap seconds (POSIX time).
struct utc_time {
  int64_t us = 0;
  friend constexpr auto operator<=>(utc_time, utc_time) = default;
};

// Nanoseconds of CLOCK_BOOTTIME: since this boot, suspend included; no `date` or NTP step moves it.
struct boot_time {
  int64_t ns = 0;
  friend constexpr auto operator<=>(boot_time, boot_time) = default;
};

}  // namespace grantd::base
