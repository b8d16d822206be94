// SPDX-License-Identifier: Apache-2.0
// [relay.NAME]: what is refused, whom it may speak for, and whose chat account it is.
#include "keys.h"
#include "mistakes.h"
#include "policy/relay.h"

using namespace grantd;
using policy::speech;
using test::refused_at;

namespace {

// Lines of [relay.chatbot], which is line 2 of a policy with alice (line 4) and the resource db (line 6).
auto relay(const std::string& lines, const std::string& more = "") {
  return policy::parse_policy(
      "\n[relay.chatbot]\n" + lines +
          "\n[person.alice]\nos = \"alice\"\n[resource.db]\nlogin_points = \"pg:main/db\"\n" + more,
      "policy.toml");
}

const char* const story = R"(
[person.alice]
email = "Alice@Example.com"
chat = ["U1", "U2"]
[person.bob]
email = "bob@example.com"
[person.carol]
email = "carol@example.com"
[person.dave]
[resource.orders]
login_points = "pg:main/orders"
[resource.billing]
login_points = "pg:main/billing"
[group.devs]
members = ["alice", "bob"]
[rule.orders]
who = "group:devs"
resource = "orders"
approvals = { count = 1, by = "carol" }
signed = false
[rule.billing]
who = "group:devs"
resource = "billing"
approvals = { count = 1, by = "dave" }
signed = false
[relay.chatbot]
os = "hubot"
may_ask_for = "group:devs"
resources = "orders"
quota = 5
)";

const policy::policy& told() {
  static const auto parsed = policy::parse_policy(story, "policy.toml");
  return test::accepted(parsed);
}
const policy::relay& chatbot() { return *told().find_relay("chatbot"); }

std::string whose(std::string_view id, std::string_view email) {
  const policy::person* p = policy::person_of(told(), {id, email});
  return p == nullptr ? "nobody" : p->name;
}

}  // namespace

TEST(a_relay_says_who_it_is_for_whom_it_asks_for_what_and_how_often) {
  refused_at(relay("may_ask_for = \"alice\"\nresources = \"db\"\nquota = 5"), 2, 8, {"neither os nor keys"});
  refused_at(relay("os = \"hubot\"\nresources = \"db\"\nquota = 5"), 2, 8, {"no may_ask_for"});
  refused_at(relay("os = \"hubot\"\nmay_ask_for = \"alice\"\nquota = 5"), 2, 8, {"no resources"});
  refused_at(relay("os = \"hubot\"\nmay_ask_for = \"alice\"\nresources = \"db\""), 2, 8,
             {"no quota", "24 hours"});
  const auto whole = relay("os = \"hubot\"\nmay_ask_for = \"alice\"\nresources = \"db\"\nquota = 5");
  TEST_ASSERT_EQUAL_INT(5, test::accepted(whole).find_relay("chatbot")->quota);
}

TEST(names_that_nothing_is_called_by_are_mistakes) {
  const std::string rest = "\nquota = 5\nos = \"hubot\"";
  refused_at(relay("may_ask_for = \"alcie\"\nresources = \"db\"" + rest), 3, 15, {"alcie", "alice"});
  refused_at(relay("may_ask_for = \"alice\"\nresources = \"bd\"" + rest), 4, 13, {"bd", "[resource.bd]"});
  refused_at(relay("may_ask_for = \"alice\"\nresources = []" + rest), 4, 13, {"empty", "the relay"});
  refused_at(relay("may_ask_for = []\nresources = \"db\"" + rest), 3, 15, {"nobody"});
  refused_at(relay("may_ask_fro = \"alice\"\nmay_ask_for = \"alice\"\nresources = \"db\"" + rest), 3, 1,
             {"did you mean \"may_ask_for\"?"});
}

TEST(a_relay_and_a_person_share_no_name_no_account_and_no_key) {
  const std::string rest = "\nmay_ask_for = \"alice\"\nresources = \"db\"\nquota = 5";
  refused_at(relay("os = \"alice\"" + rest), 3, 6, {"OS user alice", "person \"alice\"", "who speaks"});
  const std::string key = test::ed25519;
  refused_at(relay("keys = \"" + key + "\"" + rest, "[person.bob]\nkeys = \"" + key + "\"\n"), 3, 8,
             {"person \"bob\"", "who speaks"});
  refused_at(relay("os = \"hubot\"" + rest, "[person.chatbot]\n"), 2, 8, {"a person, too", "another name"});
  refused_at(relay("os = \"hubot\"" + rest, "[relay.root]\nos = \"other\"" + rest + "\n"), 11, 8,
             {"the audit", "another name"});
  refused_at(relay("os = \"hubot\"" + rest, "[relay.other]\nos = \"hubot\"" + rest + "\n"), 12, 6,
             {"relay \"chatbot\"", "who speaks"});
}

TEST(a_chat_account_belongs_to_one_person) {
  const std::string rest = "os = \"hubot\"\nmay_ask_for = \"alice\"\nresources = \"db\"\nquota = 5";
  refused_at(relay(rest, "[person.bob]\nchat = \"U1\"\n[person.carol]\nchat = [\"U1\"]\n"), 14, 9,
             {"chat account", "\"bob\" already"});
  refused_at(relay(rest, "[person.bob]\nchat = \" U1\"\n"), 12, 8, {"cannot be the id of a chat account"});
}

TEST(a_unix_group_never_makes_a_relay_a_person) {
  const policy::surroundings around{
      .members_of = [](const std::string&) { return std::vector<std::string>{"hubot", "alice"}; },
      .zone_file = {}};
  const policy::source one[] = {
      {"[person.alice]\nos = \"alice\"\n[resource.db]\nlogin_points = \"pg:main/db\"\n"
       "[relay.chatbot]\nos = \"hubot\"\nmay_ask_for = \"unix:devs\"\nresources = \"*\"\n"
       "quota = 1\n",
       "policy.toml"}};
  const auto parsed = policy::parse_policy(one, around);
  const policy::relay& r = *test::accepted(parsed).find_relay("chatbot");
  TEST_ASSERT_EQUAL_INT(1, r.people.size());
  TEST_ASSERT_TRUE(r.people.contains("alice"));
}

TEST(a_relay_carries_for_its_people_at_its_resources) {
  TEST_ASSERT_TRUE(policy::carries(chatbot(), "alice", "orders"));
  TEST_ASSERT_FALSE(policy::carries(chatbot(), "alice", "billing"));
  TEST_ASSERT_FALSE(policy::carries(chatbot(), "carol", "orders"));
}

TEST(who_approves_what_it_may_ask_for_answers_through_it_and_nobody_else) {
  TEST_ASSERT_TRUE(policy::speech_of(told(), chatbot(), "alice") == speech::asking);
  TEST_ASSERT_TRUE(policy::speech_of(told(), chatbot(), "carol") == speech::answering);
  TEST_ASSERT_TRUE(policy::speech_of(told(), chatbot(), "dave") == speech::none);  // of billing
  TEST_ASSERT_TRUE(policy::speech_of(told(), chatbot(), "nobody") == speech::none);
}

TEST(a_chat_account_is_found_by_its_id_or_its_address_and_never_by_a_name) {
  TEST_ASSERT_EQUAL_STRING("alice", whose("U1", ""));
  TEST_ASSERT_EQUAL_STRING("alice", whose("U2", "alice@example.com"));
  TEST_ASSERT_EQUAL_STRING("bob", whose("", "Bob@Example.COM"));
  TEST_ASSERT_EQUAL_STRING("bob", whose("U9", "bob@example.com"));
  TEST_ASSERT_EQUAL_STRING("nobody", whose("bob", ""));
  TEST_ASSERT_EQUAL_STRING("nobody", whose("", "bob"));
  TEST_ASSERT_EQUAL_STRING("nobody", whose("", ""));
  TEST_ASSERT_EQUAL_STRING("nobody", whose("u1", ""));
}

TEST(an_address_alone_is_not_enough_where_the_policy_names_chat_accounts) {
  TEST_ASSERT_EQUAL_STRING("nobody", whose("U666", "alice@example.com"));
  TEST_ASSERT_EQUAL_STRING("nobody", whose("", "alice@example.com"));
}

TEST(an_id_of_one_and_an_address_of_another_is_nobody) {
  TEST_ASSERT_EQUAL_STRING("nobody", whose("U1", "bob@example.com"));
}
