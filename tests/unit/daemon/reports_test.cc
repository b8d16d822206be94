// SPDX-License-Identifier: Apache-2.0
// What a reporter may say, and how much of it is kept.
#include "daemon/reports.h"

#include "daemon/roster.h"
#include "support/unity.h"

using namespace grantd;
using namespace grantd::daemon;

namespace {
wire::report at(uint8_t point, std::string_view place) {
  wire::report r{};
  r.outcome = wire::outcome::denied;
  r.proved_by = 2;
  r.point = point;
  r.place = place;
  r.name = "alice";
  return r;
}
}  // namespace

TEST(reporters_speak_for_their_own_login_points_only) {
  reporters known{{105, {"main", "test"}}};
  TEST_ASSERT_TRUE(may_report(known, 0, at(1, "sshd")));
  TEST_ASSERT_FALSE(may_report(known, 0, at(2, "main")));
  TEST_ASSERT_TRUE(may_report(known, 105, at(2, "test")));
  TEST_ASSERT_FALSE(may_report(known, 105, at(2, "other")));
  TEST_ASSERT_FALSE(may_report(known, 105, at(1, "sshd")));
  TEST_ASSERT_FALSE(may_report(known, 1001, at(2, "main")));
  TEST_ASSERT_FALSE(may_report(known, 1001, at(1, "sshd")));
}

TEST(enders_speak_for_their_own_login_points_only) {
  reporters known{{105, {"main"}}};
  wire::presence p{};
  p.point = 2;
  p.place = "main";
  TEST_ASSERT_TRUE(may_report(known, 105, p));
  TEST_ASSERT_FALSE(may_report(known, 0, p));
  TEST_ASSERT_FALSE(may_report(known, 1001, p));
  p.place = "other";
  TEST_ASSERT_FALSE(may_report(known, 105, p));
  p.point = 1;
  TEST_ASSERT_TRUE(may_report(known, 0, p));
  TEST_ASSERT_FALSE(may_report(known, 105, p));
}

TEST(a_flood_of_reports_is_cut_to_its_rate) {
  rate r(100, 10);
  unsigned taken = 0;
  for (int i = 0; i < 10000; ++i) taken += r.take({base::ns_per_s}) ? 1 : 0;
  TEST_ASSERT_EQUAL_INT(100, taken);
  for (int i = 0; i < 10000; ++i) taken += r.take({3 * base::ns_per_s}) ? 1 : 0;
  TEST_ASSERT_EQUAL_INT(120, taken);
}

TEST(the_last_reports_are_kept_and_no_more) {
  seen_log log;
  for (unsigned i = 0; i < 1000; ++i) log.add(i, 0, at(1, "sshd"));
  TEST_ASSERT_EQUAL_INT(max_seen, log.newest(100000).items()->size());
  TEST_ASSERT_EQUAL_INT64(999, *log.newest(1).items()->front().find("at_us")->integer());
}

TEST(a_uid_that_changed_hands_speaks_for_nobody) {
  roster r;
  auto p = std::make_shared<policy::policy>();
  p->people["alice"].name = "alice";
  p->people["bob"].name = "bob";
  uid_map first;
  first.people[1001] = {"alice", "alice"};
  TEST_ASSERT_TRUE(r.take(p, first).empty());
  TEST_ASSERT_EQUAL_STRING("alice", r.person_of(1001));
  uid_map second;
  second.people[1001] = {"bob", "bob"};
  TEST_ASSERT_EQUAL_INT(1, r.take(p, second).size());
  TEST_ASSERT_EQUAL_STRING("", r.person_of(1001));
}
