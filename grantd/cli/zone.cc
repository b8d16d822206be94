// SPDX-License-Identifier: Apache-2.0
// The caller's time zone, through libc. Reads no clock.
#include <ctime>

#include "cli/time.h"

namespace grantd::cli {

zone system_zone() {
  tzset();
  return [](base::utc_time t) -> int32_t {
    time_t seconds = t.us / base::us_per_s;
    if (t.us % base::us_per_s < 0) --seconds;
    tm local{};
    if (localtime_r(&seconds, &local) == nullptr) return 0;
    return static_cast<int32_t>(local.tm_gmtoff);
  };
}

}  // namespace grantd::cli
