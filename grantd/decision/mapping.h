// SPDX-License-Identifier: Apache-2.0
// Maps windows from UTC to BOOTTIME (DESIGN section 5, Time). Pure.
// The rule when the wall clock steps: ends may move earlier, never later; starts later, never earlier.
#pragma once

#include "base/time.h"

namespace grantd::decision {

// A window in the store's time.
struct utc_window {
  base::utc_time not_before;
  base::utc_time not_after;
};

// The same in the table's time; half open, empty when start >= end.
struct boot_window {
  base::boot_time start;
  base::boot_time end;
  friend bool operator==(const boot_window&, const boot_window&) = default;
};

// The two clocks read at one instant.
struct clock_pair {
  base::utc_time utc;
  base::boot_time boot;
};

// Why the clock may be believed to move a window the other way.
enum class trust : uint8_t {
  none,          // the rule holds
  synchronised,  // the kernel says synchronised: a forward step may also move starts earlier
  accepted,      // `grantctl clock accept` (root, audited): both ends are mapped afresh
};

// First mapping in this boot. Saturates instead of overflowing (towards closed: start up, end down).
[[nodiscard]] boot_window map_first(const utc_window& window, const clock_pair& now) noexcept;

// Maps again after a step; `before` is what was published until now. A window that has started stays started
// (an hour is an hour: a backward step does not shut it and never lengthens it), one whose end was reached
// (before.end <= now.boot, or not_after <= now.utc) comes back with end <= now.boot and stays so, whatever
// the trust. With `accepted` a window that had started may shut until its start on the clock vouched for.
[[nodiscard]] boot_window map_again(const utc_window& window, const boot_window& before,
                                    const clock_pair& now, trust how) noexcept;

// An end once reached, by either clock, is reached for good: the caller records it.
[[nodiscard]] bool end_reached(const utc_window& window, const boot_window& mapped,
                               const clock_pair& now) noexcept;

// Has the wall clock stepped between the two readings (more than `step_us`), seen against BOOTTIME?
// Positive: forward, microseconds. Slewing inside the limit is 0.
inline constexpr int64_t step_us = 100'000;
[[nodiscard]] int64_t stepped_us(const clock_pair& before, const clock_pair& now) noexcept;

}  // namespace grantd::decision
