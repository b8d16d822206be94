// SPDX-License-Identifier: Apache-2.0
// POSIX TZ strings, and when their changes fall. Must never accept what follows a whole string.
#include "policy/zone_footer.h"

#include <algorithm>
#include <chrono>

namespace grantd::policy {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class scanner {
 public:
  explicit scanner(std::string_view text) : left_(text) {}

  [[nodiscard]] bool done() const { return left_.empty(); }

  bool skip(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }

  // "CET", or "<+1030>"; at least three.
  bool name() {
    const bool bracket = skip('<');
    size_t n = 0;
    while (n < left_.size() &&
           (is_letter(left_[n]) || (bracket && (is_digit(left_[n]) || left_[n] == '+' || left_[n] == '-')))) {
      ++n;
    }
    left_.remove_prefix(n);
    return n >= 3 && (!bracket || skip('>'));
  }

  bool number(int least, int most, int& out) {
    size_t n = 0;
    out = 0;
    while (n < left_.size() && n < 4 && is_digit(left_[n])) out = out * 10 + (left_[n++] - '0');
    left_.remove_prefix(n);
    return n > 0 && out >= least && out <= most;
  }

  // [+-]hh[:mm[:ss]]
  bool time(int most_hours, int32_t& out) {
    const bool minus = skip('-');
    if (!minus) skip('+');
    int h = 0, m = 0, s = 0;
    if (!number(0, most_hours, h)) return false;
    if (skip(':')) {
      if (!number(0, 59, m)) return false;
      if (skip(':') && !number(0, 59, s)) return false;
    }
    out = h * 3600 + m * 60 + s;
    if (minus) out = -out;
    return true;
  }

  bool change(yearly_change& c) {
    if (skip('M')) {
      c.kind = yearly_change::by::week;
      if (!number(1, 12, c.month) || !skip('.') || !number(1, 5, c.week) || !skip('.') ||
          !number(0, 6, c.day)) {
        return false;
      }
    } else if (skip('J')) {
      c.kind = yearly_change::by::julian;
      if (!number(1, 365, c.day)) return false;
    } else {
      c.kind = yearly_change::by::day;
      if (!number(0, 365, c.day)) return false;
    }
    return !skip('/') || time(167, c.time_s);
  }

 private:
  std::string_view left_;
};

// Days since 1970 on which the change of that year falls.
int64_t day_of(const yearly_change& c, int year) {
  using namespace std::chrono;
  const std::chrono::year y(year);
  const int64_t first = sys_days(y / January / 1).time_since_epoch().count();
  switch (c.kind) {
    case yearly_change::by::julian:
      return first + c.day - 1 + (y.is_leap() && c.day >= 60 ? 1 : 0);
    case yearly_change::by::day:
      return first + c.day;
    case yearly_change::by::week:
      break;
  }
  const auto month = y / std::chrono::month(static_cast<unsigned>(c.month));
  const weekday day(static_cast<unsigned>(c.day));
  sys_days out =
      c.week == 5 ? sys_days(month / day[last]) : sys_days(month / day[static_cast<unsigned>(c.week)]);
  return out.time_since_epoch().count();
}

}  // namespace

std::optional<yearly_rule> parse_footer(std::string_view text) {
  scanner in(text);
  yearly_rule out;
  int32_t west = 0;
  if (!in.name() || !in.time(24, west)) return std::nullopt;
  out.standard_s = -west;
  if (in.done()) return out;
  if (!in.name()) return std::nullopt;
  out.summer_s = out.standard_s + 3600;
  if (!in.skip(',')) {
    if (!in.time(24, west) || !in.skip(',')) return std::nullopt;
    out.summer_s = -west;
  }
  if (!in.change(out.begins) || !in.skip(',') || !in.change(out.ends) || !in.done()) return std::nullopt;
  return out;
}

int32_t offset_by(const yearly_rule& rule, int64_t utc_s) {
  if (!rule.summer_s) return rule.standard_s;
  using namespace std::chrono;
  const int year(year_month_day(floor<days>(sys_seconds(seconds(utc_s)))).year());
  // The last change up to then. A change may fall outside its year, by its time or by the offset; where an
  // end and a beginning meet, summer time goes on all year.
  int64_t best = INT64_MIN;
  int32_t offset = rule.standard_s;
  auto consider = [&](int64_t at, int32_t then, bool summer) {
    if (at > utc_s || at < best || (at == best && !summer)) return;
    best = at;
    offset = then;
  };
  for (int y = year - 1; y <= year + 1; ++y) {
    consider(day_of(rule.ends, y) * 86400 + rule.ends.time_s - *rule.summer_s, rule.standard_s, false);
    consider(day_of(rule.begins, y) * 86400 + rule.begins.time_s - rule.standard_s, *rule.summer_s, true);
  }
  return offset;
}

}  // namespace grantd::policy
