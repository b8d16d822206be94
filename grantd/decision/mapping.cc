// SPDX-License-Identifier: Apache-2.0
// UTC to BOOTTIME under the rule for steps. Arithmetic only; whatever does not fit becomes the nearest that
// does.
#include "decision/mapping.h"

#include <algorithm>
#include <limits>

namespace grantd::decision {
namespace {

__extension__ typedef __int128 wide;  // any sum or product of two int64 and a factor of 1000

int64_t clamp(wide value) noexcept {
  return static_cast<int64_t>(
      std::clamp<wide>(value, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()));
}

base::boot_time map(base::utc_time t, const clock_pair& now) noexcept {
  return {clamp(wide{now.boot.ns} + (wide{t.us} - now.utc.us) * base::ns_per_us)};
}

}  // namespace

boot_window map_first(const utc_window& window, const clock_pair& now) noexcept {
  return {map(window.not_before, now), map(window.not_after, now)};
}

bool end_reached(const utc_window& window, const boot_window& mapped, const clock_pair& now) noexcept {
  return mapped.end <= now.boot || window.not_after <= now.utc;
}

boot_window map_again(const utc_window& window, const boot_window& before, const clock_pair& now,
                      trust how) noexcept {
  if (end_reached(window, before, now)) return {before.start, std::min(before.end, now.boot)};
  const boot_window fresh = map_first(window, now);
  if (how == trust::accepted) return fresh;
  boot_window again{before.start, std::min(before.end, fresh.end)};
  if (before.start <= now.boot) return again;  // started: no step shuts it
  again.start = how == trust::synchronised ? fresh.start : std::max(before.start, fresh.start);
  return again;
}

int64_t stepped_us(const clock_pair& before, const clock_pair& now) noexcept {
  const wide wall = (wide{now.utc.us} - before.utc.us) * base::ns_per_us;
  const int64_t ns = clamp(wall - (wide{now.boot.ns} - before.boot.ns));
  const int64_t us = ns / base::ns_per_us;
  return us > step_us || us < -step_us ? us : 0;
}

}  // namespace grantd::decision
