// SPDX-License-Identifier: Apache-2.0
// Times as the caller writes them: the caller's zone, its gaps and its overlaps.
#include "cli/time.h"

#include <cstdlib>

#include "base/timestamp.h"
#include "support/unity.h"

using namespace grantd;
using base::utc_time;
using cli::parse_moment;
using cli::parse_window;

namespace {

utc_time at(std::string_view rfc3339) { return base::parse_timestamp(rfc3339).value_or(utc_time{-1}); }

// Berlin's rules for 2026, and nothing but them: +01:00, +02:00 from 29 March 01:00 UTC to 25 October 01:00
// UTC.
int32_t berlin(utc_time t) {
  return t >= at("2026-03-29T01:00:00Z") && t < at("2026-10-25T01:00:00Z") ? 7200 : 3600;
}
int32_t east(utc_time) { return 3600; }

const utc_time noon = at("2026-11-22T12:00:00Z");

void reads_as(std::string_view rfc3339, std::string_view text, utc_time now = noon,
              const cli::zone& local = east) {
  auto t = parse_moment(text, now, local);
  TEST_ASSERT_TRUE_MESSAGE(t.has_value(), std::string(text) + ": " + (t ? "" : t.error()));
  TEST_ASSERT_EQUAL_STRING(base::print_timestamp(at(rfc3339)).view(), base::print_timestamp(*t).view());
}

std::string why_not(std::string_view text, utc_time now = noon, const cli::zone& local = east) {
  auto t = parse_moment(text, now, local);
  TEST_ASSERT_TRUE_MESSAGE(!t.has_value(), std::string(text));
  return t.error();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST(a_time_with_an_offset_means_what_it_says) {
  reads_as("2026-11-22T17:30:00Z", "2026-11-22T17:30:00Z");
  reads_as("2026-11-22T16:30:00Z", "2026-11-22T17:30:00+01:00", noon, berlin);
  reads_as("2026-11-22T16:30:00Z", "2026-11-22 17:30 +0100");
  reads_as("2026-11-22T22:30:00Z", "17:30 -0500");
  reads_as("2026-11-22T17:30:00.25Z", "2026-11-22T17:30:00.25Z");
}

TEST(the_day_of_a_time_with_an_offset_is_the_day_there) {
  // At 23:30 UTC it is the 23rd at +0100 already.
  reads_as("2026-11-23T16:30:00Z", "17:30 +0100", at("2026-11-22T23:30:00Z"), [](utc_time) { return 0; });
}

TEST(a_time_without_an_offset_is_the_callers) {
  reads_as("2026-11-22T16:30:00Z", "17:30");
  reads_as("2026-11-22T16:30:20Z", "17:30:20");
  reads_as("2026-11-22T16:30:00Z", "today 17:30");
  reads_as("2026-11-23T08:00:00Z", "tomorrow 09:00");
  reads_as("2026-11-23T08:00:00Z", "2026-11-23 09:00");
  reads_as("2026-11-23T08:00:00Z", "2026-11-23T09:00");
  reads_as("2026-11-22T12:00:00Z", "now");
}

TEST(today_and_tomorrow_are_days_of_the_callers_calendar) {
  utc_time late = at("2026-12-31T23:30:00Z");  // 00:30 on New Year's Day at +0100
  reads_as("2027-01-01T16:30:00Z", "17:30", late);
  reads_as("2027-01-02T08:00:00Z", "tomorrow 09:00", late);
  reads_as("2026-11-21T14:30:00Z", "09:30", at("2026-11-22T03:00:00Z"), [](utc_time) { return -5 * 3600; });
}

TEST(summer_and_winter_times_use_the_offset_of_their_own_day) {
  reads_as("2026-07-01T07:00:00Z", "2026-07-01 09:00", at("2026-01-01T00:00:00Z"), berlin);
  reads_as("2026-12-01T08:00:00Z", "2026-12-01 09:00", at("2026-07-01T00:00:00Z"), berlin);
  reads_as("2026-03-29T00:59:59Z", "2026-03-29 01:59:59", at("2026-03-28T12:00:00Z"), berlin);
  reads_as("2026-03-29T01:00:00Z", "2026-03-29 03:00", at("2026-03-28T12:00:00Z"), berlin);
  reads_as("2026-10-24T23:59:00Z", "2026-10-25 01:59", at("2026-10-24T12:00:00Z"), berlin);
  reads_as("2026-10-25T02:00:00Z", "tomorrow 03:00", at("2026-10-24T12:00:00Z"), berlin);
}

TEST(a_time_that_the_clock_change_skips_is_refused_with_both_readings) {
  std::string why = why_not("2026-03-29 02:30", at("2026-03-28T12:00:00Z"), berlin);
  TEST_ASSERT_TRUE_MESSAGE(has(why, "does not exist"), why);
  TEST_ASSERT_TRUE_MESSAGE(has(why, "\"2026-03-29 03:30 +0200\""), why);
  TEST_ASSERT_TRUE_MESSAGE(has(why, "\"2026-03-29 01:30 +0100\""), why);
  // What is offered is taken.
  reads_as("2026-03-29T01:30:00Z", "2026-03-29 03:30 +0200", at("2026-03-28T12:00:00Z"), berlin);
}

TEST(a_time_that_comes_twice_is_refused_with_both_readings) {
  std::string why = why_not("tomorrow 02:30", at("2026-10-24T12:00:00Z"), berlin);
  TEST_ASSERT_TRUE_MESSAGE(has(why, "comes twice"), why);
  TEST_ASSERT_TRUE_MESSAGE(has(why, "\"2026-10-25 02:30 +0200\""), why);
  TEST_ASSERT_TRUE_MESSAGE(has(why, "\"2026-10-25 02:30 +0100\""), why);
}

TEST(a_day_that_a_zone_left_out_is_refused) {
  // Samoa, 30 December 2011: from -10:00 to +14:00.
  auto samoa = [](utc_time t) { return t < at("2011-12-30T10:00:00Z") ? -36000 : 50400; };
  TEST_ASSERT_TRUE(has(why_not("2011-12-30 12:00", at("2011-12-01T00:00:00Z"), samoa), "does not exist"));
}

TEST(what_is_no_time_is_refused) {
  for (std::string_view text : {"",
                                " ",
                                "17",
                                "17:3",
                                "1730",
                                "25:00",
                                "24:00",
                                "17:60",
                                "17:30:60",
                                "17:30 ",
                                " 17:30",
                                "17:30 +01",
                                "17:30x",
                                "17:30 +2400",
                                "-1:00",
                                "2026-11-23",
                                "2026-13-01 09:00",
                                "2026-02-29 09:00",
                                "1969-12-31 23:00",
                                "2026-11-23  09:00",
                                "tomorrow",
                                "yesterday 09:00",
                                "soon",
                                "17:30.5",
                                "17:30:00.",
                                "17:30:00.1234567",
                                "2026-11-23 09:00 MEZ",
                                "99999-01-01 00:00",
                                "\x1b[31m17:30"}) {
    std::string why = why_not(text);
    TEST_ASSERT_TRUE_MESSAGE(has(why, "is no time"), why);
    TEST_ASSERT_FALSE(has(why, "\x1b"));
  }
}

TEST(a_window_is_a_start_and_a_length_or_an_end) {
  auto w = parse_window("1h30m", "", "", noon, east);
  TEST_ASSERT_TRUE(w && w->for_us == 5'400 * base::us_per_s && !w->until && !w->from);
  w = parse_window("until 17:30", "", "", noon, east);
  TEST_ASSERT_TRUE(w && !w->for_us && w->until == at("2026-11-22T16:30:00Z"));
  w = parse_window("", "17:30", "16:00", noon, east);
  TEST_ASSERT_TRUE(w && w->from == at("2026-11-22T15:00:00Z") && w->until == at("2026-11-22T16:30:00Z"));
  w = parse_window("", "", "now", noon, east);
  TEST_ASSERT_TRUE(w && !w->from && !w->until && !w->for_us);
}

TEST(a_window_that_cannot_be_is_refused) {
  struct {
    std::string_view length, until, from, why;
  } cases[] = {
      {"1h", "17:30", "", "give one"},
      {"until 17:30", "18:00", "", "give one"},
      {"90", "", "", "no duration"},
      {"0m", "", "", "no duration"},
      {"", "12:59", "", "is past"},
      {"", "13:00", "", "is past"},  // an end that is now opens nothing
      {"", "", "12:59", "is past"},
      {"", "15:00", "16:00", "not after the start"},
      {"", "16:00", "16:00", "not after the start"},
      {"until x", "", "", "is no time"},
  };
  for (const auto& c : cases) {
    auto w = parse_window(c.length, c.until, c.from, noon, east);
    TEST_ASSERT_TRUE(!w.has_value());
    TEST_ASSERT_TRUE_MESSAGE(has(w.error(), c.why), w.error());
  }
  TEST_ASSERT_TRUE(parse_window("", "", "12:59", noon, east, "--at").error().starts_with("--at: "));
}

TEST(an_end_is_shown_in_the_callers_zone_with_what_is_left) {
  TEST_ASSERT_EQUAL_STRING("until 17:30 +0100, 3 h 30 min left",
                           cli::print_until(at("2026-11-22T16:30:00Z"), 12'600 * base::us_per_s, noon, east));
  TEST_ASSERT_EQUAL_STRING("until 17:30 +0100", cli::print_until(at("2026-11-22T16:30:00Z"), 0, noon, east));
  TEST_ASSERT_EQUAL_STRING("2026-11-23 17:30 +0100", cli::print_time(at("2026-11-23T16:30:00Z"), noon, east));
}

TEST(times_out_of_an_answer_that_no_calendar_has_are_shown_without_harm) {
  TEST_ASSERT_TRUE(cli::print_time({INT64_MIN}, noon, east).starts_with("1970-01-01"));
  TEST_ASSERT_TRUE(cli::print_time({INT64_MAX}, noon, east).starts_with("9999-12-31"));
  TEST_ASSERT_FALSE(cli::print_until({INT64_MAX}, INT64_MAX, noon, cli::system_zone()).empty());
}

TEST(the_systems_zone_follows_tz) {
  setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  cli::zone local = cli::system_zone();
  unsetenv("TZ");
  TEST_ASSERT_EQUAL_INT(3600, local(at("2026-01-01T00:00:00Z")));
  TEST_ASSERT_EQUAL_INT(7200, local(at("2026-07-01T00:00:00Z")));
}
