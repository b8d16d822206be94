// SPDX-License-Identifier: Apache-2.0
// A LOCKED store: nobody gets in, a human sees what an unlock would open, and what had ended stays ended.
#include <fstream>

#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr char bob_too[] = R"({"person":"bob","resource":"orders-db"})";

std::string by_id(const std::string& id) { return R"({"id":")" + id + R"("})"; }

// alice's grant, revoked after the copy; bob's, open in both.
std::string old_copy(world& w) {
  std::string id = w.grant();
  w.root("Grant", bob_too);
  w.keep_copy();
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Revoke", by_id(id))));
  return id;
}

std::vector<std::string> listed(world& w) {
  auto r = w.root("List");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  std::vector<std::string> out;
  for (const auto& g : *r.parameters.find("grants")->items()) out.push_back(member(g, "person"));
  return out;
}

}  // namespace

TEST(a_locked_store_is_listed_as_an_unlock_would_open_it) {
  world w;
  std::string id = old_copy(w);
  w.put_back();
  w.restart();
  TEST_ASSERT_EQUAL_INT(decision::reason::locked, w.lookup().why);
  auto status = w.root("Status");
  auto text = member(*status.parameters.find("daemon"), "locked");
  TEST_ASSERT_TRUE_MESSAGE(text.find("grantctl list") != text.npos, text);
  TEST_ASSERT_TRUE(listed(w) == std::vector<std::string>{"bob"});
  TEST_ASSERT_EQUAL_STRING("revoked", w.state_of(id));
  TEST_ASSERT_EQUAL_STRING("Locked", short_error(w.root("Revoke", by_id(id))));
  // Not "none was open": an unlock would open bob's.
  TEST_ASSERT_EQUAL_STRING("Locked", short_error(w.root("Revoke", R"({"person":"bob","reason":"x"})")));
  TEST_ASSERT_EQUAL_STRING("Locked", short_error(w.root("Revoke", R"({"resource":"orders-db"})")));
  TEST_ASSERT_EQUAL_STRING("Locked", short_error(w.ask("bob", "GiveBack")));
}

TEST(an_unlock_does_not_bring_back_what_the_last_table_knows_as_ended) {
  for (int restarts : {1, 3}) {
    world w;
    std::string id = old_copy(w);
    w.put_back();
    for (int i = 0; i < restarts; ++i) w.restart();
    w.clock.pass(1000);  // longer than an ending is told of
    w.turn();
    TEST_ASSERT_EQUAL_STRING("", short_error(w.root("UnlockStore")));
    TEST_ASSERT_FALSE(w.allowed());
    TEST_ASSERT_TRUE(w.allowed("bob"));
    auto g = w.root("Show", by_id(id));
    TEST_ASSERT_EQUAL_STRING("revoked", member(*g.parameters.find("grant"), "state"));
    TEST_ASSERT_EQUAL_STRING("unlock", member(*g.parameters.find("grant"), "ended_by"));
    w.restart();
    TEST_ASSERT_FALSE(w.allowed());
    TEST_ASSERT_TRUE(w.root("Audit").parameters.print().find(R"("by":"unlock")") != std::string::npos);
  }
}

TEST(what_the_last_table_no_longer_holds_open_had_ended_too) {
  world w;
  old_copy(w);
  w.clock.pass(1000);
  w.turn();
  w.root("Grant", R"({"person":"carol","resource":"orders-db"})");  // a table without the ending
  TEST_ASSERT_EQUAL_INT(decision::reason::no_window, w.lookup().why);
  w.put_back();
  w.restart();
  TEST_ASSERT_TRUE(listed(w) == std::vector<std::string>{"bob"});
  w.restart();
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("UnlockStore")));
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_TRUE(w.allowed("bob"));
}

TEST(a_missing_anchor_alone_ends_nothing) {
  world w;
  w.grant();
  w.kill();
  std::filesystem::remove(w.dir / "anchor");
  w.restart();
  TEST_ASSERT_EQUAL_INT(decision::reason::locked, w.lookup().why);
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("UnlockStore")));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(an_unlock_publishes_nothing_that_the_policy_takes_away) {
  world w;
  old_copy(w);
  w.put_back();
  w.restart("[person.alice]\npg = \"alice\"\n[resource.orders-db]\nlogin_points = [\"pg:main/orders\"]\n");
  daemon::session s{.uid = 0};
  daemon::call c;
  c.method = "org.grantd.Access.UnlockStore";
  c.parameters = *daemon::json::parse("{}");
  TEST_ASSERT_FALSE(daemon::dispatch(*w.core, s, w.heard, c, 5).has_value());
  TEST_ASSERT_EQUAL_INT(decision::reason::locked, w.lookup("bob").why);
  TEST_ASSERT_TRUE(w.core->has_work());
  auto answers = w.core->turn();
  TEST_ASSERT_EQUAL_INT(1, answers.size());
  TEST_ASSERT_TRUE(answers[0].answer.ok());
  TEST_ASSERT_TRUE(answers[0].answer.parameters.find("locked") == nullptr);
  TEST_ASSERT_EQUAL_INT(decision::reason::revoked, w.lookup("bob").why);
}

TEST(a_store_that_turns_corrupt_while_it_runs_locks_everybody_out) {
  world w;
  w.grant();
  w.restart();
  TEST_ASSERT_TRUE(w.allowed());
  {
    std::fstream file(w.store + "/grantd.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    for (int page = 1; page < 32; ++page) file << std::string(4096, '\xff');
  }
  auto r = w.root("List", R"({"person":"alice","all":true})");  // an index that was not read yet
  TEST_ASSERT_EQUAL_STRING("Locked", short_error(r));           // the fault happened
  TEST_ASSERT_EQUAL_INT(decision::reason::locked, w.lookup().why);
  TEST_ASSERT_FALSE(w.core->has_work());
  bool said = false;
  for (const auto& l : w.core->take_lines()) said = said || l.text.find("corrupt") != std::string::npos;
  TEST_ASSERT_TRUE(said);
}
