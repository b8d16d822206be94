// SPDX-License-Identifier: Apache-2.0
// So many at once, and so many a second after that.
#include "daemon/rate.h"

#include <algorithm>

namespace grantd::daemon {

bool rate::take(base::boot_time now) {
  double passed = static_cast<double>(now.ns - last_ns_) / static_cast<double>(base::ns_per_s);
  last_ns_ = now.ns;
  tokens_ = std::min<double>(burst_, tokens_ + std::max(0.0, passed) * per_second_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace grantd::daemon
