// SPDX-License-Identifier: Apache-2.0
// The only code that reads a clock. Everything else takes `now` as a parameter.
#pragma once

#include "base/time.h"

namespace grantd::base {

// CLOCK_BOOTTIME. Async-signal-safe (clock_gettime, POSIX.1-2008). A kernel without the clock is not
// supported: returns the largest time, which opens nothing.
[[nodiscard]] boot_time boot_now() noexcept;

// CLOCK_REALTIME; the smallest time when it cannot be read.
[[nodiscard]] utc_time utc_now() noexcept;

// The kernel says that the wall clock is disciplined: adjtimex(2) without STA_UNSYNC and not TIME_ERROR.
[[nodiscard]] bool clock_synchronised() noexcept;

// Wall clock and BOOTTIME read as one: BOOTTIME before and after, the closest of three tries.
struct clock_reading {
  utc_time utc;
  boot_time boot;
  bool synchronised;  // false: who needs it asks clock_synchronised()
};
[[nodiscard]] clock_reading read_clocks() noexcept;

}  // namespace grantd::base
