// SPDX-License-Identifier: Apache-2.0
// Durations: what is read, what is refused, what is shown.
#include "base/duration.h"

#include <limits>
#include <random>

#include "base/time.h"
#include "support/unity.h"

using namespace grantd::base;
using namespace std::literals;

namespace {

constexpr int64_t minute = 60, hour = 3600, day = 86400;

}  // namespace

TEST(durations_people_write_are_read) {
  struct {
    std::string_view text;
    int64_t seconds;
  } const table[] = {
      {"1s", 1},
      {"45s", 45},
      {"90m", 90 * minute},
      {"1h30m", hour + 30 * minute},
      {"2d", 2 * day},
      {"1d1h1m1s", day + hour + minute + 1},
      {"1d1s", day + 1},
      {"1h90m", hour + 90 * minute},
      {"0h30m", 30 * minute},
      {"007s", 7},
      {"366d", 366 * day},
      {"365d24h", 366 * day},
      {"31622400s", 366 * day},
  };
  for (const auto& t : table) {
    auto us = parse_duration_us(t.text);
    TEST_ASSERT_TRUE_MESSAGE(us.has_value(), std::string(t.text));
    TEST_ASSERT_EQUAL_INT64(t.seconds * us_per_s, *us);
  }
}

TEST(anything_else_is_no_duration) {
  const std::string_view table[] = {
      "",
      "90",
      "m",
      "1",
      "h1",
      "1h30",
      "1m1h",
      "1s1s",
      "1h1h",
      "-1h",
      "+1h",
      " 1h",
      "1h ",
      "1 h",
      "1H",
      "1min",
      "1w",
      "1.5h",
      "1,5h",
      "0s",
      "0d0h0m0s",
      "367d",
      "366d1s",
      "31622401s",
      "0x10s",
      "1e3s",
      "\xd9\xa1h",
      "1h\n",
      "1h\0"sv,
      "\0"sv,
      "1\0h"sv,
      "1h\0001m"sv,
      "99999999999999999999s",
      "18446744073709551617s",
      "9223372036854775808d",
      "1d99999999999999999999s",
      "forever",
      "-1",
  };
  for (auto text : table) TEST_ASSERT_TRUE_MESSAGE(!parse_duration_us(text), std::string(text));
}

TEST(what_remains_is_shown_in_the_largest_unit_and_its_neighbour) {
  struct {
    int64_t us;
    std::string_view text;
  } const table[] = {
      {0, "0 s"},
      {-1, "0 s"},
      {std::numeric_limits<int64_t>::min(), "0 s"},
      {1, "1 s"},
      {us_per_s - 1, "1 s"},
      {us_per_s, "1 s"},
      {20 * us_per_s - 1, "20 s"},
      {59 * us_per_s, "59 s"},
      {60 * us_per_s, "1 min"},
      {90 * us_per_s, "1 min 30 s"},
      {599 * us_per_s, "9 min 59 s"},
      {600 * us_per_s, "10 min"},
      {(58 * minute + 12) * us_per_s, "58 min"},
      {hour * us_per_s - 1, "1 h"},
      {hour * us_per_s, "1 h"},
      {(hour + 59) * us_per_s, "1 h"},
      {(hour + 30 * minute) * us_per_s, "1 h 30 min"},
      {(2 * day + 3 * hour + 4 * minute) * us_per_s, "2 d 3 h"},
      {(2 * day + 4 * minute) * us_per_s, "2 d"},
      {std::numeric_limits<int64_t>::max(), "106751991 d 4 h"},
  };
  for (const auto& t : table) TEST_ASSERT_EQUAL_STRING(t.text, print_duration(t.us).view());
}

TEST(the_short_form_is_read_back) {
  TEST_ASSERT_EQUAL_STRING("1h30m", print_duration_short((hour + 30 * minute) * us_per_s).view());
  TEST_ASSERT_EQUAL_STRING("1d1h1m1s", print_duration_short((day + hour + minute + 1) * us_per_s + 1).view());
  TEST_ASSERT_EQUAL_STRING("0s", print_duration_short(0).view());
  TEST_ASSERT_EQUAL_STRING("0s", print_duration_short(-us_per_s).view());
  TEST_ASSERT_EQUAL_STRING("106751991d4h54s",
                           print_duration_short(std::numeric_limits<int64_t>::max()).view());
  std::mt19937_64 random(grantd::test::seed());
  std::uniform_int_distribution<int64_t> any(1, 366 * day);
  for (int i = 0; i < 100'000; ++i) {
    int64_t us = any(random) * us_per_s;
    auto back = parse_duration_us(print_duration_short(us).view());
    TEST_ASSERT_TRUE(back.has_value());
    TEST_ASSERT_EQUAL_INT64(us, *back);
  }
}
