// SPDX-License-Identifier: Apache-2.0
// Grants and their ends through store and table, and what happens when either cannot be written.
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "daemon/answers.h"
#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

// Files of more than 16 KiB cannot be written while it lives: the store's log cannot, the small table can.
class no_room {
 public:
  no_room() {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit less = before_;
    less.rlim_cur = 16384;
    setrlimit(RLIMIT_FSIZE, &less);
  }
  ~no_room() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

std::string by_id(const std::string& id) { return R"({"id":")" + id + R"(","reason":"test"})"; }

}  // namespace

TEST(a_grant_lets_in_until_its_end_and_not_a_moment_longer) {
  world w;
  TEST_ASSERT_FALSE(w.allowed());
  std::string id = w.grant(60);
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_FALSE(w.allowed("bob"));
  w.clock.pass(59);
  TEST_ASSERT_TRUE(w.allowed());
  w.clock.pass(1);
  TEST_ASSERT_FALSE(w.allowed());
  w.turn();
  TEST_ASSERT_EQUAL_STRING("expired", w.state_of(id));
  TEST_ASSERT_EQUAL_INT(decision::reason::ended, w.lookup().why);
}

TEST(a_grant_for_later_waits_and_then_opens) {
  world w;
  int64_t from = w.clock.now.utc.us + 100 * base::us_per_s;
  std::string id = w.grant(60, ",\"from_us\":" + std::to_string(from));
  TEST_ASSERT_EQUAL_STRING("waiting", w.state_of(id));
  TEST_ASSERT_EQUAL_INT(decision::reason::not_yet, w.lookup().why);
  w.clock.pass(100);
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("open", w.state_of(id));
}

TEST(a_revocation_is_in_the_table_and_on_disk_when_it_is_acknowledged) {
  world w;
  std::string id = w.grant();
  auto r = w.root("Revoke", by_id(id));
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_TRUE(*r.parameters.find("durable")->boolean());
  TEST_ASSERT_EQUAL_INT(decision::reason::revoked, w.lookup().why);
  w.restart();  // nothing was left to be written
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("revoked", w.state_of(id));
  TEST_ASSERT_EQUAL_STRING("AlreadyEnded", short_error(w.root("Revoke", by_id(id))));
}

TEST(a_grant_survives_a_restart_with_the_end_it_had) {
  world w;
  w.grant(60);
  auto until = w.lookup().until;
  w.clock.pass(10);
  w.restart();
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_INT64(until.ns, w.lookup().until.ns);
}

TEST(one_that_ended_while_nobody_watched_is_expired_at_the_start) {
  world w;
  std::string id = w.grant(60);
  w.kill();
  w.clock.pass(61);
  w.restart();
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("expired", w.state_of(id));
}

TEST(revoke_by_person_ends_all_of_theirs_and_nobody_elses) {
  world w;
  w.grant();
  w.grant();
  w.root("Grant", R"({"person":"bob","resource":"orders-db"})");
  auto r = w.root("Revoke", R"({"person":"alice@example.com","reason":"left"})");
  TEST_ASSERT_EQUAL_INT(2, r.parameters.find("grants")->items()->size());
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_TRUE(w.allowed("bob"));
  r = w.root("Revoke", R"({"resource":"orders-db","reason":"night"})");
  TEST_ASSERT_EQUAL_INT(1, r.parameters.find("grants")->items()->size());
  TEST_ASSERT_FALSE(w.allowed("bob"));
}

TEST(a_grant_and_a_revocation_of_one_turn_are_both_done) {
  world w;
  std::string id = w.grant();
  daemon::open_request o;
  o.from = 1;
  o.person = "bob";
  o.resource = "orders-db";
  o.by = "root";
  w.core->submit(o);
  daemon::end_request e;
  e.from = 2;
  e.person = "alice";
  e.by = "root";
  w.core->submit(e);
  auto answers = w.core->turn();
  TEST_ASSERT_EQUAL_INT(2, answers.size());
  for (const auto& a : answers) TEST_ASSERT_TRUE(a.answer.ok());
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_TRUE(w.allowed("bob"));
}

TEST(the_33rd_window_of_an_account_is_refused_and_the_32_stay) {
  world w;
  for (int i = 0; i < 32; ++i) w.grant();
  auto r = w.root("Grant", R"({"person":"alice","resource":"orders-db"})");
  TEST_ASSERT_EQUAL_STRING("TooManyWindows", short_error(r));
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Grant", R"({"person":"bob","resource":"orders-db"})")));
  w.root("Revoke", R"({"person":"alice","reason":"x"})");
  TEST_ASSERT_FALSE(w.allowed());
  w.grant();
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(many_endings_of_one_account_still_publish) {
  world w;
  for (int i = 0; i < 100; ++i) {
    w.grant();
    w.root("Revoke", R"({"person":"alice","reason":"x"})");
  }
  w.grant();
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("", w.core->table().error());
}

TEST(endings_cost_one_record_for_each_account_and_point) {
  world w;
  for (int i = 0; i < 50; ++i) {
    w.grant();
    w.root("Revoke", R"({"person":"alice","reason":"x"})");
  }
  std::string last = w.grant();
  w.root("Revoke", by_id(last));
  w.root("Grant", R"({"person":"bob","resource":"orders-db"})");
  w.root("Revoke", R"({"person":"bob","reason":"x"})");
  TEST_ASSERT_EQUAL_INT(2, w.core->grants().ended_count());
  table::snapshot table;
  TEST_ASSERT_TRUE(table.open((w.dir / "run/windows").c_str()) == table::fault::none);
  TEST_ASSERT_EQUAL_INT(5, table.head().record_count);  // pg:alice, os:alice, pg:bob and two login points
  TEST_ASSERT_EQUAL_STRING(last, daemon::id_of(w.lookup().grant));
  w.restart();
  TEST_ASSERT_EQUAL_INT(2, w.core->grants().ended_count());
  TEST_ASSERT_EQUAL_STRING(last, daemon::id_of(w.lookup().grant));
  w.clock.pass(901);
  w.turn();
  TEST_ASSERT_EQUAL_INT(0, w.core->grants().ended_count());
}

TEST(what_ended_but_is_not_on_disk_is_all_in_the_table) {
  world w;
  std::string ids[] = {w.grant(), w.grant(), w.grant()};
  {
    no_room fault;
    for (const auto& id : ids)
      TEST_ASSERT_EQUAL_STRING("NotDurable", short_error(w.root("Revoke", by_id(id))));
    w.kill();
  }
  w.restart();
  TEST_ASSERT_FALSE(w.allowed());
  for (const auto& id : ids) TEST_ASSERT_EQUAL_STRING("revoked", w.state_of(id));
}

TEST(what_cannot_be_granted_says_why) {
  world w;
  auto error = [&](const char* parameters) { return short_error(w.root("Grant", parameters)); };
  TEST_ASSERT_EQUAL_STRING("NoSuchPerson", error(R"({"person":"mallory","resource":"orders-db"})"));
  TEST_ASSERT_EQUAL_STRING("NoSuchPerson", error(R"({"person":"ALICE","resource":"orders-db"})"));
  TEST_ASSERT_EQUAL_STRING("NoSuchPerson", error(R"({"person":"alice@REALM","resource":"orders-db"})"));
  TEST_ASSERT_EQUAL_STRING("NoSuchPerson", error(R"({"person":"-1","resource":"orders-db"})"));
  TEST_ASSERT_EQUAL_STRING("NoSuchResource", error(R"({"person":"alice","resource":"nothing"})"));
  TEST_ASSERT_EQUAL_STRING("NoAccount", error(R"({"person":"bob","resource":"shell"})"));
  TEST_ASSERT_EQUAL_STRING("TooLong",
                           error(R"({"person":"alice","resource":"orders-db","for_us":28800000001})"));
  TEST_ASSERT_EQUAL_STRING("NotInTheFuture",
                           error(R"({"person":"alice","resource":"orders-db","from_us":1})"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter",
                           error(R"({"person":"alice","resource":"orders-db","for_us":0})"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter",
                           error(R"({"person":"alice","resource":"orders-db","for_us":1.5})"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter",
                           error(R"({"person":"alice","resource":"orders-db","for_us":"1h"})"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter", error(R"({"person":"","resource":"orders-db"})"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter", error(R"({"person":"a\u0000b","resource":"orders-db"})"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter", error(R"({"person":"a\u001bb","resource":"orders-db"})"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter",
                           error(R"({"person":"alice","resource":"orders-db","colour":1})"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter", error(R"({"resource":"orders-db"})"));
  std::string name(200, 'a');
  TEST_ASSERT_EQUAL_STRING("InvalidParameter",
                           error((R"({"person":")" + name + R"(","resource":"orders-db"})").c_str()));
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_INT(0, w.core->grants().open().size());
}

TEST(a_revocation_that_cannot_reach_the_disk_is_in_force_and_retried) {
  world w;
  std::string id = w.grant();
  {
    no_room fault;
    auto r = w.root("Revoke", by_id(id));
    TEST_ASSERT_EQUAL_STRING("NotDurable", short_error(r));  // the fault happened
    r = w.root("Revoke", by_id(id));                         // a second one is told the same
    TEST_ASSERT_EQUAL_STRING("NotDurable", short_error(r));
    TEST_ASSERT_EQUAL_INT(1, r.parameters.find("grants")->items()->size());
    TEST_ASSERT_FALSE(w.allowed());
    TEST_ASSERT_EQUAL_INT(1, number(*w.root("Status").parameters.find("daemon"), "not_durable"));
    auto refused = short_error(w.root("Grant", R"({"person":"bob","resource":"orders-db"})"));
    TEST_ASSERT_TRUE_MESSAGE(refused == "NoSpace" || refused == "Busy", refused);
    TEST_ASSERT_FALSE(w.allowed("bob"));
    TEST_ASSERT_TRUE(w.core->troubled());
  }
  w.core->retry();
  w.turn();
  TEST_ASSERT_EQUAL_INT(0, w.core->not_durable());
  w.restart();
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("revoked", w.state_of(id));
}

TEST(a_revocation_that_never_reached_the_disk_outlives_a_crash_in_the_table) {
  world w;
  std::string id = w.grant();
  {
    no_room fault;
    TEST_ASSERT_EQUAL_STRING("NotDurable", short_error(w.root("Revoke", by_id(id))));
    w.kill();
  }
  w.restart();
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("revoked", w.state_of(id));
  std::filesystem::remove(w.dir / "run/windows");
  w.restart();  // by now the store knows it
  TEST_ASSERT_EQUAL_STRING("revoked", w.state_of(id));
}

TEST(a_refused_grant_leaves_its_place_to_the_next) {
  world w;
  {
    no_room fault;
    for (int i = 0; i < 40; ++i) {
      auto r = w.root("Grant", R"({"person":"alice","resource":"orders-db"})");
      TEST_ASSERT_FALSE(r.ok());
      TEST_ASSERT_TRUE(short_error(r) != "TooManyWindows");
    }
  }
  w.grant();
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(a_table_that_cannot_be_written_is_removed_and_comes_back) {
  world w;
  w.grant();
  // A directory where the new file should be made: publishing fails, removing the table does not.
  std::filesystem::create_directory(w.dir / "run/windows.new");
  std::filesystem::create_directory(w.dir / "run/windows.new/in-the-way");
  auto r = w.root("Grant", R"({"person":"bob","resource":"orders-db"})");
  TEST_ASSERT_EQUAL_STRING("NoTable", short_error(r));
  TEST_ASSERT_FALSE(std::filesystem::exists(w.dir / "run/windows"));
  TEST_ASSERT_TRUE(w.root("Status").parameters.find("daemon")->find("table_error") != nullptr);
  r = w.root("Revoke", R"({"person":"alice","reason":"x"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));  // nobody gets in, and it is on disk
  std::filesystem::remove_all(w.dir / "run/windows.new");
  w.core->retry();
  w.turn();
  TEST_ASSERT_TRUE(w.allowed("bob"));
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(sequences_grow_across_restarts_even_when_the_table_was_removed) {
  world w;
  uint64_t last = w.core->table().sequence();
  for (int i = 0; i < 5; ++i) {
    w.grant();
    TEST_ASSERT_TRUE(w.core->table().sequence() > last);
    last = w.core->table().sequence();
    w.kill();
    if (i % 2 == 0) std::filesystem::remove(w.dir / "run/windows");
    w.restart();
    TEST_ASSERT_TRUE(w.core->table().sequence() > last);
    last = w.core->table().sequence();
  }
}

TEST(without_a_policy_nothing_opens_and_nothing_ends) {
  world w;
  w.grant();
  for (const char* lost : {static_cast<const char*>(nullptr), "", "[person.alice\n"}) {
    w.restart(lost);
    TEST_ASSERT_TRUE(w.allowed());
    TEST_ASSERT_EQUAL_STRING("NoPolicy",
                             short_error(w.root("Grant", R"({"person":"bob","resource":"orders-db"})")));
  }
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Revoke", R"({"person":"alice","reason":"x"})")));
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(a_bad_policy_keeps_the_old_one_and_says_so) {
  world w;
  w.load("[person.alice\n");
  w.grant();
  TEST_ASSERT_TRUE(w.allowed());
  auto error = member(*w.root("Status").parameters.find("daemon"), "policy_error");
  TEST_ASSERT_TRUE_MESSAGE(error.find("policy.toml:") == 0, error);
  w.load(usual_policy);
  TEST_ASSERT_TRUE(w.root("Status").parameters.find("daemon")->find("policy_error") == nullptr);
}

TEST(a_valid_policy_without_a_person_ends_their_grants) {
  world w;
  std::string id = w.grant();
  w.load("[person.bob]\npg = \"bob\"\n[resource.orders-db]\nlogin_points = [\"pg:main/orders\"]\n");
  w.turn();
  TEST_ASSERT_FALSE(w.allowed());
  auto g = w.root("Show", by_id(id).substr(0, by_id(id).find(',')) + "}");
  TEST_ASSERT_EQUAL_STRING("revoked", member(*g.parameters.find("grant"), "state"));
  TEST_ASSERT_EQUAL_STRING("policy", member(*g.parameters.find("grant"), "ended_by"));
  w.restart();
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(a_store_behind_its_anchor_denies_all_until_a_human_unlocks_it) {
  world w;
  w.kill();
  std::filesystem::copy(w.dir / "store", w.dir / "old", std::filesystem::copy_options::recursive);
  w.restart();
  w.grant();
  w.kill();
  std::filesystem::remove_all(w.dir / "store");
  std::filesystem::rename(w.dir / "old", w.dir / "store");
  w.restart();
  TEST_ASSERT_EQUAL_INT(decision::reason::locked, w.lookup().why);
  TEST_ASSERT_EQUAL_STRING("Locked",
                           short_error(w.root("Grant", R"({"person":"bob","resource":"orders-db"})")));
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask("carol", "UnlockStore")));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("UnlockStore")));
  w.root("Grant", R"({"person":"bob","resource":"orders-db"})");
  TEST_ASSERT_TRUE(w.allowed("bob"));
}

TEST(changes_are_told_to_watchers_with_whose_they_are) {
  world w;
  (void)w.core->take_events();
  w.grant(60);
  w.root("Revoke", R"({"person":"alice","reason":"x"})");
  w.grant(60);
  w.clock.pass(61);
  w.turn();
  auto events = w.core->take_events();
  TEST_ASSERT_EQUAL_INT(4, events.size());
  const char* names[] = {"grant", "revoke", "grant", "expire"};
  for (size_t i = 0; i < 4; ++i) {
    TEST_ASSERT_EQUAL_STRING(names[i], events[i].name);
    TEST_ASSERT_EQUAL_STRING("alice", events[i].person);
  }
}
