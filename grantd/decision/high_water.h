// SPDX-License-Identifier: Apache-2.0
// The high-water mark of UTC (DESIGN section 5): the latest time that is known to have been. Pure.
// A host whose clock reads earlier than that opens nothing until the clock is right or a human accepts it.
#pragma once

#include "base/time.h"
#include "decision/mapping.h"

namespace grantd::decision {

// How far behind the mark a right clock may be found: a leap second, the first correction of a time daemon.
inline constexpr int64_t behind_us = 5 * base::us_per_s;

class high_water {
 public:
  // `mark` as the store has it, `boot` when it was true; a store that is new: mark = now.utc.
  // `same_boot`: the store wrote it in this boot; otherwise only the mark itself counts.
  high_water(base::utc_time mark, base::boot_time boot, bool same_boot, const clock_pair& now) noexcept;

  // Advances by elapsed BOOTTIME, and up to the wall clock only while that is synchronised. Never goes back.
  void advance(const clock_pair& now, bool synchronised) noexcept;

  // `grantctl clock accept`: the human vouches for the wall clock; the mark becomes it, even if earlier.
  void accept(const clock_pair& now) noexcept;

  // The wall clock is behind the mark (as it stands at `now`) by more than `behind_us`: nothing new may open.
  [[nodiscard]] bool behind(const clock_pair& now) const noexcept;

  [[nodiscard]] base::utc_time mark() const noexcept { return mark_; }

 private:
  base::utc_time mark_;
  base::boot_time at_;  // the BOOTTIME at which mark_ was true
};

}  // namespace grantd::decision
