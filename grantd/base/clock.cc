// SPDX-License-Identifier: Apache-2.0
// Reads clocks; decides nothing.
#include "base/clock.h"

#include <sys/timex.h>

#include <ctime>
#include <limits>

namespace grantd::base {

boot_time boot_now() noexcept {
  timespec t{};
  if (clock_gettime(CLOCK_BOOTTIME, &t) != 0) return {std::numeric_limits<int64_t>::max()};
  return {int64_t{t.tv_sec} * ns_per_s + t.tv_nsec};
}

utc_time utc_now() noexcept {
  timespec t{};
  if (clock_gettime(CLOCK_REALTIME, &t) != 0) return {std::numeric_limits<int64_t>::min()};
  return {int64_t{t.tv_sec} * us_per_s + t.tv_nsec / ns_per_us};
}

bool clock_synchronised() noexcept {
  timex t{};
  int state = adjtimex(&t);
  return state >= 0 && state != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
}

clock_reading read_clocks() noexcept {
  clock_reading best{};
  int64_t narrowest = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < 3; ++i) {
    boot_time before = boot_now();
    utc_time utc = utc_now();
    boot_time after = boot_now();
    int64_t width = after.ns - before.ns;
    if (width >= narrowest) continue;
    narrowest = width;
    best.utc = utc;
    best.boot = {before.ns + width / 2};
  }
  return best;
}

}  // namespace grantd::base
