// SPDX-License-Identifier: Apache-2.0
// Hours as rules write them. Must never take a time without a zone.
#include "policy/hours.h"

#include <algorithm>
#include <iterator>

#include "policy/nearest.h"
#include "policy/zone.h"

namespace grantd::policy {
namespace {

constexpr std::string_view day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::string_view form = " (write \"Mon-Fri 08:00-18:00 Europe/Berlin\": days, times and the zone)";
constexpr int day_minutes = 1440;

std::unexpected<std::string> bad(std::string what) { return std::unexpected(std::move(what)); }

// Cuts what stands before `by` off `text`.
std::string_view cut(std::string_view& text, char by) {
  size_t end = text.find(by);
  std::string_view out = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return out;
}

std::expected<unsigned, std::string> parse_day(std::string_view text) {
  auto it = std::ranges::find(day_names, text);
  if (it != std::end(day_names)) return static_cast<unsigned>(it - std::begin(day_names));
  return bad("unknown day " + quoted(text) + suggestion(text, day_names));
}

std::expected<uint8_t, std::string> parse_days(std::string_view text) {
  unsigned out = 0;
  bool more = true;
  while (more) {
    more = text.find(',') != text.npos;
    std::string_view range = cut(text, ',');
    const bool one = range.find('-') == range.npos;
    auto first = parse_day(cut(range, '-'));
    if (!first) return bad(first.error());
    auto last = one ? first : parse_day(range);
    if (!last) return bad(last.error());
    for (unsigned day = *first;; day = (day + 1) % 7) {
      out |= 1U << day;
      if (day == *last) break;
    }
  }
  return static_cast<uint8_t>(out);
}

// Minutes since midnight, or -1.
int parse_minute(std::string_view t) {
  auto digit = [&](size_t i) { return t[i] >= '0' && t[i] <= '9'; };
  if (t.size() != 5 || t[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return -1;
  int h = (t[0] - '0') * 10 + (t[1] - '0');
  int m = (t[3] - '0') * 10 + (t[4] - '0');
  if (m > 59 || h > 24 || (h == 24 && m > 0)) return -1;
  return h * 60 + m;
}

}  // namespace

bool is_zone_name(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  while (!text.empty()) {
    const bool more = text.find('/') != text.npos;
    std::string_view part = cut(text, '/');
    auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
             c == '-' || c == '+';
    };
    if (part.empty() || part.front() == '-' || !std::ranges::all_of(part, allowed)) return false;
    if (more && text.empty()) return false;
  }
  return true;
}

std::expected<hours, std::string> parse_hours(std::string_view text) {
  hours out;
  out.text = text;
  std::string_view days = cut(text, ' ');
  std::string_view times = cut(text, ' ');
  std::string_view zone = text;
  if (days.empty() || times.empty()) return bad("is not a time of the week" + std::string(form));
  auto bits = parse_days(days);
  if (!bits) return bad("has an " + bits.error());
  out.days = *bits;
  std::string_view to = times;
  out.from_minute = parse_minute(cut(to, '-'));
  out.to_minute = parse_minute(to);
  if (out.from_minute < 0 || out.to_minute < 0 || out.from_minute == day_minutes) {
    return bad("has no times between 00:00 and 24:00: " + quoted(times) + std::string(form));
  }
  if (zone.empty()) return bad("names no time zone" + std::string(form));
  if (!is_zone_name(zone)) return bad("names no time zone: " + quoted(zone) + std::string(form));
  out.zone = zone;
  return out;
}

std::optional<bool> within(const hours& h, base::utc_time t) {
  if (!h.offsets) return std::nullopt;
  auto offset = offset_at(*h.offsets, t);
  if (!offset) return std::nullopt;
  // offset_at answered: the year is one of 1 to 9999, and nothing overflows.
  int64_t s = t.us / base::us_per_s - (t.us % base::us_per_s < 0 ? 1 : 0) + *offset;
  int64_t day = s / 86400 - (s % 86400 < 0 ? 1 : 0);
  int minute = static_cast<int>((s - day * 86400) / 60);
  // 1970-01-01 was a Thursday.
  auto weekday = static_cast<unsigned>(((day + 3) % 7 + 7) % 7);
  auto on = [&](unsigned d) { return (h.days >> d & 1) != 0; };
  if (h.to_minute > h.from_minute) return on(weekday) && minute >= h.from_minute && minute < h.to_minute;
  return (on(weekday) && minute >= h.from_minute) || (on((weekday + 6) % 7) && minute < h.to_minute);
}

bool is_always(const hours& h) {
  return h.days == 0x7f && (h.from_minute == h.to_minute || h.to_minute - h.from_minute == day_minutes);
}

}  // namespace grantd::policy
