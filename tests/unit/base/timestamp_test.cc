// SPDX-License-Identifier: Apache-2.0
// Timestamps: read with an offset or not at all; written without asking where the machine thinks it is.
#include "base/timestamp.h"

#include <ctime>
#include <limits>
#include <random>
#include <string>

#include "support/unity.h"

using namespace grantd::base;
using namespace std::literals;

namespace {

utc_time seconds(int64_t s) { return {s * us_per_s}; }

constexpr int64_t afternoon = 1'795'368'600;  // 2026-11-22T17:30:00Z

}  // namespace

TEST(times_with_an_offset_are_read) {
  struct {
    std::string_view text;
    int64_t us;
  } const table[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01 00:00:00.000001Z", 1},
      {"1970-01-01T00:00:00.1Z", 100'000},
      {"1970-01-01T01:00:00+01:00", 0},
      {"1970-01-01T00:00:00-23:59", (23 * 3600 + 59 * 60) * us_per_s},
      {"2026-11-22T17:30:00Z", afternoon * us_per_s},
      {"2026-11-22T17:30:00-00:00", afternoon * us_per_s},
      {"2026-11-22 18:30:00+01:00", afternoon * us_per_s},
      {"2026-11-22T12:00:00-05:30", afternoon * us_per_s},
      {"2026-11-23T00:00:00.5+06:30", afternoon * us_per_s + 500'000},
      {"2000-02-29T00:00:00Z", 951'782'400 * us_per_s},
      {"2024-02-29T23:59:59Z", 1'709'251'199 * us_per_s},
      {"2036-02-07T06:28:16Z", 2'085'978'496 * us_per_s},
      {"2038-01-19T03:14:08Z", 2'147'483'648 * us_per_s},
      {"2100-03-01T00:00:00Z", 4'107'542'400 * us_per_s},
      {"9999-12-31T23:59:59.999999Z", 253'402'300'799 * us_per_s + 999'999},
  };
  for (const auto& t : table) {
    auto got = parse_timestamp(t.text);
    TEST_ASSERT_TRUE_MESSAGE(got.has_value(), std::string(t.text));
    TEST_ASSERT_EQUAL_INT64(t.us, got->us);
  }
}

TEST(anything_else_is_no_time) {
  const std::string_view table[] = {
      "",
      "2026-11-22T17:30:00",  // without an offset
      "2026-11-22T17:30Z",
      "2026-11-22",
      "17:30",
      "-1",
      "1795368600",
      "2026-11-22t17:30:00Z",
      "2026-11-22T17:30:00z",
      "2026-11-22_17:30:00Z",
      "2026-11-22  17:30:00Z",
      " 2026-11-22T17:30:00Z",
      "2026-11-22T17:30:00Z ",
      "2026-11-22T17:30:00Z\n",
      "2026-11-22T17:30:00Z\0"sv,
      "2026-11-22\00017:30:00Z"sv,
      "2026-11-22T17:30:00 Z",
      "2026-11-22T17:30:00ZZ",
      "2026-11-22T23:59:60Z",  // a leap second has no number
      "2016-12-31T23:59:60Z",
      "2026-11-22T24:00:00Z",
      "2026-11-22T17:60:00Z",
      "2026-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2100-02-29T00:00:00Z",
      "2024-02-30T00:00:00Z",
      "2026-04-31T00:00:00Z",
      "2026-06-31T00:00:00Z",
      "2026-09-31T00:00:00Z",
      "2026-11-31T00:00:00Z",
      "2026-12-32T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-01-00T00:00:00Z",
      "1969-12-31T23:59:59Z",
      "1970-01-01T00:00:00+00:01",  // 1969 at Greenwich
      "9999-12-31T23:59:59-00:01",  // the year 10000 there
      "10000-01-01T00:00:00Z",
      "026-11-22T17:30:00Z",
      "2026-1-22T17:30:00Z",
      "2026-11-22T7:30:00Z",
      "+2026-11-22T17:30:00Z",
      "-2026-11-22T17:30:00Z",
      "2026-11-22T17:30:00.Z",
      "2026-11-22T17:30:00,5Z",
      "2026-11-22T17:30:00.1234567Z",
      "2026-11-22T17:30:00.99999999999999999999Z",
      "2026-11-22T17:30:00+1",
      "2026-11-22T17:30:00+01",
      "2026-11-22T17:30:00+0100",
      "2026-11-22T17:30:00+24:00",
      "2026-11-22T17:30:00+01:60",
      "2026-11-22T17:30:00+-1:00",
      "2026-11-22T17:30:00\xe2\x88\x92"
      "01:00",  // a minus sign that is no hyphen
      "2026-11-22T17:30:00CET",
      "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6-11-22T17:30:00Z",
  };
  for (auto text : table) TEST_ASSERT_TRUE_MESSAGE(!parse_timestamp(text), std::string(text));
}

TEST(every_prefix_of_a_time_is_refused) {
  const std::string_view whole = "2026-11-22T17:30:00.123456+01:00";
  TEST_ASSERT_TRUE(parse_timestamp(whole).has_value());
  for (size_t n = 0; n < whole.size(); ++n) {
    std::string cut(whole.substr(0, n));  // its own buffer: reading past it is seen under ASan
    TEST_ASSERT_TRUE_MESSAGE(!parse_timestamp(cut), cut);
  }
}

TEST(times_are_printed_in_utc) {
  TEST_ASSERT_EQUAL_STRING("1970-01-01T00:00:00Z", print_timestamp({0}).view());
  TEST_ASSERT_EQUAL_STRING("2026-11-22T17:30:00Z", print_timestamp(seconds(afternoon)).view());
  TEST_ASSERT_EQUAL_STRING("2026-11-22T17:30:00.000001Z", print_timestamp({afternoon * us_per_s + 1}).view());
  TEST_ASSERT_EQUAL_STRING("1969-12-31T23:59:59.999999Z", print_timestamp({-1}).view());
  TEST_ASSERT_EQUAL_STRING("0000-02-29T00:00:00Z", print_timestamp(seconds(-62'162'121'600)).view());
  TEST_ASSERT_EQUAL_STRING("294247-01-10T04:00:54.775807Z",
                           print_timestamp({std::numeric_limits<int64_t>::max()}).view());
  TEST_ASSERT_EQUAL_STRING("-290308-12-21T19:59:05.224192Z",
                           print_timestamp({std::numeric_limits<int64_t>::min()}).view());
}

TEST(a_time_printed_is_the_time_read_and_the_one_of_libc) {
  std::mt19937_64 random(grantd::test::seed());
  std::uniform_int_distribution<int64_t> any(0, 253'402'300'799 * us_per_s + 999'999);
  for (int i = 0; i < 100'000; ++i) {
    utc_time t{any(random)};
    if (i % 2 == 0) t.us -= t.us % us_per_s;
    timestamp_text text = print_timestamp(t);
    auto back = parse_timestamp(text.view());
    TEST_ASSERT_TRUE_MESSAGE(back.has_value(), std::string(text.view()));
    TEST_ASSERT_EQUAL_INT64(t.us, back->us);
    time_t s = t.us / us_per_s;
    tm parts{};
    char expected[32];
    TEST_ASSERT_TRUE(gmtime_r(&s, &parts) != nullptr);
    size_t n = strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &parts);
    TEST_ASSERT_EQUAL_STRING(std::string_view(expected, n), text.view().substr(0, n));
  }
}

TEST(local_times_show_the_day_only_when_it_is_another) {
  const int32_t cet = 3600;
  struct {
    int64_t t;
    int32_t offset;
    int64_t now;
    std::string_view text;
  } const table[] = {
      {afternoon, 0, afternoon - 3600, "17:30 +0000"},
      {afternoon, cet, afternoon - 3600, "18:30 +0100"},
      {afternoon, -5 * 3600 - 1800, afternoon - 3600, "12:00 -0530"},
      {afternoon + 86400, cet, afternoon, "2026-11-23 18:30 +0100"},
      {afternoon - 86400, cet, afternoon, "2026-11-21 18:30 +0100"},
      {afternoon + 21600, 0, afternoon, "23:30 +0000"},
      {afternoon + 21600, cet, afternoon, "2026-11-23 00:30 +0100"},  // the day is the local one
      {afternoon + 20, cet, afternoon, "18:30:20 +0100"},
      {afternoon, cet, afternoon + 119, "18:30:00 +0100"},
      {afternoon, cet, afternoon + 120, "18:30 +0100"},
      {afternoon + 119, cet, afternoon, "18:31:59 +0100"},
      {afternoon + 120, cet, afternoon, "18:32 +0100"},
      {afternoon, 1172, afternoon - 3600, "17:49 +0019"},   // whole minutes, in the time as in the offset
      {afternoon, 86400, afternoon - 3600, "17:30 +0000"},  // no offset at all
      {afternoon, -86400, afternoon - 3600, "17:30 +0000"},
      {afternoon, std::numeric_limits<int32_t>::min(), afternoon - 3600, "17:30 +0000"},
      {afternoon, std::numeric_limits<int32_t>::max(), afternoon - 3600, "17:30 +0000"},
      {afternoon, 86399, afternoon - 3600, "17:29 +2359"},
  };
  for (const auto& t : table) {
    TEST_ASSERT_EQUAL_STRING(t.text, print_local(seconds(t.t), t.offset, seconds(t.now)).view());
  }
}

TEST(the_ends_of_time_can_be_shown) {
  constexpr utc_time least{std::numeric_limits<int64_t>::min()}, most{std::numeric_limits<int64_t>::max()};
  TEST_ASSERT_EQUAL_STRING("294247-01-11 03:59 +2359", print_local(most, 86399, least).view());
  TEST_ASSERT_EQUAL_STRING("-290308-12-20 20:00 -2359", print_local(least, -86399, most).view());
}
