// SPDX-License-Identifier: Apache-2.0
// One step at a time, the last word counts, failures come again later and later.
#include "provision/queue.h"

#include "support/unity.h"

namespace grantd::test {
namespace {

using provision::queue;
using provision::work;

base::boot_time at(int64_t seconds) { return {seconds * base::ns_per_s}; }
work open_one(uint64_t n, const char* account = "alice") { return {n, "open", {account, "reader"}}; }
work close_one(uint64_t n, const char* account = "alice") { return {n, "close", {account, "reader"}}; }
uint64_t begun(queue& q, int64_t now) {
  auto w = q.begin(at(now));
  return w ? w->number : 0;
}

}  // namespace

TEST(steps_run_one_at_a_time_in_the_order_they_came) {
  queue q;
  q.put(open_one(1));
  q.put(open_one(2, "bob"));
  TEST_ASSERT_EQUAL_INT(1, begun(q, 0));
  TEST_ASSERT_EQUAL_INT(0, begun(q, 0));
  TEST_ASSERT_FALSE(q.next().has_value());
  q.finished(true, at(0));
  TEST_ASSERT_EQUAL_INT(2, begun(q, 0));
  q.finished(true, at(0));
  TEST_ASSERT_EQUAL_INT(0, begun(q, 99));
}

TEST(what_waits_is_replaced_by_the_last_word_about_the_same_membership) {
  queue q;
  q.put(open_one(1));
  q.put(open_one(2, "bob"));
  q.put(close_one(3));
  TEST_ASSERT_EQUAL_INT(2, begun(q, 0));
  q.finished(true, at(0));
  TEST_ASSERT_EQUAL_INT(3, begun(q, 0));
  q.finished(true, at(0));
  TEST_ASSERT_EQUAL_INT(0, begun(q, 0));
}

TEST(a_failure_is_tried_again_later_and_later_and_a_success_is_not) {
  queue q;
  q.put(open_one(1));
  int64_t now = 0;
  for (int64_t wait : {1, 2, 4, 8, 16, 32, 60, 60}) {
    TEST_ASSERT_EQUAL_INT(1, begun(q, now));
    q.finished(false, at(now));
    TEST_ASSERT_EQUAL_INT(0, begun(q, now + wait - 1));
    TEST_ASSERT_TRUE(q.next() == at(now + wait));
    now += wait;
  }
  TEST_ASSERT_EQUAL_INT(1, begun(q, now));
  q.finished(true, at(now));
  TEST_ASSERT_EQUAL_INT(0, begun(q, now + 1000));
}

TEST(what_failed_does_not_hold_up_the_others) {
  queue q;
  q.put(close_one(1));
  TEST_ASSERT_EQUAL_INT(1, begun(q, 0));
  q.finished(false, at(0));
  q.put(close_one(2, "bob"));
  TEST_ASSERT_EQUAL_INT(2, begun(q, 0));
}

TEST(a_failure_that_nobody_wants_any_more_is_not_tried_again) {
  queue q;
  q.put(open_one(1));
  TEST_ASSERT_EQUAL_INT(1, begun(q, 0));
  q.put(close_one(2));
  q.finished(false, at(0));
  TEST_ASSERT_EQUAL_INT(2, begun(q, 0));
  q.finished(true, at(0));
  TEST_ASSERT_EQUAL_INT(0, begun(q, 99));
}

TEST(cleared_nothing_is_left_but_what_runs_and_that_is_not_tried_again) {
  queue q;
  q.put(open_one(1));
  q.put(open_one(2, "bob"));
  TEST_ASSERT_EQUAL_INT(1, begun(q, 0));
  q.clear();
  TEST_ASSERT_TRUE(q.busy());
  q.finished(false, at(0));
  TEST_ASSERT_EQUAL_INT(0, begun(q, 99));
}

}  // namespace grantd::test
