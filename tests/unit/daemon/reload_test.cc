// SPDX-License-Identifier: Apache-2.0
// A policy that is taken over, and one that is only tried: what it ends, and when that is said.
#include "asking.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr char brake[] = "[rule.brake]\nwho = \"alice\"\nresource = \"*\"\ndeny = true\n";

std::string in_an_hour(const asking& w) {
  return R"(,"from_us":)" + std::to_string(w.clock.now.utc.us + 3600'000'000);
}

}  // namespace

TEST(a_policy_that_takes_the_right_to_ask_ends_grants_and_requests) {
  asking w;
  std::string open = w.request("alice", "replica");
  std::string waits = w.request();
  TEST_ASSERT_EQUAL_INT(1, w.grants());
  w.load(rules(brake).c_str());
  w.turn();
  TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
  TEST_ASSERT_EQUAL_STRING("denied", w.state(waits));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_window_ahead_ends_with_a_policy_that_would_not_give_it) {
  asking w;
  const int64_t at = w.clock.now.utc.us + 3600'000'000;
  std::string id = w.request("alice", "replica", R"(,"from_us":)" + std::to_string(at));
  TEST_ASSERT_EQUAL_INT(1, w.grants());
  w.load(w.policy.c_str());
  w.turn();
  TEST_ASSERT_EQUAL_INT(1, w.grants());  // the same policy again
  std::string stricter = w.policy;
  stricter.replace(stricter.find("approvals = 0\nquota = 3"), 23, "approvals = { count = 1, by = \"bob\" }");
  w.load(stricter.c_str());
  w.turn();
  TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_reload_that_is_only_tried_says_what_would_end_and_ends_nothing) {
  asking w;
  (void)w.request("alice", "replica");
  std::string waits = w.request();
  auto lost = w.core->lost_by(*read(rules(brake)));
  TEST_ASSERT_EQUAL_INT(1, lost.grants.size());
  TEST_ASSERT_EQUAL_INT(1, lost.requests.size());
  w.turn();
  TEST_ASSERT_EQUAL_INT(1, w.grants());
  TEST_ASSERT_EQUAL_STRING("pending", w.state(waits));
}

// The name service is away, or not there yet after a boot: that takes nothing away, and opens nothing.
TEST(a_unix_group_that_is_not_known_now_ends_nothing_and_opens_nothing) {
  asking w;
  const std::string asked_for = "\n[rule.replica]\nwho = \"*\"";
  const std::string by = "[rule.orders]\nwho = [\"alice\", \"bot\"]";
  (void)w.request("alice", "replica");
  const std::string waits = w.request();
  const std::string text = w.text(waits);
  const std::string ahead = w.request("alice", "orders-db", in_an_hour(w));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", ahead, bob_key)));
  auto with = [&](const std::string& who, const std::string& approvers) {
    std::string changed = w.policy;
    changed.replace(changed.find(asked_for), asked_for.size(), "\n[rule.replica]\nwho = " + who);
    changed.replace(changed.find(by), by.size(), "[rule.orders]\nwho = " + who);
    const std::string count = "count = 1, by = [\"group:dba\"]";
    changed.replace(changed.find(count), count.size(), "count = 1, by = " + approvers);
    w.load(changed.c_str());
    TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
    w.turn();
  };
  with("\"unix:dba\"", "[\"unix:dba\", \"dave\"]");
  TEST_ASSERT_EQUAL_INT(2, w.grants());
  TEST_ASSERT_EQUAL_STRING("pending", w.state(waits));
  TEST_ASSERT_EQUAL_STRING("NoRule",
                           short_error(w.ask("alice", "Request", R"({"resource":"replica","reason":"x"})")));
  TEST_ASSERT_FALSE(w.approve_text("carol", waits, carol_key, text).ok());
  // Another rule with such a group keeps nobody whom their own rule lets go.
  w.policy += "[rule.old]\nwho = \"unix:gone\"\nresource = \"*\"\napprovals = 0\n";
  with("\"bot\"", "[\"group:dba\"]");
  TEST_ASSERT_EQUAL_INT(0, w.grants());
  TEST_ASSERT_EQUAL_STRING("denied", w.state(waits));
}

TEST(a_reload_is_answered_when_what_it_ends_is_out) {
  asking w;
  (void)w.request("alice", "replica");
  w.policy_on_disk = rules(brake);
  daemon::session root{.uid = 0};
  daemon::call c{.method = "org.grantd.Access.ReloadPolicy", .parameters = *daemon::json::parse("{}")};
  TEST_ASSERT_FALSE(daemon::dispatch(*w.core, root, w.heard, c, 5).has_value());
  TEST_ASSERT_EQUAL_INT(1, w.grants());  // not yet: nobody may be told so
  auto answers = w.core->turn();
  TEST_ASSERT_EQUAL_INT(1, answers.size());
  TEST_ASSERT_EQUAL_STRING("", short_error(answers.front().answer));
  TEST_ASSERT_EQUAL_INT(1, answers.front().answer.parameters.find("ends")->items()->size());
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_reload_whose_ends_do_not_hold_is_an_error) {
  asking w;
  (void)w.request("alice", "replica");
  w.policy_on_disk = rules(brake);
  // The table cannot be replaced: its name is a directory that is not empty.
  const std::string table = w.dir / "run/windows";
  std::filesystem::remove(table);
  std::filesystem::create_directories(table + "/x");
  auto r = w.root("ReloadPolicy");
  TEST_ASSERT_EQUAL_STRING("NoTable", short_error(r));
  TEST_ASSERT_TRUE(member(r.parameters, "message").find("NOT out") != std::string::npos);
}

TEST(a_bad_or_a_tried_policy_is_answered_at_once_and_changes_nothing) {
  asking w;
  (void)w.request("alice", "replica");
  w.policy_on_disk = rules(brake);
  auto r = w.root("ReloadPolicy", R"({"dry_run":true})");
  TEST_ASSERT_EQUAL_INT(1, r.parameters.find("ends")->items()->size());
  w.policy_on_disk = "x";
  r = w.root("ReloadPolicy");
  TEST_ASSERT_FALSE(*r.parameters.find("ok")->boolean());
  TEST_ASSERT_EQUAL_INT(1, w.grants());
}

TEST(who_reads_the_policy_again_is_counted_whatever_came_of_it) {
  asking w;
  const uint64_t before = w.core->readings();
  w.policy_on_disk = w.policy;
  (void)w.root("ReloadPolicy", R"({"dry_run":true})");
  TEST_ASSERT_EQUAL_UINT64(before, w.core->readings());
  (void)w.root("ReloadPolicy");
  w.policy_on_disk = "x";
  (void)w.root("ReloadPolicy");
  TEST_ASSERT_EQUAL_UINT64(before + 2, w.core->readings());
}

TEST(a_window_ahead_is_lost_with_the_key_that_approved_it_and_a_try_says_so) {
  asking w;
  const std::string id = w.request("alice", "orders-db", in_an_hour(w));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("carol", id, carol_key)));
  TEST_ASSERT_EQUAL_INT(0, w.core->lost_by(*read(w.policy)).grants.size());
  std::string other = w.policy;
  other.replace(other.find(key_line(carol_key)), key_line(carol_key).size(), key_line(strangers_key));
  TEST_ASSERT_EQUAL_INT(1, w.core->lost_by(*read(other)).grants.size());
  TEST_ASSERT_EQUAL_INT(1, w.grants());
  w.load(other.c_str());
  w.turn();
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(how_long_requests_wait_ends_no_window_that_was_given) {
  asking w(night_shift);
  (void)w.request("alice", "night", R"(,"for_us":7200000000)" + in_an_hour(w));
  for (int64_t hours : {1, 72}) {
    w.core->set_pending_us(hours * 3600'000'000);
    w.load(w.policy.c_str());
    w.turn();
    TEST_ASSERT_EQUAL_INT(1, w.grants());
  }
  std::string shorter = w.policy;
  shorter.replace(shorter.rfind("max = \"2h\""), 10, "max = \"1h\"");
  w.load(shorter.c_str());
  w.turn();
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}
