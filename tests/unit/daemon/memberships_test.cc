// SPDX-License-Identifier: Apache-2.0
// What grantd-provision is asked for, when, and whose answer counts.
#include "daemon/memberships.h"

#include "support/unity.h"

namespace grantd::test {
namespace {

using daemon::membership;
using daemon::memberships;
using state = daemon::memberships::state;

constexpr membership alice{1, 2, 3};
constexpr membership bob{1, 4, 3};
constexpr base::boot_time t0{1'000'000'000'000};
constexpr base::boot_time after(int64_t ms) { return {t0.ns + ms * 1'000'000}; }

struct play {
  memberships all;
  std::vector<memberships::work> work() {
    all.saved();
    return all.hand_out();
  }
  // The work that is neither list; fails when there is another number of it.
  memberships::work one(const std::string& step) {
    std::vector<memberships::work> found;
    for (const auto& w : work()) {
      if (std::string(w.step) != "list") found.push_back(w);
    }
    TEST_ASSERT_EQUAL_INT(1, found.size());
    TEST_ASSERT_EQUAL_STRING(step, found[0].step);
    return found[0];
  }
  void listen() {
    (void)all.listen({1});
    auto lists = work();
    TEST_ASSERT_TRUE(!lists.empty() && std::string(lists[0].step) == "list");
    list = lists[0].number;
  }
  void give(const membership& m = alice) {
    all.want({m}, t0);
    TEST_ASSERT_TRUE(all.done(one("open").number));
    all.saved();
  }
  uint64_t list = 0;
};

}  // namespace

TEST(nothing_is_given_before_the_store_knows_and_settled_is_what_it_knows_was_given) {
  play p;
  p.listen();
  p.all.want({alice}, t0);
  TEST_ASSERT_TRUE(p.all.has_unsaved());
  TEST_ASSERT_TRUE(p.all.hand_out().empty());
  auto w = p.one("open");
  TEST_ASSERT_TRUE(w.of == alice);
  TEST_ASSERT_TRUE(p.work().empty());  // once
  TEST_ASSERT_FALSE(p.all.settled(alice));
  TEST_ASSERT_TRUE(p.all.done(w.number));
  TEST_ASSERT_FALSE(p.all.settled(alice));  // not in the store yet
  p.all.saved();
  TEST_ASSERT_TRUE(p.all.settled(alice));
  TEST_ASSERT_FALSE(p.all.has_unsaved());
}

TEST(taking_back_does_not_wait_for_the_store_and_the_row_goes_last) {
  play p;
  p.listen();
  p.give();
  p.all.want({}, t0);
  auto handed = p.all.hand_out();  // nothing was saved since
  TEST_ASSERT_EQUAL_INT(1, handed.size());
  TEST_ASSERT_EQUAL_STRING("close", handed[0].step);
  TEST_ASSERT_TRUE(p.all.unsaved().at(0).given == false);
  TEST_ASSERT_TRUE(p.all.done(handed[0].number));
  TEST_ASSERT_TRUE(p.all.unsaved().at(0).given == std::nullopt);
  p.all.saved();
  TEST_ASSERT_TRUE(p.all.all().empty());
}

TEST(wanted_no_more_before_anybody_was_asked_there_is_nothing_to_take_back) {
  play p;
  p.listen();
  p.all.want({alice}, t0);
  p.all.want({}, t0);
  TEST_ASSERT_TRUE(p.all.all().empty());
}

TEST(a_window_that_ends_while_it_opens_is_taken_back_and_the_late_answer_changes_nothing) {
  play p;
  p.listen();
  p.all.want({alice}, t0);
  auto opening = p.one("open");
  p.all.want({}, t0);
  auto closing = p.one("close");
  TEST_ASSERT_FALSE(p.all.done(opening.number));
  TEST_ASSERT_TRUE(p.all.find(alice)->is == state::closing);
  TEST_ASSERT_TRUE(p.all.done(closing.number));
  TEST_ASSERT_TRUE(p.all.find(alice)->is == state::gone);
}

TEST(wanted_again_while_it_is_taken_back_it_is_given_again) {
  play p;
  p.listen();
  p.give();
  p.all.want({}, t0);
  auto closing = p.one("close");
  p.all.want({alice}, t0);
  TEST_ASSERT_FALSE(p.all.settled(alice));
  auto opening = p.one("open");
  TEST_ASSERT_FALSE(p.all.done(closing.number));
  TEST_ASSERT_TRUE(p.all.done(opening.number));
  p.all.saved();
  TEST_ASSERT_TRUE(p.all.settled(alice));
}

TEST(wanted_again_after_it_was_taken_back_but_before_the_store_knows) {
  play p;
  p.listen();
  p.give();
  p.all.want({}, t0);
  TEST_ASSERT_TRUE(p.all.done(p.one("close").number));
  p.all.want({alice}, t0);
  (void)p.one("open");
}

TEST(a_failure_is_kept_and_the_same_work_may_succeed_later) {
  play p;
  p.listen();
  p.all.want({alice}, t0);
  auto w = p.one("open");
  TEST_ASSERT_TRUE(p.all.failed(w.number, "no such role"));
  TEST_ASSERT_EQUAL_STRING("no such role", p.all.find(alice)->error);
  TEST_ASSERT_TRUE(p.work().empty());  // who was asked tries again by itself
  TEST_ASSERT_TRUE(p.all.done(w.number));
  TEST_ASSERT_EQUAL_STRING("", p.all.find(alice)->error);
}

TEST(whoever_listens_next_is_given_everything_again_and_old_answers_do_not_count) {
  play p;
  p.listen();
  p.all.want({alice}, t0);
  auto before = p.one("open");
  p.listen();
  TEST_ASSERT_FALSE(p.all.done(before.number));
  p.all.hang_up(p.all.listener() - 1);  // the one before goes late
  TEST_ASSERT_TRUE(p.all.listener() != 0);
  p.all.hang_up(p.all.listener());
  TEST_ASSERT_TRUE(p.all.hand_out().empty());
  (void)p.all.listen({1});
  (void)p.one("open");
}

TEST(a_system_that_the_listener_does_not_reach_is_not_asked_of_it) {
  play p;
  (void)p.all.listen({9});
  p.all.want({alice}, t0);
  for (const auto& w : p.work()) TEST_ASSERT_TRUE(w.of.system == 9);
}

TEST(what_the_list_has_and_nobody_wants_is_taken_back) {
  play p;
  p.listen();
  p.give();
  TEST_ASSERT_TRUE(p.all.listed(p.list, {bob}, false, t0).found.empty());
  auto strays = p.all.listed(p.list, {alice}, true, t0);
  TEST_ASSERT_TRUE(strays.found == std::vector<membership>{bob});
  TEST_ASSERT_TRUE(p.one("close").of == bob);
  TEST_ASSERT_TRUE(p.all.settled(alice));
  TEST_ASSERT_FALSE(p.all.listed(p.list, {}, true, t0).known);  // told once
}

TEST(what_was_given_and_is_not_in_the_list_is_given_again_and_opens_nothing_new_until_then) {
  play p;
  p.listen();
  p.give();
  p.all.listed(p.list, {}, true, t0);
  TEST_ASSERT_FALSE(p.all.settled(alice));
  auto w = p.one("open");
  TEST_ASSERT_TRUE(p.all.done(w.number));
  TEST_ASSERT_TRUE(p.all.settled(alice));
  TEST_ASSERT_TRUE(p.work().empty());
}

TEST(a_list_without_end_is_not_believed) {
  play p;
  p.listen();
  std::vector<membership> part;
  for (daemon::text_id i = 0; i < 1000; ++i) part.push_back({1, i, 3});
  size_t told = 0;
  memberships::strays last;
  for (daemon::text_id role = 1; !last.too_long; ++role) {
    for (membership& m : part) m.role = role;
    last = p.all.listed(p.list, part, false, t0);
    TEST_ASSERT_TRUE(last.known);
    told += part.size();
    TEST_ASSERT_TRUE(told <= daemon::most_memberships + part.size());
  }
  TEST_ASSERT_TRUE(told > daemon::most_memberships);
  TEST_ASSERT_FALSE(p.all.listed(p.list, {}, true, t0).known);  // nor what comes after it
  TEST_ASSERT_TRUE(p.all.all().empty());
}

TEST(of_the_store_what_is_not_wanted_is_taken_back) {
  play p;
  p.all.load(alice, true, t0);
  p.all.load(bob, false, t0);
  TEST_ASSERT_TRUE(p.all.settled(alice));
  TEST_ASSERT_FALSE(p.all.settled(bob));
  p.all.want({bob}, t0);
  (void)p.all.listen({1});
  int opens = 0;
  int closes = 0;
  for (const auto& w : p.work()) {
    if (w.of == bob) opens += std::string(w.step) == "open";
    if (w.of == alice) closes += std::string(w.step) == "close";
  }
  TEST_ASSERT_EQUAL_INT(1, opens);
  TEST_ASSERT_EQUAL_INT(1, closes);
}

TEST(left_over_within_the_second_or_at_the_first_failure_and_told_once) {
  play p;
  p.listen();
  p.give();
  p.all.want({}, t0);
  TEST_ASSERT_TRUE(p.all.next_overdue() == after(900));
  TEST_ASSERT_TRUE(p.all.overdue(after(899)).empty());
  TEST_ASSERT_TRUE(p.all.overdue(after(900)) == std::vector<membership>{alice});
  TEST_ASSERT_TRUE(p.all.overdue(after(5000)).empty());
  TEST_ASSERT_FALSE(p.all.next_overdue().has_value());
  TEST_ASSERT_TRUE(p.all.done(p.one("close").number));
  TEST_ASSERT_FALSE(p.all.find(alice)->leftover);

  play q;
  q.listen();
  q.give();
  q.all.want({}, t0);
  TEST_ASSERT_TRUE(q.all.failed(q.one("close").number, "the server is away"));
  TEST_ASSERT_TRUE(q.all.overdue(after(1)) == std::vector<membership>{alice});
}

}  // namespace grantd::test
