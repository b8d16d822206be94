// SPDX-License-Identifier: Apache-2.0
// The Gregorian calendar in integers. Never looks an offset up and never asks libc what day it is.
#include "base/timestamp.h"

namespace grantd::base {
namespace {

constexpr int64_t day_s = 86'400;
constexpr int64_t minute_s = 60;
constexpr int64_t latest_s = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr int64_t seconds_matter_within_s = 120;

struct date {
  int64_t year;
  unsigned month, day;  // from 1
};

// Both ways after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so
// that the leap day is the last; 400 years (an era) are 146,097 days; day 0 is 1970-01-01.
constexpr int64_t days_from(date d) noexcept {
  const int64_t y = d.month <= 2 ? d.year - 1 : d.year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t month = d.month > 2 ? d.month - 3 : d.month + 9;
  const int64_t day_of_year = (153 * month + 2) / 5 + d.day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

constexpr date date_of(int64_t days) noexcept {
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const int64_t day_of_era = days - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  date d{};
  d.day = static_cast<unsigned>(day_of_year - (153 * month + 2) / 5 + 1);
  d.month = static_cast<unsigned>(month < 10 ? month + 3 : month - 9);
  d.year = year_of_era + era * 400 + (d.month <= 2 ? 1 : 0);
  return d;
}

constexpr unsigned days_in(int64_t year, unsigned month) noexcept {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

constexpr int64_t floor_div(int64_t a, int64_t b) noexcept { return a / b - (a % b < 0 ? 1 : 0); }

// Takes bytes from the front; after the first mismatch everything fails.
struct reader {
  const char* p;
  const char* end;
  bool good = true;

  bool take(char c) noexcept {
    if (p == end || *p != c) return false;
    ++p;
    return true;
  }
  void expect(char c) noexcept { good = good && take(c); }
  bool digit_next() const noexcept { return p != end && *p >= '0' && *p <= '9'; }
  unsigned number(unsigned digits, unsigned least, unsigned most) noexcept {
    unsigned value = 0;
    for (unsigned i = 0; i < digits; ++i) {
      if (!digit_next()) {
        good = false;
        return 0;
      }
      value = value * 10 + static_cast<unsigned>(*p++ - '0');
    }
    good = good && value >= least && value <= most;
    return value;
  }
};

struct writer {
  timestamp_text out{};
  void put(char c) noexcept { out.text[out.size++] = c; }
  void put(uint64_t value, unsigned least_digits) noexcept {
    char reversed[20];
    unsigned count = 0;
    for (; value != 0 || count < least_digits; value /= 10)
      reversed[count++] = static_cast<char>('0' + value % 10);
    while (count != 0) put(reversed[--count]);
  }
  void day(int64_t days) noexcept {
    date d = date_of(days);
    if (d.year < 0) put('-');
    put(static_cast<uint64_t>(d.year < 0 ? -d.year : d.year), 4);
    put('-');
    put(d.month, 2);
    put('-');
    put(d.day, 2);
  }
  void clock(int64_t second_of_day, bool seconds) noexcept {
    auto s = static_cast<uint64_t>(second_of_day);
    put(s / 3600, 2);
    put(':');
    put(s / 60 % 60, 2);
    if (!seconds) return;
    put(':');
    put(s % 60, 2);
  }
};

}  // namespace

std::optional<utc_time> parse_timestamp(std::string_view text) noexcept {
  reader in{text.data(), text.data() + text.size()};
  date d{};
  d.year = in.number(4, 1970, 9999);
  in.expect('-');
  d.month = in.number(2, 1, 12);
  in.expect('-');
  d.day = in.number(2, 1, 31);
  if (!in.good || d.day > days_in(d.year, d.month)) return {};
  if (!in.take('T')) in.expect(' ');
  int64_t second = int64_t{in.number(2, 0, 23)} * 3600;
  in.expect(':');
  second += in.number(2, 0, 59) * minute_s;
  in.expect(':');
  second += in.number(2, 0, 59);  // no leap second: POSIX time has no number for it
  int64_t fraction = 0;
  if (in.take('.')) {
    if (!in.digit_next()) return {};
    for (int64_t weight = us_per_s / 10; in.digit_next(); weight /= 10) {
      if (weight == 0) return {};
      fraction += weight * (*in.p++ - '0');
    }
  }
  if (!in.take('Z')) {
    int64_t sign = in.take('-') ? 1 : -1;  // west of UTC is later there
    if (sign < 0) in.expect('+');
    second += sign * int64_t{in.number(2, 0, 23)} * 3600;
    in.expect(':');
    second += sign * int64_t{in.number(2, 0, 59)} * minute_s;
  }
  if (!in.good || in.p != in.end) return {};
  second += days_from(d) * day_s;
  if (second < 0 || second > latest_s) return {};
  return utc_time{second * us_per_s + fraction};
}

timestamp_text print_timestamp(utc_time t) noexcept {
  const int64_t second = floor_div(t.us, us_per_s);
  const int64_t rest = t.us % us_per_s;
  const int64_t fraction = rest < 0 ? rest + us_per_s : rest;
  const int64_t days = floor_div(second, day_s);
  writer w;
  w.day(days);
  w.put('T');
  w.clock(second - days * day_s, true);
  if (fraction != 0) {
    w.put('.');
    w.put(static_cast<uint64_t>(fraction), 6);
  }
  w.put('Z');
  return w.out;
}

timestamp_text print_local(utc_time t, int32_t offset_s, utc_time now) noexcept {
  // What stands in the text must be true: whole minutes, and nothing that is no offset.
  const int64_t offset = offset_s > -day_s && offset_s < day_s ? offset_s - offset_s % minute_s : 0;
  const int64_t utc = floor_div(t.us, us_per_s);
  const int64_t utc_now = floor_div(now.us, us_per_s);
  const int64_t days = floor_div(utc + offset, day_s);
  const int64_t apart = utc > utc_now ? utc - utc_now : utc_now - utc;
  writer w;
  if (days != floor_div(utc_now + offset, day_s)) {
    w.day(days);
    w.put(' ');
  }
  w.clock(utc + offset - days * day_s, apart < seconds_matter_within_s);
  w.put(' ');
  w.put(offset < 0 ? '-' : '+');
  const auto minutes = static_cast<uint64_t>((offset < 0 ? -offset : offset) / minute_s);
  w.put(minutes / 60, 2);
  w.put(minutes % 60, 2);
  return w.out;
}

}  // namespace grantd::base
