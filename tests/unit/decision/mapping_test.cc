// SPDX-License-Identifier: Apache-2.0
// The mapping by example: the rule for steps, one clause a test.
#include "decision/mapping.h"

#include <limits>

#include "support/unity.h"

using namespace grantd::decision;
using namespace grantd::base;

namespace {

constexpr int64_t most = std::numeric_limits<int64_t>::max(), least = std::numeric_limits<int64_t>::min();

constexpr utc_time utc(int64_t s) { return {(1'795'000'000 + s) * us_per_s}; }
constexpr boot_time boot(int64_t s) { return {s * ns_per_s}; }

// The wall clock said utc(0) at boot(1000). A window from 600 s to 4200 s after that.
constexpr clock_pair start{utc(0), boot(1000)};
constexpr utc_window hour{utc(600), utc(4200)};
constexpr boot_window mapped{boot(1600), boot(5200)};

void expect(const boot_window& wanted, const boot_window& got) {
  TEST_ASSERT_EQUAL_INT64(wanted.start.ns, got.start.ns);
  TEST_ASSERT_EQUAL_INT64(wanted.end.ns, got.end.ns);
}

constexpr trust all_trusts[] = {trust::none, trust::synchronised, trust::accepted};

}  // namespace

TEST(a_window_keeps_its_length_in_boottime) { expect(mapped, map_first(hour, start)); }

TEST(a_window_begun_before_this_boot_starts_below_zero) {
  expect({boot(-1400), boot(2200)}, map_first({utc(-2400), utc(1200)}, start));
}

TEST(without_a_step_mapping_again_changes_nothing) {
  for (trust how : all_trusts) {
    for (int64_t later : {0, 599, 600, 4199}) {
      expect(mapped, map_again(hour, mapped, {utc(later), boot(1000 + later)}, how));
    }
  }
}

TEST(forward_step_unsynchronised_opens_nothing_earlier_but_ends_earlier) {
  expect({boot(1600), boot(5000)}, map_again(hour, mapped, {utc(300), boot(1100)}, trust::none));
}

TEST(forward_step_synchronised_opens_and_ends_earlier) {
  expect({boot(1400), boot(5000)}, map_again(hour, mapped, {utc(300), boot(1100)}, trust::synchronised));
}

TEST(forward_step_found_synchronised_later_then_opens_earlier) {
  boot_window again = map_again(hour, mapped, {utc(300), boot(1100)}, trust::none);
  expect({boot(1400), boot(5000)}, map_again(hour, again, {utc(310), boot(1110)}, trust::synchronised));
}

TEST(forward_step_into_a_window_opens_it_only_when_synchronised) {
  const clock_pair now{utc(1000), boot(1100)};
  TEST_ASSERT_FALSE(map_again(hour, mapped, now, trust::none).start <= now.boot);
  TEST_ASSERT_TRUE(map_again(hour, mapped, now, trust::synchronised).start <= now.boot);
}

TEST(backward_step_never_lengthens_and_does_not_shut_a_started_window) {
  const clock_pair now{utc(-2800), boot(1800)};  // an hour back, inside the window
  expect(mapped, map_again(hour, mapped, now, trust::none));
  expect(mapped, map_again(hour, mapped, now, trust::synchronised));
}

TEST(backward_step_moves_a_waiting_start_later_and_no_end) {
  const clock_pair now{utc(-200), boot(1100)};  // 300 s back
  expect({boot(1900), boot(5200)}, map_again(hour, mapped, now, trust::none));
  expect({boot(1900), boot(5200)}, map_again(hour, mapped, now, trust::synchronised));
}

TEST(backward_and_forward_again_does_not_move_an_end_later) {
  boot_window forward = map_again(hour, mapped, {utc(300), boot(1100)}, trust::none);
  expect({boot(1700), boot(5000)}, map_again(hour, forward, {utc(10), boot(1110)}, trust::none));
}

TEST(accepted_maps_both_ends_afresh) {
  const clock_pair back{utc(-200), boot(1100)};
  expect({boot(1900), boot(5500)}, map_again(hour, mapped, back, trust::accepted));
  const clock_pair forward{utc(300), boot(1100)};
  expect({boot(1400), boot(5000)}, map_again(hour, mapped, forward, trust::accepted));
  const clock_pair inside{utc(-2800), boot(1800)};  // had started; on the clock vouched for it has not
  expect({boot(5200), boot(8800)}, map_again(hour, mapped, inside, trust::accepted));
}

TEST(an_end_reached_by_boottime_is_absorbing_whatever_the_trust) {
  for (trust how : all_trusts) {
    boot_window over = map_again(hour, mapped, {utc(-9000), boot(5200)}, how);
    expect(mapped, over);
    for (trust later : all_trusts) expect(mapped, map_again(hour, over, {utc(0), boot(5300)}, later));
  }
}

TEST(an_end_reached_by_the_wall_clock_is_absorbing_whatever_the_trust) {
  for (trust how : all_trusts) {
    boot_window over = map_again(hour, mapped, {utc(4200), boot(1800)}, how);
    expect({boot(1600), boot(1800)}, over);
    for (trust later : all_trusts) {
      expect(over, map_again(hour, over, {utc(900), boot(1900)}, later));
      TEST_ASSERT_TRUE(end_reached(hour, over, {utc(900), boot(1900)}));
    }
  }
  TEST_ASSERT_FALSE(end_reached(hour, mapped, {{utc(4200).us - 1}, boot(1800)}));
  TEST_ASSERT_FALSE(end_reached(hour, mapped, {utc(0), {boot(5200).ns - 1}}));
}

TEST(a_trust_nobody_knows_is_none) {
  const clock_pair now{utc(300), boot(1100)};
  expect(map_again(hour, mapped, now, trust::none), map_again(hour, mapped, now, static_cast<trust>(9)));
}

TEST(extremes_saturate_towards_closed) {
  expect({{most}, {most}}, map_first({{most - 1}, {most}}, start));
  expect({{least}, {least}}, map_first({{least}, {least + 1}}, start));
  expect({{least}, {most}}, map_first({{least}, {most}}, start));
  const utc_window always{{least}, {most}};
  for (int64_t u : {least, int64_t{-1}, int64_t{0}, int64_t{1}, most}) {
    for (int64_t b : {least, int64_t{-1}, int64_t{0}, int64_t{1}, most}) {
      const clock_pair now{{u}, {b}};
      for (trust how : all_trusts) {
        boot_window again = map_again(always, mapped, now, how);
        TEST_ASSERT_TRUE(how == trust::accepted || again.end <= mapped.end);
      }
      TEST_ASSERT_TRUE(map_first({{most - 1}, {most}}, now).end.ns <= most);
      TEST_ASSERT_TRUE(stepped_us(start, now) != 1);
    }
  }
  // An end so far away that it does not fit is never later than said, and a start never earlier than the
  // largest.
  TEST_ASSERT_FALSE(map_first({{most - 1}, {most}}, start).start <
                    map_first({{most - 1}, {most}}, start).end);
}

TEST(a_step_is_seen_against_boottime) {
  TEST_ASSERT_EQUAL_INT64(0, stepped_us(start, {utc(500), boot(1500)}));
  TEST_ASSERT_EQUAL_INT64(0, stepped_us(start, {{utc(500).us + step_us}, boot(1500)}));
  TEST_ASSERT_EQUAL_INT64(step_us + 1, stepped_us(start, {{utc(500).us + step_us + 1}, boot(1500)}));
  TEST_ASSERT_EQUAL_INT64(0, stepped_us(start, {{utc(500).us - step_us}, boot(1500)}));
  TEST_ASSERT_EQUAL_INT64(-step_us - 1, stepped_us(start, {{utc(500).us - step_us - 1}, boot(1500)}));
  TEST_ASSERT_EQUAL_INT64(3600 * us_per_s, stepped_us(start, {utc(4100), boot(1500)}));
  TEST_ASSERT_EQUAL_INT64(most / 1000, stepped_us({{least}, {most}}, {{most}, {least}}));
  TEST_ASSERT_EQUAL_INT64(least / 1000, stepped_us({{most}, {least}}, {{least}, {most}}));
}
