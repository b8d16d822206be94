// SPDX-License-Identifier: Apache-2.0
// The mark only ever rises by itself; a human alone may lower it. Reads no clock.
#include "decision/high_water.h"

#include <limits>

namespace grantd::decision {
namespace {

base::utc_time later_by(base::utc_time t, int64_t us) noexcept {
  if (__builtin_add_overflow(t.us, us, &t.us)) t.us = std::numeric_limits<int64_t>::max();
  return t;
}

// Whole microseconds of BOOTTIME from `from` to `to`; 0 when that did not move forward.
int64_t elapsed_us(base::boot_time from, base::boot_time to) noexcept {
  int64_t ns = 0;
  if (to <= from) return 0;
  if (__builtin_sub_overflow(to.ns, from.ns, &ns)) ns = std::numeric_limits<int64_t>::max();
  return ns / base::ns_per_us;
}

}  // namespace

high_water::high_water(base::utc_time mark, base::boot_time boot, bool same_boot,
                       const clock_pair& now) noexcept
    : mark_(mark), at_(now.boot) {
  if (same_boot) mark_ = later_by(mark, elapsed_us(boot, now.boot));
}

void high_water::advance(const clock_pair& now, bool synchronised) noexcept {
  const int64_t us = elapsed_us(at_, now.boot);
  mark_ = later_by(mark_, us);
  at_.ns += us * base::ns_per_us;  // what is less than a microsecond is kept for the next time
  if (synchronised && now.utc > mark_) {
    mark_ = now.utc;
    at_ = now.boot;
  }
}

void high_water::accept(const clock_pair& now) noexcept {
  mark_ = now.utc;
  at_ = now.boot;
}

bool high_water::behind(const clock_pair& now) const noexcept {
  return later_by(now.utc, behind_us) < later_by(mark_, elapsed_us(at_, now.boot));
}

}  // namespace grantd::decision
