// SPDX-License-Identifier: Apache-2.0
// What the daemon knows about time: the last reading, whether the wall clock stepped, the high-water mark.
// Reads its clock_source and nothing else; the rules are decision/'s.
#pragma once

#include <optional>

#include "base/clock.h"
#include "decision/high_water.h"
#include "decision/mapping.h"

namespace grantd::daemon {

// Injected, so that tests turn the clocks.
class clock_source {
 public:
  virtual ~clock_source() = default;
  [[nodiscard]] virtual base::clock_reading read() = 0;
};

class timekeeper {
 public:
  // `mark`: nothing in a store that is new.
  struct known_mark {
    base::utc_time mark;
    base::boot_time at;
    bool this_boot;
  };
  timekeeper(clock_source& source, const std::optional<known_mark>& mark);

  // Reads the clocks and moves the mark along.
  void read();

  [[nodiscard]] decision::clock_pair now() const { return {last_.utc, last_.boot}; }
  [[nodiscard]] base::utc_time utc() const { return last_.utc; }
  [[nodiscard]] base::boot_time boot() const { return last_.boot; }
  [[nodiscard]] bool synchronised() const { return last_.synchronised; }
  // Once behind, a clock that merely reads later again is not believed: only one synchronised past the mark,
  // or accepted.
  [[nodiscard]] bool behind() const { return behind_; }
  [[nodiscard]] base::utc_time mark() const { return water_.mark(); }
  [[nodiscard]] int64_t offset_us() const { return offset_us_; }  // all steps since the start

  // Microseconds the wall clock moved against BOOTTIME since windows were last mapped; 0: not a step.
  [[nodiscard]] int64_t stepped_us() const { return decision::stepped_us(mapped_at_, now()); }
  void mapped();  // the step was dealt with
  void accept() { water_.accept(now()), behind_ = false; }

 private:
  clock_source& source_;
  base::clock_reading last_;
  decision::clock_pair mapped_at_;
  decision::high_water water_;
  int64_t offset_us_ = 0;
  bool behind_ = false;
};

}  // namespace grantd::daemon
