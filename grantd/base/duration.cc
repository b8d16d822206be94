// SPDX-License-Identifier: Apache-2.0
// Reads and writes durations byte by byte; never asks a locale, never allocates.
#include "base/duration.h"

#include <array>
#include <charconv>

#include "base/time.h"

namespace grantd::base {
namespace {

struct unit {
  char letter;
  std::string_view word;
  int64_t seconds;
};
constexpr std::array<unit, 4> units{
    {{'d', " d", 86'400}, {'h', " h", 3'600}, {'m', " min", 60}, {'s', " s", 1}}};

constexpr int64_t longest_s = int64_t{366} * 86'400;
constexpr int64_t seconds_matter_below_s = 600;

// Room is always enough: the largest int64 of microseconds has nine digits of days.
void put(duration_text& out, int64_t count, std::string_view word) noexcept {
  auto [end, error] = std::to_chars(out.text + out.size, out.text + sizeof out.text, count);
  out.size = static_cast<unsigned>(end - out.text);
  for (char c : word) out.text[out.size++] = c;
}

}  // namespace

std::optional<int64_t> parse_duration_us(std::string_view text) noexcept {
  int64_t total = 0;
  size_t next_unit = 0;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    int64_t count = 0;
    const char* digits = p;
    for (; p != end && *p >= '0' && *p <= '9'; ++p) {
      count = count * 10 + (*p - '0');
      if (count > longest_s) return {};
    }
    if (p == digits || p == end) return {};
    while (next_unit < units.size() && units[next_unit].letter != *p) ++next_unit;
    if (next_unit == units.size()) return {};
    total += count * units[next_unit].seconds;
    if (total > longest_s) return {};
    ++next_unit;
    ++p;
  }
  if (total == 0) return {};
  return total * us_per_s;
}

duration_text print_duration(int64_t us) noexcept {
  duration_text out{};
  int64_t left = us <= 0 ? 0 : us / us_per_s + (us % us_per_s != 0 ? 1 : 0);
  if (left >= seconds_matter_below_s) left -= left % 60;
  unsigned place = 0;  // of the first unit shown, counted from 1; only that one and its neighbour are shown
  for (unsigned i = 0; i < units.size() && (place == 0 || i <= place); ++i) {
    int64_t count = left / units[i].seconds;
    left %= units[i].seconds;
    if (count == 0) continue;
    if (place == 0) {
      place = i + 1;
    } else {
      out.text[out.size++] = ' ';
    }
    put(out, count, units[i].word);
  }
  if (out.size == 0) put(out, 0, " s");
  return out;
}

duration_text print_duration_short(int64_t us) noexcept {
  duration_text out{};
  int64_t left = us < 0 ? 0 : us / us_per_s;
  for (const unit& u : units) {
    int64_t count = left / u.seconds;
    left %= u.seconds;
    if (count != 0) put(out, count, {&u.letter, 1});
  }
  if (out.size == 0) put(out, 0, "s");
  return out;
}

}  // namespace grantd::base
