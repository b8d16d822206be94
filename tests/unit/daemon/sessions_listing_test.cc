// SPDX-License-Identifier: Apache-2.0
// Sessions: whose they are, what covers them now, and who may look.
#include "daemon/sessions.h"
#include "support/unity.h"
#include "world.h"

using namespace grantd;
using namespace grantd::test;
using wire::presence_state;

namespace {

constexpr uid_t postgres = 105;

// alice in psql, by the world's policy.
wire::presence psql(const world& w, uint64_t number = 1) {
  wire::presence p{};
  p.state = presence_state::live;
  p.proved_by = 2;
  p.point = 2;
  p.access = 1;
  p.run = 7;
  p.number = number;
  p.grant = 0;
  p.since_ns = w.clock.now.boot.ns + static_cast<int64_t>(number);
  p.until_ns = w.clock.now.boot.ns + 10 * base::ns_per_s;
  p.pid = 4711;
  p.name = p.role = "alice";
  p.place = "main";
  p.database = "orders";
  p.remote = "192.0.2.7";
  return p;
}

void hear(world& w, const wire::presence& p) {
  TEST_ASSERT_TRUE(w.heard.inside.hear(w.clock.now, p.point == 1 ? 0 : postgres, p));
}

std::vector<daemon::json::value> list(world& w, const std::string& parameters = "{}") {
  auto r = w.root("Sessions", parameters);
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  return *r.parameters.find("sessions")->items();
}

daemon::json::value only(world& w) {
  auto all = list(w);
  TEST_ASSERT_EQUAL_UINT64(1, all.size());
  return all.front();
}

}  // namespace

TEST(a_live_session_is_shown_with_the_grant_that_covers_it_now) {
  world w;
  std::string id = w.grant(3600);
  hear(w, psql(w));
  auto s = only(w);
  TEST_ASSERT_EQUAL_STRING("alice", member(s, "person"));
  TEST_ASSERT_EQUAL_STRING("pg:alice", member(s, "account"));
  TEST_ASSERT_EQUAL_STRING("pg:main/orders", member(s, "login_point"));
  TEST_ASSERT_EQUAL_STRING("alice", member(s, "role"));
  TEST_ASSERT_EQUAL_STRING("read-only", member(s, "access"));
  TEST_ASSERT_EQUAL_STRING("live", member(s, "state"));
  TEST_ASSERT_EQUAL_STRING(id, member(s, "grant"));
  TEST_ASSERT_EQUAL_STRING("192.0.2.7", member(s, "remote"));
  TEST_ASSERT_EQUAL_STRING("0000000000000007", member(s, "run"));
  TEST_ASSERT_EQUAL_INT64(1, number(s, "number"));
  TEST_ASSERT_EQUAL_INT64(postgres, number(s, "reporter"));
  // Not the ten seconds that its ender said.
  TEST_ASSERT_EQUAL_INT64(3600 * base::us_per_s, number(s, "left_us"));
  TEST_ASSERT_EQUAL_INT64(w.clock.now.utc.us + 3600 * base::us_per_s, number(s, "until_us"));
}

TEST(a_second_grant_and_an_extension_move_the_end_that_is_shown) {
  world w;
  (void)w.grant(600);
  hear(w, psql(w));
  std::string longer = w.grant(3600);
  auto s = only(w);
  TEST_ASSERT_EQUAL_STRING(longer, member(s, "grant"));
  TEST_ASSERT_EQUAL_INT64(3600 * base::us_per_s, number(s, "left_us"));
  (void)w.root("Revoke", R"({"id":")" + longer + "\"}");
  TEST_ASSERT_EQUAL_INT64(600 * base::us_per_s, number(only(w), "left_us"));
}

TEST(a_live_session_that_nothing_covers_is_ending) {
  world w;
  std::string id = w.grant(3600);
  auto p = psql(w);
  p.grant = 32768;
  hear(w, p);
  (void)w.root("Revoke", R"({"person":"alice"})");
  auto s = only(w);
  TEST_ASSERT_EQUAL_STRING("ending", member(s, "state"));
  TEST_ASSERT_EQUAL_INT64(0, number(s, "left_us"));
  TEST_ASSERT_TRUE(number(s, "until_us") <= w.clock.now.utc.us);
}

TEST(a_session_that_reads_and_writes_is_not_covered_by_a_window_that_only_reads) {
  world w;
  (void)w.grant(3600);
  auto p = psql(w);
  p.access = 2;
  hear(w, p);
  TEST_ASSERT_EQUAL_STRING("ending", member(only(w), "state"));
}

TEST(a_session_that_reads_keeps_its_window_when_one_that_writes_opens_and_ends_sooner) {
  world w;
  w.load((std::string(usual_policy) +
          "[resource.all-db]\nlogin_points = [\"pg:main/*\"]\naccess = \"read-write\"\n")
             .c_str());
  std::string reads = w.grant(3600);
  auto r = w.root("Grant", R"({"person":"alice","resource":"all-db","for_us":600000000})");
  TEST_ASSERT_EQUAL_STRING("read-write", member(*r.parameters.find("grant"), "access"));
  hear(w, psql(w));
  auto s = only(w);
  TEST_ASSERT_EQUAL_STRING(reads, member(s, "grant"));
  TEST_ASSERT_EQUAL_INT64(3600 * base::us_per_s, number(s, "left_us"));
}

TEST(a_shell_has_one_access_so_any_window_keeps_it) {
  world w;
  w.load(R"(
[person.alice]
os = "alice"
pg = "alice"
[resource.both]
login_points = ["pam:sshd", "pg:main/orders"]
pam_access = "full"
access = "read-write"
)");
  auto r = w.root("Grant", R"({"person":"alice","resource":"both","for_us":600000000})");
  TEST_ASSERT_EQUAL_STRING("read-write", member(*r.parameters.find("grant"), "access"));
  r = w.root("Grant", R"({"person":"alice","resource":"both","for_us":3600000000,"read_only":true})");
  const std::string longer = member(*r.parameters.find("grant"), "id");
  r = w.root("Check", R"({"account":"os:alice","login_point":"pam:sshd"})");
  TEST_ASSERT_EQUAL_STRING(longer, member(r.parameters, "grant"));
  TEST_ASSERT_EQUAL_INT64(w.clock.now.utc.us + 3600 * base::us_per_s, number(r.parameters, "until_us"));
  auto p = psql(w);
  p.proved_by = p.point = 1;
  p.access = 2;  // from before shells had one
  p.place = "sshd";
  p.database = p.role = "";
  hear(w, p);
  TEST_ASSERT_EQUAL_STRING(longer, member(only(w), "grant"));
  w.clock.pass(601);
  w.turn();
  hear(w, p);
  TEST_ASSERT_EQUAL_STRING("live", member(only(w), "state"));
}

TEST(a_session_elsewhere_is_not_covered) {
  world w;
  (void)w.grant(3600);
  auto p = psql(w);
  p.database = "other";
  hear(w, p);
  p = psql(w, 2);
  p.replication = true;
  hear(w, p);
  for (const auto& s : list(w)) TEST_ASSERT_EQUAL_STRING("ending", member(s, "state"));
}

TEST(a_shell_is_never_called_read_only) {
  world w;
  auto p = psql(w);
  p.proved_by = p.point = 1;
  p.place = "sshd";
  p.database = p.role = "";
  hear(w, p);
  TEST_ASSERT_EQUAL_STRING("full", member(only(w), "access"));
}

TEST(a_silent_session_is_shown_as_one_that_may_still_be_inside) {
  world w;
  std::string id = w.grant(3600);
  hear(w, psql(w));
  w.clock.pass(36);
  auto s = only(w);
  TEST_ASSERT_EQUAL_STRING("silent", member(s, "state"));
  TEST_ASSERT_EQUAL_STRING(id, member(s, "grant"));
  TEST_ASSERT_EQUAL_INT64(w.clock.now.utc.us - 36 * base::us_per_s, number(s, "heard_us"));
}

TEST(leftovers_and_ungated_ones_come_first_and_the_oldest_before_the_newer) {
  world w;
  (void)w.grant(3600);
  hear(w, psql(w, 3));
  hear(w, psql(w, 2));
  auto p = psql(w, 4);
  p.state = presence_state::ungated;
  p.until_ns = 0;
  hear(w, p);
  p = psql(w, 5);
  p.state = presence_state::leftover;
  p.cause = wire::presence_cause::expired;
  p.text = "a prepared transaction";
  hear(w, p);
  auto all = list(w);
  TEST_ASSERT_EQUAL_UINT64(4, all.size());
  TEST_ASSERT_EQUAL_STRING("leftover", member(all[0], "state"));
  TEST_ASSERT_EQUAL_STRING("expired", member(all[0], "cause"));
  TEST_ASSERT_EQUAL_STRING("a prepared transaction", member(all[0], "text"));
  TEST_ASSERT_EQUAL_STRING("ungated", member(all[1], "state"));
  TEST_ASSERT_TRUE(all[1].find("until_us") == nullptr);
  TEST_ASSERT_EQUAL_INT64(2, number(all[2], "number"));
  TEST_ASSERT_EQUAL_INT64(3, number(all[3], "number"));
  all = list(w, R"({"limit":1})");
  TEST_ASSERT_EQUAL_UINT64(1, all.size());
  TEST_ASSERT_EQUAL_STRING("leftover", member(all[0], "state"));
  auto r = w.root("Sessions", R"({"limit":1})");
  TEST_ASSERT_EQUAL_INT64(4, number(r.parameters, "total"));
  TEST_ASSERT_EQUAL_INT64(0, number(r.parameters, "missed"));
}

TEST(leftovers_are_counted_in_status) {
  world w;
  TEST_ASSERT_EQUAL_INT64(0, number(*w.root("Status").parameters.find("daemon"), "leftovers"));
  auto p = psql(w);
  p.state = presence_state::leftover;
  p.cause = wire::presence_cause::expired;
  hear(w, p);
  TEST_ASSERT_EQUAL_INT64(1, number(*w.root("Status").parameters.find("daemon"), "leftovers"));
}

TEST(people_see_their_own_sessions_and_those_with_the_right_see_everybodys) {
  world w;
  (void)w.grant(3600);
  hear(w, psql(w));
  auto p = psql(w, 2);
  p.name = p.role = "bob";
  hear(w, p);
  p = psql(w, 3);
  p.name = p.role = "nobody";
  hear(w, p);
  auto count = [](const daemon::reply& r) { return r.parameters.find("sessions")->items()->size(); };
  TEST_ASSERT_EQUAL_UINT64(3, list(w).size());
  TEST_ASSERT_EQUAL_UINT64(3, count(w.ask("dave", "Sessions")));
  auto own = w.ask("alice", "Sessions");
  TEST_ASSERT_EQUAL_UINT64(1, count(own));
  TEST_ASSERT_EQUAL_INT64(1, number(own.parameters, "total"));
  TEST_ASSERT_EQUAL_STRING("alice", member(own.parameters.find("sessions")->items()->front(), "person"));
  TEST_ASSERT_EQUAL_UINT64(1, count(w.ask("bob", "Sessions", R"({"person":"bob"})")));
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask("bob", "Sessions", R"({"person":"alice"})")));
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask(uid_t{5555}, "Sessions")));
  TEST_ASSERT_EQUAL_UINT64(1, list(w, R"({"person":"alice@example.com"})").size());
}

TEST(an_account_the_policy_no_longer_names_is_its_grants_persons) {
  world w;
  std::string id = w.grant(3600);
  auto p = psql(w);
  p.grant = w.core->grants().open().begin()->first;
  hear(w, p);
  w.load(R"(
[person.alice]
email = "alice@example.com"
[person.carol]
pg = "carol"
[resource.orders-db]
login_points = ["pg:main/orders"]
)");
  w.turn();
  auto s = only(w);
  TEST_ASSERT_EQUAL_STRING("alice", member(s, "person"));
  TEST_ASSERT_EQUAL_STRING("ending", member(s, "state"));
}

TEST(a_locked_store_shows_the_ends_that_enders_keep) {
  world w;
  (void)w.grant(3600);
  w.kill();
  std::filesystem::remove(w.dir / "anchor");
  w.restart();
  TEST_ASSERT_TRUE(w.core->truth().locked() != store::lock_reason::none);
  hear(w, psql(w));
  auto s = only(w);
  TEST_ASSERT_EQUAL_STRING("live", member(s, "state"));
  TEST_ASSERT_EQUAL_INT64(10 * base::us_per_s, number(s, "left_us"));
}
