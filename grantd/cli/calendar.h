// SPDX-License-Identifier: Apache-2.0
// Days of the proleptic Gregorian calendar and local readings of a clock. Pure.
#pragma once

#include <cstdint>

namespace grantd::cli {

struct day {
  int64_t year;
  unsigned month;  // 1 to 12
  unsigned date;   // 1 to 31
};

[[nodiscard]] bool is_day(const day& d);               // such a day exists, years 1970 to 9999
[[nodiscard]] int64_t days_since_epoch(const day& d);  // 1970-01-01 is 0
[[nodiscard]] day day_of(int64_t days);                // the inverse

}  // namespace grantd::cli
