// SPDX-License-Identifier: Apache-2.0
// So many at once, and so many a second after that. No clock: `now` is a parameter.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace grantd::daemon {

class rate {
 public:
  rate(unsigned burst, double per_second) : burst_(burst), per_second_(per_second), tokens_(burst) {}
  [[nodiscard]] bool take(base::boot_time now);

 private:
  unsigned burst_;
  double per_second_;
  double tokens_;
  int64_t last_ns_ = 0;
};

}  // namespace grantd::daemon
