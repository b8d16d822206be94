// SPDX-License-Identifier: Apache-2.0
// A window that had begun before a reboot stays begun while it waits for a clock that is behind: its mapping
// is of the boot before, and must not make it one of those ahead, which a stricter policy ends.
#include "unit/daemon/asking.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr int64_t day = 86400;

// Alice still may ask for the replica, only no longer by herself.
std::string stricter(std::string policy) {
  const std::string alone = "approvals = 0\nquota = 3";
  return policy.replace(policy.find(alone), alone.size(), "approvals = { count = 1, by = \"bob\" }");
}

size_t left_after_reboot(asking& w) {
  w.clock.pass(61);
  w.turn();
  w.kill();
  w.clock.step(-day);
  w.clock.now.boot = {5 * base::ns_per_s};
  w.restart(w.policy.c_str(), true);
  TEST_ASSERT_EQUAL_INT(1, w.grants());
  TEST_ASSERT_FALSE(w.allowed());  // the clock is behind
  w.load(stricter(w.policy).c_str());
  w.turn();
  TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
  return w.grants();
}

}  // namespace

TEST(what_had_begun_before_a_reboot_is_not_ahead_while_it_waits_for_the_clock) {
  asking w;
  (void)w.request("alice", "replica");
  TEST_ASSERT_EQUAL_INT(1, left_after_reboot(w));
}

TEST(what_had_not_begun_before_a_reboot_is_ahead_while_it_waits_for_the_clock) {
  asking w;
  const int64_t at = w.clock.now.utc.us + 3600 * base::us_per_s;
  (void)w.request("alice", "replica", R"(,"from_us":)" + std::to_string(at));
  TEST_ASSERT_EQUAL_INT(0, left_after_reboot(w));
}
