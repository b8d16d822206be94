// SPDX-License-Identifier: Apache-2.0
// Reads what people write about time. No clock, no environment: zone and now are given.
#include "cli/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/duration.h"
#include "base/timestamp.h"
#include "cli/calendar.h"
#include "cli/text.h"

namespace grantd::cli {
namespace {

using base::us_per_s;
using base::utc_time;

constexpr int64_t day_s = 86'400;
constexpr int64_t last_us = 253'402'214'400 * us_per_s;  // 9999-12-31
constexpr std::string_view forms =
    "write 17:30, \"tomorrow 09:00\", \"2026-11-23 09:00\", or with an offset \"2026-11-23T09:00:00+01:00\"";

// What remains to be read; each take_ consumes only what it accepts.
class reader {
 public:
  explicit reader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void spaces() {
    while (take(' ')) {
    }
  }
  // Exactly `digits` digits.
  std::optional<unsigned> number(size_t digits) {
    if (rest_.size() < digits) return {};
    unsigned n = 0;
    for (char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return {};
      n = n * 10 + static_cast<unsigned>(c - '0');
    }
    rest_.remove_prefix(digits);
    return n;
  }
  // Microseconds after a point: 1 to 6 digits.
  std::optional<int64_t> fraction() {
    int64_t us = 0;
    int64_t place = 100'000;
    while (auto digit = number(1)) {
      if (place == 0) return {};
      us += *digit * place;
      place /= 10;
    }
    if (place == 100'000) return {};
    return us;
  }

 private:
  std::string_view rest_;
};

struct written {
  std::optional<day> on;
  bool tomorrow = false;
  int64_t second_of_day = 0;
  int64_t us = 0;
  std::optional<int32_t> offset_s;
};

std::optional<int32_t> take_offset(reader& r) {
  if (r.take('Z') || r.take('z')) return 0;
  bool west = r.take('-');
  if (!west && !r.take('+')) return {};
  auto hours = r.number(2);
  if (!hours) return {};
  r.take(':');
  auto minutes = r.number(2);
  if (!minutes || *hours > 23 || *minutes > 59) return {};
  auto s = static_cast<int32_t>(*hours * 3600 + *minutes * 60);
  return west ? -s : s;
}

std::optional<written> take_written(std::string_view text) {
  written w;
  reader r(text);
  if (r.take("today ")) {
    r.spaces();
  } else if (r.take("tomorrow ")) {
    w.tomorrow = true;
    r.spaces();
  } else if (reader dated = r; auto year = dated.number(4)) {
    if (!dated.take('-')) return {};
    auto month = dated.number(2);
    if (!month || !dated.take('-')) return {};
    auto date = dated.number(2);
    if (!date || !(dated.take('T') || dated.take('t') || dated.take(' '))) return {};
    w.on = day{*year, *month, *date};
    if (!is_day(*w.on)) return {};
    r = dated;
  }
  auto hour = r.number(2);
  if (!hour || *hour > 23 || !r.take(':')) return {};
  auto minute = r.number(2);
  if (!minute || *minute > 59) return {};
  w.second_of_day = *hour * 3600 + *minute * 60;
  if (r.take(':')) {
    auto second = r.number(2);
    if (!second || *second > 59) return {};
    w.second_of_day += *second;
    if (r.take('.')) {
      auto us = r.fraction();
      if (!us) return {};
      w.us = *us;
    }
  }
  if (r.done()) return w;
  r.spaces();
  w.offset_s = take_offset(r);
  if (!w.offset_s || !r.done()) return {};
  return w;
}

int64_t whole_seconds(utc_time t) { return t.us / us_per_s - (t.us % us_per_s < 0 ? 1 : 0); }

std::string reading(int64_t local_s, int32_t offset_s) {
  utc_time t{(local_s - offset_s) * us_per_s};
  // Far from `now`, so that the day is always shown.
  return std::string(base::print_local(t, offset_s, {t.us + 400 * day_s * us_per_s}).view());
}

// The instant at which clocks in the zone show `local_s` (seconds since 1970 on the wall there).
std::expected<int64_t, std::string> instant(int64_t local_s, const zone& local, std::string_view text) {
  std::vector<int32_t> offsets;
  for (int64_t around : {-day_s, int64_t{0}, day_s}) {
    int32_t offset = local({(local_s + around) * us_per_s});
    bool known = false;
    for (int32_t o : offsets) known = known || o == offset;
    if (!known) offsets.push_back(offset);
  }
  std::vector<int32_t> true_offsets;
  for (int32_t offset : offsets) {
    if (local({(local_s - offset) * us_per_s}) == offset) true_offsets.push_back(offset);
  }
  if (true_offsets.size() == 1) return local_s - true_offsets.front();
  if (true_offsets.empty()) {
    std::string readings;
    for (int32_t offset : offsets) {
      int64_t t = local_s - offset;
      int32_t shown = local({t * us_per_s});
      if (!readings.empty()) readings += " or ";
      readings += fmt::format("\"{}\"", reading(t + shown, shown));
    }
    return std::unexpected(
        fmt::format("{} does not exist here: the clocks go forward over it; write {}", text, readings));
  }
  return std::unexpected(
      fmt::format("{} comes twice here, the clocks go back over it; write \"{}\" or \"{}\"", text,
                  reading(local_s, true_offsets[0]), reading(local_s, true_offsets[1])));
}

}  // namespace

std::expected<utc_time, std::string> parse_moment(std::string_view text, utc_time now, const zone& local) {
  if (text == "now") return now;
  std::string shown = visible(text);
  auto w = take_written(text);
  if (!w) return std::unexpected(fmt::format("\"{}\" is no time; {}", shown, forms));
  int64_t here = whole_seconds(now) + (w->offset_s ? *w->offset_s : local(now));
  int64_t today = here / day_s - (here % day_s < 0 ? 1 : 0);
  int64_t days = w->on ? days_since_epoch(*w->on) : today + (w->tomorrow ? 1 : 0);
  int64_t local_s = days * day_s + w->second_of_day;
  if (w->offset_s) return utc_time{(local_s - *w->offset_s) * us_per_s + w->us};
  auto t = instant(local_s, local, shown);
  if (!t) return std::unexpected(std::move(t.error()));
  return utc_time{*t * us_per_s + w->us};
}

std::expected<window, std::string> parse_window(std::string_view for_text, std::string_view until_text,
                                                std::string_view from_text, utc_time now, const zone& local,
                                                std::string_view from_option) {
  window w;
  if (for_text.starts_with("until ")) {
    if (!until_text.empty()) return std::unexpected("--for and --until both say when it ends; give one");
    until_text = for_text.substr(6);
    for_text = {};
  }
  if (!for_text.empty() && !until_text.empty()) {
    return std::unexpected("--for and --until both say when it ends; give one");
  }
  if (!from_text.empty() && from_text != "now") {
    auto from = parse_moment(from_text, now, local);
    if (!from) return std::unexpected(fmt::format("{}: {}", from_option, from.error()));
    if (*from < now) {
      return std::unexpected(fmt::format("{}: {} is past; for a later day write \"tomorrow 09:00\" or a date",
                                         from_option, print_time(*from, now, local)));
    }
    w.from = *from;
  }
  if (!for_text.empty()) {
    w.for_us = base::parse_duration_us(for_text);
    if (!w.for_us) {
      return std::unexpected(
          fmt::format("--for: \"{}\" is no duration of up to 366 days; write 90m, 1h30m or \"until 17:30\"",
                      visible(for_text)));
    }
  }
  if (!until_text.empty()) {
    auto until = parse_moment(until_text, now, local);
    if (!until) return std::unexpected("--until: " + until.error());
    if (*until <= w.from.value_or(now)) {
      return std::unexpected(
          fmt::format("--until: {} is {}; for a later day write \"tomorrow 09:00\" or a date",
                      print_time(*until, now, local), w.from ? "not after the start" : "past"));
    }
    w.until = *until;
  }
  return w;
}

std::string print_time(utc_time t, utc_time now, const zone& local) {
  t.us = std::clamp(t.us, int64_t{0}, last_us);  // it may come from an answer
  return std::string(base::print_local(t, local(t), now).view());
}

std::string print_whole_time(utc_time t, const zone& local) {
  t.us = std::clamp(t.us, int64_t{0}, last_us);
  const base::timestamp_text clock = base::print_local(t, local(t), t);  // "09:10:12 +0000"
  const base::timestamp_text day = base::print_timestamp({t.us + local(t) * base::us_per_s});
  const std::string_view date = day.view().substr(0, day.view().find('T'));
  return fmt::format("{} {}", date, clock.view());
}

std::string print_until(utc_time end, int64_t left_us, utc_time now, const zone& local) {
  std::string text = "until " + print_time(end, now, local);
  if (left_us > 0) text += fmt::format(", {} left", base::print_duration(left_us).view());
  return text;
}

}  // namespace grantd::cli
