// SPDX-License-Identifier: Apache-2.0
// The host's offset from UTC, for display.
#include "daemon/local_offset.h"

#include <cstdlib>
#include <ctime>

#include "base/clock.h"

namespace grantd::daemon {

int32_t local_offset_s() {
  unsetenv("TZ");
  tzset();
  auto now = static_cast<time_t>(base::utc_now().us / base::us_per_s);
  struct tm local{};
  if (localtime_r(&now, &local) == nullptr) return 0;
  return static_cast<int32_t>(local.tm_gmtoff);
}

}  // namespace grantd::daemon
