// SPDX-License-Identifier: Apache-2.0
// The high-water mark: what raises it, what does not, and when a clock is behind it.
#include "decision/high_water.h"

#include <limits>
#include <random>

#include "support/unity.h"

using namespace grantd::decision;
using namespace grantd::base;

namespace {

constexpr int64_t most = std::numeric_limits<int64_t>::max(), least = std::numeric_limits<int64_t>::min();

constexpr utc_time utc(int64_t s) { return {(1'795'000'000 + s) * us_per_s}; }
constexpr boot_time boot(int64_t s) { return {s * ns_per_s}; }
constexpr clock_pair pair(int64_t u, int64_t b) { return {utc(u), boot(b)}; }

void expect(utc_time wanted, const high_water& h) { TEST_ASSERT_EQUAL_INT64(wanted.us, h.mark().us); }

}  // namespace

TEST(in_the_same_boot_the_mark_grows_by_what_has_passed) {
  expect(utc(50), high_water(utc(0), boot(100), true, pair(50, 150)));
  expect(utc(50), high_water(utc(0), boot(100), true, pair(-9000, 150)));
}

TEST(after_another_boot_only_the_mark_counts) {
  expect(utc(0), high_water(utc(0), boot(100), false, pair(500, 150)));
  expect(utc(0), high_water(utc(0), boot(99'999), false, pair(500, 150)));
}

TEST(a_boottime_that_went_back_adds_nothing) {
  high_water h(utc(0), boot(200), true, pair(0, 150));
  expect(utc(0), h);
  h.advance(pair(0, 140), false);
  expect(utc(0), h);
  h.advance(pair(0, 160), false);
  expect(utc(10), h);
}

TEST(elapsed_boottime_raises_the_mark_without_loss) {
  high_water h(utc(0), boot(0), false, {utc(0), {0}});
  for (int64_t ns = 0; ns < 3'000'000; ns += 1'999) h.advance({utc(-5), {ns}}, false);
  h.advance({utc(-5), {3'000'000}}, false);
  expect({utc(0).us + 3'000}, h);
}

TEST(the_wall_clock_raises_the_mark_only_while_synchronised) {
  high_water h(utc(0), boot(0), false, pair(0, 0));
  h.advance(pair(5000, 10), false);
  expect(utc(10), h);
  h.advance(pair(5000, 20), true);
  expect(utc(5000), h);
  h.advance(pair(5000, 30), true);
  expect(utc(5010), h);
}

TEST(the_mark_never_goes_back_but_by_accept) {
  high_water h(utc(5000), boot(0), false, pair(0, 0));
  h.advance(pair(0, 0), true);
  expect(utc(5000), h);
  TEST_ASSERT_TRUE(h.behind(pair(0, 0)));
  h.accept(pair(0, 0));
  expect(utc(0), h);
  TEST_ASSERT_FALSE(h.behind(pair(0, 0)));
  h.advance(pair(7, 7), false);
  expect(utc(7), h);
}

TEST(a_clock_is_behind_when_it_reads_more_than_five_seconds_less) {
  high_water h(utc(0), boot(0), false, pair(0, 0));
  TEST_ASSERT_FALSE(h.behind(pair(0, 0)));
  TEST_ASSERT_FALSE(h.behind(pair(-1, 0)));  // a leap second
  TEST_ASSERT_FALSE(h.behind({{utc(0).us - behind_us}, boot(0)}));
  TEST_ASSERT_TRUE(h.behind({{utc(0).us - behind_us - 1}, boot(0)}));
  TEST_ASSERT_FALSE(h.behind(pair(90, 95)));
  TEST_ASSERT_TRUE(h.behind(pair(90, 96)));  // the mark has moved on although nobody advanced it
}

TEST(extremes_do_not_overflow) {
  for (int64_t m : {least, int64_t{0}, most}) {
    for (int64_t b : {least, int64_t{0}, most}) {
      for (int64_t u : {least, int64_t{0}, most}) {
        for (int64_t n : {least, int64_t{0}, most}) {
          high_water h({m}, {b}, true, {{u}, {n}});
          TEST_ASSERT_TRUE(h.mark().us >= m);
          utc_time before = h.mark();
          h.advance({{u}, {most}}, false);
          TEST_ASSERT_TRUE(h.mark() >= before);
          if (m == most && u != most) TEST_ASSERT_TRUE(h.behind({{u / 2}, {most}}));
        }
      }
    }
  }
}

TEST(the_mark_is_monotone_over_random_walks) {
  std::mt19937_64 random(grantd::test::seed());
  high_water h(utc(0), boot(0), false, pair(0, 0));
  clock_pair now = pair(0, 0);
  for (int i = 0; i < 100'000; ++i) {
    now.boot.ns += static_cast<int64_t>(random() % 5'000'000'000);
    now.utc.us += static_cast<int64_t>(random() % 20'000'000) - 9'000'000;
    const bool synchronised = random() % 4 == 0;
    const utc_time before = h.mark();
    h.advance(now, synchronised);
    TEST_ASSERT_TRUE(h.mark() >= before);
    if (synchronised) TEST_ASSERT_TRUE(h.mark() >= now.utc);
    TEST_ASSERT_TRUE(h.behind(now) == (now.utc.us + behind_us < h.mark().us));
  }
}
