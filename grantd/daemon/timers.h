// SPDX-License-Identifier: Apache-2.0
// Two timers: one for the next end of a window (BOOTTIME), one that wakes when the wall clock is set.
#pragma once

#include <optional>

#include "base/time.h"
#include "base/unique_fd.h"

namespace grantd::daemon {

class timers {
 public:
  timers();
  [[nodiscard]] bool valid() const { return end_.valid() && step_.valid(); }
  [[nodiscard]] int end_fd() const { return end_.get(); }
  [[nodiscard]] int step_fd() const { return step_.get(); }
  void set_end(std::optional<base::boot_time> at);  // cheap when unchanged
  void end_rang();
  void step_rang();  // arms it again

 private:
  void arm_step();
  base::unique_fd end_;
  base::unique_fd step_;
  std::optional<base::boot_time> at_;
};

}  // namespace grantd::daemon
