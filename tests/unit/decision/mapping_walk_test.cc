// SPDX-License-Identifier: Apache-2.0
// I2 and I4 for the mapping: random walks of a wall clock that slews, steps and lies, BOOTTIME going only
// forward.
#include <random>

#include "decision/mapping.h"
#include "support/unity.h"

using namespace grantd::decision;
using namespace grantd::base;

namespace {

struct walk {
  std::mt19937_64 random{grantd::test::seed()};
  clock_pair now{};

  int64_t between(int64_t a, int64_t b) { return std::uniform_int_distribution<int64_t>(a, b)(random); }
  void begin() {
    now.utc = {1'795'000'000 * us_per_s + between(0, 1000) * us_per_s};
    now.boot = {between(0, 1000) * ns_per_s};
  }
  // Time goes on; now and then the wall clock steps. Returns the step in microseconds.
  int64_t go_on() {
    int64_t us = between(0, 200 * us_per_s);
    int64_t step = between(0, 3) == 0 ? between(-2000, 2000) * us_per_s : 0;
    now.boot.ns += us * ns_per_us;
    now.utc.us += us + step;
    return step;
  }
  utc_window window() {
    int64_t from = now.utc.us + between(-500, 1500) * us_per_s;
    return {{from}, {from + between(1, 2000) * us_per_s}};
  }
};

bool open(const boot_window& w, const clock_pair& now) { return w.start <= now.boot && now.boot < w.end; }

}  // namespace

TEST(i4_no_end_moves_later_and_no_start_earlier_but_by_trust) {
  walk w;
  unsigned moved_earlier = 0, opened_by_trust = 0;
  for (int i = 0; i < 30'000; ++i) {
    w.begin();
    const utc_window window = w.window();
    boot_window mapped = map_first(window, w.now);
    const int64_t length = mapped.end.ns - mapped.start.ns;
    for (int n = 0; n < 6; ++n) {
      w.go_on();
      trust how = w.between(0, 2) == 0 ? trust::synchronised : trust::none;
      boot_window again = map_again(window, mapped, w.now, how);
      TEST_ASSERT_TRUE(again.end <= mapped.end);
      TEST_ASSERT_TRUE(again.start >= mapped.start || how == trust::synchronised);
      if (mapped.start <= w.now.boot) TEST_ASSERT_TRUE(again.start == mapped.start);
      TEST_ASSERT_TRUE(again.end.ns - again.start.ns <= length);  // an hour is never more than an hour
      moved_earlier += again.end < mapped.end ? 1 : 0;
      opened_by_trust += again.start < mapped.start ? 1 : 0;
      mapped = again;
    }
  }
  TEST_ASSERT_TRUE(moved_earlier > 1000);
  TEST_ASSERT_TRUE(opened_by_trust > 1000);
}

TEST(i2_an_end_reached_by_either_clock_is_never_open_again) {
  walk w;
  unsigned reached_by_wall = 0, accepted = 0;
  for (int i = 0; i < 30'000; ++i) {
    w.begin();
    const utc_window window = w.window();
    boot_window mapped = map_first(window, w.now);
    bool reached = end_reached(window, mapped, w.now);
    for (int n = 0; n < 8; ++n) {
      w.go_on();
      auto how = static_cast<trust>(w.between(0, 2));
      const bool now_reached = reached || end_reached(window, mapped, w.now);
      if (now_reached && !reached && mapped.end > w.now.boot) ++reached_by_wall;
      mapped = map_again(window, mapped, w.now, how);
      if (now_reached) {
        TEST_ASSERT_TRUE(mapped.end <= w.now.boot);
        TEST_ASSERT_TRUE(end_reached(window, mapped, w.now));
        TEST_ASSERT_FALSE(open(mapped, w.now));
        accepted += how == trust::accepted ? 1 : 0;
      }
      reached = now_reached;
    }
  }
  TEST_ASSERT_TRUE(reached_by_wall > 1000);
  TEST_ASSERT_TRUE(accepted > 1000);
}

// Open in the table implies not_before <= t < not_after on the wall clock, while nothing steps backwards.
TEST(i1_what_is_open_by_boottime_is_open_by_the_wall_clock_unless_it_was_set_back) {
  walk w;
  unsigned opened = 0;
  for (int i = 0; i < 60'000; ++i) {
    w.begin();
    const utc_window window = w.window();
    boot_window mapped = map_first(window, w.now);
    for (int n = 0; n < 6; ++n) {
      if (open(mapped, w.now)) {
        ++opened;
        TEST_ASSERT_TRUE(window.not_before <= w.now.utc && w.now.utc < window.not_after);
      }
      const clock_pair before = w.now;
      if (w.go_on() < 0) break;
      TEST_ASSERT_TRUE(stepped_us(before, w.now) >= 0);
      mapped = map_again(window, mapped, w.now, w.between(0, 1) == 0 ? trust::synchronised : trust::none);
    }
  }
  TEST_ASSERT_TRUE(opened > 10'000);
}
