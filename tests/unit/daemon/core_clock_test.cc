// SPDX-License-Identifier: Apache-2.0
// The clock's cases of DESIGN section 5, seen at the published table.
#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {
constexpr int64_t hour = 3600;
constexpr char bob_too[] = R"({"person":"bob","resource":"orders-db"})";
}  // namespace

TEST(an_hour_is_an_hour_when_the_clock_is_set_back) {
  world w;
  w.clock.now.synchronised = false;
  w.grant(hour);
  w.clock.pass(600);
  w.clock.step(-2 * hour);
  w.turn();
  TEST_ASSERT_TRUE(w.allowed());
  w.clock.pass(3000);
  TEST_ASSERT_FALSE(w.allowed());
  w.turn();
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(a_forward_step_ends_what_is_over_by_the_wall_clock) {
  world w;
  std::string id = w.grant(hour);
  w.clock.step(3 * hour);  // a VM that was paused, then set right
  w.turn();
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("expired", w.state_of(id));
  w.clock.step(-3 * hour);
  w.turn();
  TEST_ASSERT_FALSE(w.allowed());  // reached once, reached for good
  w.restart();
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(a_future_window_does_not_open_early_by_an_unsynchronised_step) {
  world w;
  w.clock.now.synchronised = false;
  int64_t from = w.clock.now.utc.us + 10 * hour * base::us_per_s;
  w.grant(hour, ",\"from_us\":" + std::to_string(from));
  w.clock.step(10 * hour + 60);
  w.turn();
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(a_future_window_follows_a_synchronised_forward_step) {
  world w;
  int64_t from = w.clock.now.utc.us + 10 * hour * base::us_per_s;
  w.grant(hour, ",\"from_us\":" + std::to_string(from));
  w.clock.step(10 * hour + 60);
  w.turn();
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(a_step_that_was_made_durable_holds_after_a_restart) {
  world w;
  w.clock.now.synchronised = false;
  w.grant(hour);
  w.clock.step(1800);
  w.turn();
  auto until = w.lookup().until;
  TEST_ASSERT_EQUAL_INT64(w.clock.now.boot.ns + 1800 * base::ns_per_s, until.ns);
  w.clock.step(-1800);
  w.restart();
  TEST_ASSERT_EQUAL_INT64(until.ns, w.lookup().until.ns);
}

TEST(another_boot_maps_open_windows_to_its_own_clock) {
  world w;
  w.grant(hour);
  w.clock.pass(600);
  w.clock.now.boot = {50 * base::ns_per_s};
  w.restart(usual_policy, true);
  const auto* g = &w.core->grants().open().begin()->second;
  TEST_ASSERT_TRUE(g->in_force);
  TEST_ASSERT_EQUAL_INT64((50 + 3000) * base::ns_per_s, g->mapped.end.ns);
}

TEST(a_boot_with_a_clock_behind_opens_nothing_until_it_is_right) {
  world w;
  std::string id = w.grant(hour);
  w.clock.pass(600);
  w.turn();
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.now.synchronised = false;
  w.clock.step(-24 * hour);
  w.restart(usual_policy, true);
  TEST_ASSERT_FALSE(w.core->grants().open().begin()->second.in_force);
  TEST_ASSERT_EQUAL_STRING("ClockBehind", short_error(w.root("Grant", bob_too)));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Revoke", R"({"person":"alice","reason":"x"})")));
  TEST_ASSERT_EQUAL_STRING("revoked", w.state_of(id));
  w.clock.step(24 * hour);
  w.clock.now.synchronised = true;
  w.turn();
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Grant", bob_too)));
}

TEST(a_clock_that_was_behind_is_not_believed_for_merely_reading_later) {
  world w;
  w.grant(hour);
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.now.synchronised = false;
  w.clock.step(-24 * hour);
  w.restart(usual_policy, true);
  w.clock.step(24 * hour + 600);
  w.turn();
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_TRUE(*w.root("Clock").parameters.find("behind")->boolean());
  TEST_ASSERT_EQUAL_STRING("ClockBehind", short_error(w.root("Grant", bob_too)));
  w.clock.now.synchronised = true;
  w.turn();
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(one_window_that_ended_elsewhere_does_not_keep_the_others_mapping_from_the_disk) {
  world w;
  w.clock.now.synchronised = false;
  w.grant(hour);
  w.root("Grant", bob_too);
  store::store& truth = w.core->truth();
  TEST_ASSERT_TRUE(truth.begin().has_value());
  uint64_t alices = w.core->grants().open().begin()->first;
  TEST_ASSERT_TRUE(truth.end_grant(alices, store::state::revoked, "x", "", w.clock.now.utc).has_value());
  TEST_ASSERT_TRUE(truth.commit(true).has_value());
  w.clock.step(1800);
  w.turn();
  auto until = w.lookup("bob").until;
  TEST_ASSERT_FALSE(w.core->troubled());
  w.clock.step(-1800);
  w.restart();
  TEST_ASSERT_EQUAL_INT64(until.ns, w.lookup("bob").until.ns);
}

TEST(windows_that_waited_for_the_clock_open_when_it_is_right) {
  world w;
  w.grant(hour);
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.now.synchronised = false;
  w.clock.step(-24 * hour);
  w.restart(usual_policy, true);
  w.clock.pass(10);
  w.clock.step(24 * hour);
  w.clock.now.synchronised = true;
  w.turn();
  const auto& g = w.core->grants().open().begin()->second;
  TEST_ASSERT_TRUE(g.in_force);
  TEST_ASSERT_EQUAL_INT64((60 + hour - 10) * base::ns_per_s, g.mapped.end.ns);
}

TEST(a_clock_behind_is_accepted_by_root_only) {
  world w;
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.now.synchronised = false;
  w.clock.step(-24 * hour);
  w.restart(usual_policy, true);
  TEST_ASSERT_TRUE(*w.root("Clock").parameters.find("behind")->boolean());
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask("carol", "AcceptClock")));
  auto r = w.root("AcceptClock");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_FALSE(*r.parameters.find("behind")->boolean());
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Grant", bob_too)));
  auto audit = w.root("Audit").parameters.print();
  TEST_ASSERT_TRUE(audit.find("clock-accept") != std::string::npos);
}

TEST(behind_in_the_same_boot_leaves_what_is_open_in_force) {
  world w;
  w.grant(hour);
  w.clock.pass(60);
  w.turn();
  w.clock.now.synchronised = false;
  w.clock.step(-24 * hour);
  w.restart();
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("ClockBehind", short_error(w.root("Grant", bob_too)));
}

TEST(one_boot_in_2036_does_not_outlive_its_windows) {
  world w;
  w.clock.now.synchronised = false;
  std::string id = w.grant(hour);
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.step(int64_t{10} * 366 * 24 * hour);
  w.restart(usual_policy, true);
  TEST_ASSERT_EQUAL_STRING("expired", w.state_of(id));
  w.clock.step(-int64_t{10} * 366 * 24 * hour);
  w.restart(usual_policy, true);
  TEST_ASSERT_EQUAL_STRING("expired", w.state_of(id));
}
