// SPDX-License-Identifier: Apache-2.0
// Calendar arithmetic through std::chrono's civil types. No zone, no clock.
#include "cli/calendar.h"

#include <chrono>

namespace grantd::cli {
namespace {

namespace c = std::chrono;

c::year_month_day civil(const day& d) {
  return {c::year{static_cast<int>(d.year)}, c::month{d.month}, c::day{d.date}};
}

}  // namespace

bool is_day(const day& d) { return d.year >= 1970 && d.year <= 9999 && civil(d).ok(); }

int64_t days_since_epoch(const day& d) { return c::sys_days{civil(d)}.time_since_epoch().count(); }

day day_of(int64_t days) {
  c::year_month_day d{c::sys_days{c::days{days}}};
  return {int{d.year()}, unsigned{d.month()}, unsigned{d.day()}};
}

}  // namespace grantd::cli
