// SPDX-License-Identifier: Apache-2.0
// The clock cases that DESIGN section 5 names, each played through with mapping, high-water mark and
// decide().
#include <optional>
#include <vector>

#include "decision/decide.h"
#include "decision/high_water.h"
#include "decision/mapping.h"
#include "support/unity.h"

using namespace grantd::decision;
using namespace grantd::base;

namespace {

constexpr int64_t minute = 60, hour = 3600, day = 86400;

constexpr utc_time utc(int64_t s) { return {(1'795'000'000 + s) * us_per_s}; }

// A host as grantd sees it: two clocks that pass, step and lie. Seconds.
struct clocks {
  int64_t wall, boot;
  bool synchronised = false;
  void pass(int64_t s) { wall += s, boot += s; }
  void step(int64_t s) { wall += s; }
  clock_pair now() const { return {utc(wall), {boot * ns_per_s}}; }
};

// What grantd does with one grant: maps it, maps again at every look, never forgets an end, opens nothing
// behind.
class keeper {
 public:
  keeper(const clocks& host, utc_window window, high_water mark)
      : host_(host), window_(window), mark_(mark), mapped_(map_first(window, host.now())) {
    look(trust::none);
  }

  void look(trust how) {
    const clock_pair now = host_.now();
    mark_.advance(now, host_.synchronised);
    if (host_.synchronised && how == trust::none) how = trust::synchronised;
    ended_ = ended_ || end_reached(window_, mapped_, now);
    mapped_ = map_again(window_, mapped_, now, how);
  }
  void accept() {
    mark_.accept(host_.now());
    look(trust::accepted);
  }

  [[nodiscard]] verdict ask() {
    look(trust::none);
    if (ended_ || behind()) return {};
    record r{};
    r.kind = record_kind::window;
    r.who = who;
    r.where = {point_kind::pam, "sshd", ""};
    r.access = access::read_only;
    r.start = mapped_.start;
    r.end = mapped_.end;
    const std::vector<record> table{r};
    return decide(table, {who, {point_kind::pam, "sshd", ""}, ""}, host_.now().boot);
  }
  [[nodiscard]] bool lets_in() { return ask().allows(); }
  [[nodiscard]] int64_t left_s() { return (ask().until.ns - host_.now().boot.ns) / ns_per_s; }
  [[nodiscard]] bool behind() const { return mark_.behind(host_.now()); }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] high_water mark() const { return mark_; }

 private:
  static constexpr account who{identity_class::os, "alice"};
  const clocks& host_;
  utc_window window_;
  high_water mark_;
  boot_window mapped_;
  bool ended_ = false;
};

high_water fresh_mark(const clocks& host) { return {host.now().utc, host.now().boot, false, host.now()}; }

utc_window from_to(int64_t from, int64_t to) { return {utc(from), utc(to)}; }

}  // namespace

TEST(vm_paused_3_h_then_stepped) {
  clocks host{0, 500, true};
  keeper open(host, from_to(0, hour), fresh_mark(host));
  keeper waiting(host, from_to(3 * hour, 4 * hour), fresh_mark(host));
  host.pass(30 * minute);
  TEST_ASSERT_TRUE(open.lets_in());
  // Three hours during which no clock of the guest moved; it cannot know.
  TEST_ASSERT_EQUAL_INT64(30 * minute, open.left_s());
  host.synchronised = false;
  host.step(3 * hour);
  TEST_ASSERT_FALSE(open.lets_in());
  TEST_ASSERT_TRUE(open.ended());
  TEST_ASSERT_FALSE(waiting.lets_in());  // a clock nobody vouches for opens nothing
  host.synchronised = true;
  TEST_ASSERT_TRUE(waiting.lets_in());
  TEST_ASSERT_EQUAL_INT64(30 * minute, waiting.left_s());
  host.step(-3 * hour);
  TEST_ASSERT_FALSE(open.lets_in());  // reached is reached
}

TEST(rtc_1_h_slow_then_ntp) {
  // The store knows that it was 10 min past; the RTC of this boot says an hour less.
  clocks host{10 * minute - hour, 20};
  keeper k(host, from_to(0, hour), high_water(utc(10 * minute), {999}, false, host.now()));
  TEST_ASSERT_TRUE(k.behind());
  TEST_ASSERT_FALSE(k.lets_in());
  host.pass(minute);
  TEST_ASSERT_FALSE(k.lets_in());
  host.step(hour);
  host.synchronised = true;
  TEST_ASSERT_FALSE(k.behind());
  TEST_ASSERT_TRUE(k.lets_in());
  TEST_ASSERT_EQUAL_INT64(49 * minute, k.left_s());
}

TEST(rtc_1_h_slow_unnoticed_ends_no_later_once_ntp_has_spoken) {
  // The mark is a day old, so that the slow clock is not behind it.
  clocks host{-50 * minute, 20};
  keeper k(host, from_to(0, hour), high_water(utc(-day), {999}, false, host.now()));
  TEST_ASSERT_FALSE(k.behind());
  TEST_ASSERT_FALSE(k.lets_in());
  host.step(hour);
  TEST_ASSERT_FALSE(k.lets_in());
  host.synchronised = true;
  TEST_ASSERT_TRUE(k.lets_in());
  TEST_ASSERT_EQUAL_INT64(50 * minute, k.left_s());
}

TEST(rtc_a_day_fast_then_back) {
  clocks host{day, 20};
  high_water stored(utc(0), {999}, false, host.now());
  keeper made_then(host, from_to(day, day + hour), stored);  // "for 1h", granted while the clock was wrong
  keeper today(host, from_to(0, hour), stored);
  TEST_ASSERT_TRUE(made_then.lets_in());
  TEST_ASSERT_TRUE(today.ended());  // the wall clock said so: absorbing
  host.pass(10 * minute);
  TEST_ASSERT_EQUAL_INT64(50 * minute, made_then.left_s());
  host.step(-day);
  host.synchronised = true;
  TEST_ASSERT_TRUE(made_then.lets_in());
  TEST_ASSERT_EQUAL_INT64(50 * minute, made_then.left_s());  // an hour is an hour, not a day and an hour
  TEST_ASSERT_FALSE(today.lets_in());
  TEST_ASSERT_FALSE(made_then.behind());  // the mark did not follow a clock nobody vouched for
  host.pass(50 * minute);
  TEST_ASSERT_FALSE(made_then.lets_in());
  host.step(day);
  TEST_ASSERT_FALSE(made_then.lets_in());
}

TEST(rtc_a_day_fast_in_a_new_store_opens_nothing_after_the_step_back_until_accepted) {
  clocks host{day, 20};
  keeper k(host, from_to(0, 2 * day), fresh_mark(host));
  TEST_ASSERT_TRUE(k.lets_in());
  host.step(-day);
  host.synchronised = true;
  TEST_ASSERT_TRUE(k.behind());
  TEST_ASSERT_FALSE(k.lets_in());
  k.accept();
  TEST_ASSERT_FALSE(k.behind());
  TEST_ASSERT_TRUE(k.lets_in());
}

TEST(one_boot_in_2036) {
  const int64_t ten_years = 3650 * day;
  // Boot one: the true time. The store's mark is right.
  clocks first{0, 1000, true};
  keeper one(first, from_to(0, hour), fresh_mark(first));
  first.pass(5 * minute);
  TEST_ASSERT_TRUE(one.lets_in());
  const utc_time stored = one.mark().mark();
  // Boot two: the RTC says 2036. Everything is over by that clock, and that is recorded; the mark does not
  // follow.
  clocks second{ten_years, 10};
  keeper two(second, from_to(0, hour), high_water(stored, {1'300 * ns_per_s}, false, second.now()));
  keeper untouched(second, from_to(ten_years + day, ten_years + 2 * day), two.mark());
  TEST_ASSERT_FALSE(two.lets_in());
  TEST_ASSERT_TRUE(two.ended());
  TEST_ASSERT_FALSE(untouched.lets_in());
  second.pass(minute);
  TEST_ASSERT_FALSE(two.lets_in());
  TEST_ASSERT_EQUAL_INT64(stored.us + minute * us_per_s, two.mark().mark().us);
  // Boot three: the true time again. New windows open at once; nobody has to accept anything.
  clocks third{10 * minute, 10, true};
  keeper three(third, from_to(10 * minute, hour),
               high_water(two.mark().mark(), {70 * ns_per_s}, false, third.now()));
  TEST_ASSERT_FALSE(three.behind());
  TEST_ASSERT_TRUE(three.lets_in());
}

TEST(one_boot_in_2036_that_calls_itself_synchronised_needs_a_human) {
  const int64_t ten_years = 3650 * day;
  clocks lying{ten_years, 10, true};
  keeper k(lying, from_to(0, hour), high_water(utc(0), {0}, false, lying.now()));
  TEST_ASSERT_FALSE(k.lets_in());
  clocks right{5 * minute, 10, true};
  keeper next(right, from_to(5 * minute, hour), high_water(k.mark().mark(), {0}, false, right.now()));
  TEST_ASSERT_TRUE(next.behind());
  TEST_ASSERT_FALSE(next.lets_in());
  next.accept();
  TEST_ASSERT_TRUE(next.lets_in());
}

TEST(suspend_is_counted) {
  clocks host{0, 500};
  keeper k(host, from_to(0, hour), fresh_mark(host));
  host.pass(2 * hour);  // asleep: both clocks have gone on when anybody looks again
  TEST_ASSERT_FALSE(k.lets_in());
  TEST_ASSERT_TRUE(k.ended());
}

TEST(date_set_back_by_hand_gives_nobody_more_time) {
  clocks host{0, 500};
  keeper k(host, from_to(0, hour), fresh_mark(host));
  for (int i = 0; i < 6; ++i) {
    host.pass(10 * minute - 1);
    host.step(-10 * minute);
    (void)k.ask();
  }
  host.pass(6);
  TEST_ASSERT_FALSE(k.lets_in());
  TEST_ASSERT_TRUE(k.ended());
}
