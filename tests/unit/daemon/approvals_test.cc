// SPDX-License-Identifier: Apache-2.0
// What counts as an approval, and every way in which one does not.
#include "asking.h"
#include "base/ident.h"
#include "proof/fingerprint.h"

using namespace grantd;
using namespace grantd::test;

TEST(a_security_key_approves_and_an_untouched_one_does_not) {
  asking w;
  std::string id = w.request();
  making untouched;
  untouched.flags = 0;
  TEST_ASSERT_EQUAL_STRING("BadSignature", short_error(w.approve("bob", id, bob_token, "", untouched)));
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", id, bob_token)));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(whoever_carries_a_signature_it_counts_for_its_owner) {
  asking w;
  std::string id = w.request();
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bot", id, bob_key)));
  auto r = w.root("ShowRequest", R"({"id":")" + id + "\"}");
  const auto& one = r.parameters.find("request")->find("approvals")->items()->front();
  TEST_ASSERT_EQUAL_STRING("bob", member(one, "person"));
  TEST_ASSERT_EQUAL_STRING(key_line(bob_key), member(one, "key"));
  auto audit = w.root("Audit").parameters.print();
  TEST_ASSERT_TRUE_MESSAGE(audit.find(R"("by":"bot through uid 900")") != audit.npos,
                           audit);  // and who brought it
}

TEST(a_stolen_bot_identity_cannot_approve) {
  asking w;
  std::string id = w.request();
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(w.ask("bot", "Approve", R"({"id":")" + id + "\"}")));
  TEST_ASSERT_EQUAL_STRING("NotApprover", short_error(w.approve("bot", id, bot_key)));
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(w.ask("bot", "Deny", R"({"id":")" + id + "\"}")));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_stolen_id_opens_ends_and_shows_nothing) {
  asking w;
  std::string id = w.request();
  std::string grant = w.grant();
  const std::string of = R"({"id":")" + id + "\"}";
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(w.ask("bot", "Cancel", of)));
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(w.ask("bot", "ShowRequest", of)));
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(w.ask("bot", "ApprovalText", of)));
  TEST_ASSERT_EQUAL_STRING(
      "NoSuchGrant",
      short_error(w.ask("bot", "Request", R"({"extends":")" + grant + R"(","for_us":60000000})")));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
}

TEST(a_signature_of_nobody_or_of_another_key_is_refused) {
  asking w;
  std::string id = w.request();
  TEST_ASSERT_EQUAL_STRING("BadSignature", short_error(w.approve("bob", id, strangers_key)));
  bool seen = false;
  for (const auto& line : w.core->take_lines())
    seen = seen || line.text.find("was refused") != std::string::npos;
  TEST_ASSERT_TRUE(seen);
  making other;
  other.key = key_blob(bob_key);
  TEST_ASSERT_EQUAL_STRING("BadSignature", short_error(w.approve("bob", id, strangers_key, "", other)));
  other = {};
  other.name_space = "file";
  TEST_ASSERT_EQUAL_STRING("BadSignature", short_error(w.approve("bob", id, bob_key, "", other)));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_key_that_is_not_enrolled_is_named_beside_those_that_are) {
  asking w;
  const std::string id = w.request();
  const auto print = [](const signing_key& key) { return proof::fingerprint(key_blob(key)); };
  const std::string stranger = "the key that signed, " + print(strangers_key) + ", is nobody's of the policy";
  auto r = w.approve("bob", id, strangers_key);
  const std::string said = member(r.parameters, "message");
  TEST_ASSERT_TRUE_MESSAGE(said.starts_with(stranger + "; enrolled for bob: SHA256:"), said);
  for (const auto& key : {bob_key, bob_token})
    TEST_ASSERT_TRUE_MESSAGE(said.find(print(key)) != said.npos, said);
  TEST_ASSERT_EQUAL_STRING("grantctl approve " + id + " --key FILE", member(r.parameters, "help"));
  // Who only carries it is told nothing of keys but of that one.
  r = w.approve("bot", id, strangers_key);
  TEST_ASSERT_EQUAL_STRING(stranger, member(r.parameters, "message"));
  const std::string text = w.text(id);
  std::string without = w.policy;
  without.erase(without.find("keys = \"" + key_line(carol_key)), key_line(carol_key).size() + 9);
  w.load(without.c_str());
  TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
  r = w.approve_text("carol", id, carol_key, text);
  TEST_ASSERT_TRUE_MESSAGE(member(r.parameters, "message").ends_with("; no key is enrolled for carol"),
                           member(r.parameters, "message"));
  TEST_ASSERT_TRUE_MESSAGE(
      member(r.parameters, "help").starts_with("add it to keys under [person.carol] in "),
      member(r.parameters, "help"));
}

TEST(a_replayed_approval_counts_for_no_other_request_and_not_twice) {
  asking w;
  std::string first = w.request("alice", "orders-db", R"(,"reason":"one")");
  std::string second = w.request("alice", "orders-db", R"(,"reason":"two")");
  std::string of_first = w.text(first);
  TEST_ASSERT_EQUAL_STRING("BadSignature", short_error(w.approve_text("bob", second, bob_key, of_first)));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve_text("bob", first, bob_key, of_first)));
  TEST_ASSERT_EQUAL_STRING("NotPending", short_error(w.approve_text("bob", first, bob_key, of_first)));
  TEST_ASSERT_EQUAL_INT(1, w.grants());
}

TEST(an_approval_for_another_host_is_refused) {
  asking here;
  asking there;
  std::string id = here.request("alice", "orders-db", R"(,"reason":"x")");
  TEST_ASSERT_EQUAL_STRING(id, there.request("alice", "orders-db", R"(,"reason":"x")"));
  TEST_ASSERT_EQUAL_STRING("BadSignature",
                           short_error(here.approve_text("bob", id, bob_key, there.text(id))));
  TEST_ASSERT_EQUAL_INT(0, here.grants());
}

TEST(an_approval_for_another_duration_is_refused) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"for_us":3600000000)");
  std::string half = w.text(id, R"(,"for_us":1800000000)");
  // What was signed for half an hour does not open an hour, nor the other way.
  TEST_ASSERT_EQUAL_STRING("BadSignature", short_error(w.approve_text("bob", id, bob_key, half)));
  TEST_ASSERT_EQUAL_STRING("BadSignature",
                           short_error(w.approve("bob", id, bob_key, R"(,"for_us":1800000000)")));
  TEST_ASSERT_EQUAL_STRING("TooLong", short_error(w.approve("bob", id, bob_key, R"(,"for_us":7200000000)")));
  auto r = w.approve_text("bob", id, bob_key, half, R"(,"for_us":1800000000)");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_INT64(1'800'000'000, number(*r.parameters.find("grant"), "left_us"));
}

TEST(the_requesters_own_keys_do_not_approve) {
  asking w;
  std::string id =
      w.request("alice", "orders-db", R"(,"read_write":true)");  // its rule names alice as an approver
  TEST_ASSERT_EQUAL_STRING("NotApprover", short_error(w.approve("alice", id, alice_key)));
  TEST_ASSERT_EQUAL_STRING("NotApprover", short_error(w.approve("bob", id, alice_second_key)));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
}

TEST(one_person_with_two_keys_is_one_approver) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"read_write":true)");
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", id, bob_key)));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", id, bob_token)));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("carol", id, carol_key)));
  TEST_ASSERT_EQUAL_STRING("granted", w.state(id));
  TEST_ASSERT_EQUAL_INT(decision::access::read_write, w.lookup().given);
}

TEST(the_shortest_of_several_approvals_is_the_window) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"read_write":true,"for_us":3600000000)");
  w.approve_text("bob", id, bob_key, w.text(id, R"(,"for_us":600000000)"), R"(,"for_us":600000000)");
  auto r = w.approve("carol", id, carol_key);
  TEST_ASSERT_EQUAL_INT64(600'000'000, number(*r.parameters.find("grant"), "left_us"));
}

TEST(two_approvers_in_the_same_instant_make_one_grant) {
  asking w;
  std::string id = w.request();
  std::string text = w.text(id);
  for (const auto& [person, key] : {std::pair{"bob", bob_key}, std::pair{"carol", carol_key}}) {
    daemon::word one{.from = static_cast<daemon::ticket>(person[0]), .request = *base::parse_id('r', id)};
    one.person = person;
    one.signature = armour(make_blob(key, text));
    w.core->submit(one);
  }
  auto answers = w.core->turn();
  TEST_ASSERT_EQUAL_INT(2, answers.size());
  for (const auto& a : answers) TEST_ASSERT_EQUAL_STRING("", short_error(a.answer));
  TEST_ASSERT_EQUAL_INT(1, w.grants());
  TEST_ASSERT_EQUAL_STRING("granted", w.state(id));
}

TEST(a_rule_that_demands_no_signature_takes_the_approvers_uid) {
  asking w(R"([rule.replica-long]
who = "alice"
resource = "replica"
access = "read-only"
max = "8h"
approvals = { count = 1, by = "bob" }
signed = false
[rule.replica-brake]
who = "alice"
resource = "replica"
deny = true
hours = "Sun 00:00-00:01 UTC"
)");
  // Three at once by the quota, then the other rule.
  for (int i = 0; i < 3; ++i)
    (void)w.request("alice", "replica", R"(,"reason":")" + std::to_string(i) + "\"");
  std::string id = w.request("alice", "replica", R"(,"reason":"more")");
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest",
                           short_error(w.ask("carol", "Approve", R"({"id":")" + id + "\"}")));
  TEST_ASSERT_EQUAL_STRING("NotApprover", short_error(w.root("Approve", R"({"id":")" + id + "\"}")));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("bob", "Approve", R"({"id":")" + id + "\"}")));
  TEST_ASSERT_EQUAL_STRING("granted", w.state(id));
  auto audit = w.root("Audit").parameters.print();  // the word of an account is no more than that account's
  TEST_ASSERT_TRUE_MESSAGE(audit.find(R"("by":"bob through uid 900")") != audit.npos, audit);
}

TEST(a_rule_that_is_gone_or_a_fired_approver_opens_nothing) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"read_write":true)");
  w.approve("bob", id, bob_key);
  std::string text = w.text(id);
  // bob approves no more: his word counts no longer, carol's alone is not enough.
  std::string without_bob = w.policy;
  without_bob.replace(without_bob.find("members = [\"bob\", \"carol\"]"), 26,
                      "members = [\"dave\", \"carol\"]");
  w.load(without_bob.c_str());
  TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve_text("carol", id, carol_key, text)));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_rule_that_no_longer_names_the_requester_opens_nothing) {
  asking w;
  std::string id = w.request();
  std::string text = w.text(id);
  // alice may still ask for it, by the rule for writing; not by this one.
  std::string without = w.policy;
  without.replace(without.find("who = [\"alice\", \"bot\"]"), 22, "who = [\"dave\", \"bot\"]");
  w.load(without.c_str());
  TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
  TEST_ASSERT_FALSE(w.approve_text("bob", id, bob_key, text).ok());
  TEST_ASSERT_EQUAL_STRING("denied", w.state(id));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

// 2023-11-14, a Tuesday, 22:13:20 UTC, is the world's time.
TEST(an_approval_outside_the_hours_or_in_a_freeze_opens_nothing) {
  for (const char* more : {"[rule.freeze]\nwho = \"*\"\nresource = \"orders-db\"\ndeny = true\nhours = \"Tue "
                           "22:14-23:00 UTC\"\n",
                           ""}) {
    std::string policy = rules(more);
    if (*more == '\0')
      policy.replace(policy.find("max = \"2h\""), 10, "max = \"2h\"\nhours = \"Tue 20:00-22:14 UTC\"");
    asking w;
    w.load(policy.c_str());
    TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
    std::string id = w.request();
    std::string text = w.text(id);
    w.clock.pass(60);
    auto r = w.approve_text("bob", id, bob_key, text);
    TEST_ASSERT_EQUAL_STRING(*more == '\0' ? "OutsideHours" : "Denied", short_error(r));
    TEST_ASSERT_EQUAL_INT(0, w.grants());
    TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  }
}

TEST(an_approval_by_a_key_that_is_gone_counts_no_longer) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"read_write":true)");
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", id, bob_key)));
  std::string text = w.text(id);
  std::string replaced = w.policy;
  replaced.replace(replaced.find(key_line(bob_key)), key_line(bob_key).size(), key_line(strangers_key));
  auto shown = [&](std::string_view what) {
    return *w.ask("alice", "ShowRequest", R"({"id":")" + id + "\"}").parameters.find("request")->find(what);
  };
  TEST_ASSERT_EQUAL_STRING("1", shown("missing").print());
  w.load(replaced.c_str());
  TEST_ASSERT_EQUAL_STRING("2", shown("missing").print());
  TEST_ASSERT_EQUAL_STRING("[\"bob\"]", shown("uncounted").print());
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve_text("carol", id, carol_key, text)));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_second_approval_that_says_something_else_is_told_so) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"read_write":true,"for_us":3600000000)");
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", id, bob_key)));
  std::string shorter = w.text(id, R"(,"for_us":60000000)");
  TEST_ASSERT_EQUAL_STRING("AlreadyApproved",
                           short_error(w.approve_text("bob", id, bob_key, shorter, R"(,"for_us":60000000)")));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", id, bob_key)));
}

TEST(a_locked_person_approves_nothing) {
  asking w;
  std::string id = w.request();
  (void)w.root("Lock", R"({"person":"bob","for_us":600000000,"message":"his laptop was stolen"})");
  TEST_ASSERT_EQUAL_STRING("NotApprover", short_error(w.approve("bob", id, bob_key)));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("carol", id, carol_key)));
}

TEST(what_a_locked_person_approved_before_counts_when_they_are_no_longer_locked) {
  asking w;
  const std::string id =
      w.request("alice", "orders-db", R"(,"read_write":true,"for_us":3600000000)");  // by two
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", id, bob_key)));
  (void)w.root("Lock", R"({"person":"bob","for_us":600000000,"message":"his laptop was stolen"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("carol", id, carol_key)));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  TEST_ASSERT_FALSE(w.allowed());
  auto shown = w.root("ShowRequest", R"({"id":")" + id + "\"}");
  TEST_ASSERT_EQUAL_STRING("bob",
                           *shown.parameters.find("request")->find("uncounted")->items()->front().text());
  (void)w.root("Unlock", R"({"person":"bob"})");
  for (const char* who : {"bob", "carol"})
    TEST_ASSERT_EQUAL_INT64(1, number(w.ask(who, "Status").parameters, "to_approve"));
  const auto records = w.core->truth().sequence();
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("carol", id, carol_key)));  // the same again
  TEST_ASSERT_EQUAL_STRING("granted", w.state(id));
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_UINT64(records + 2, w.core->truth().sequence());  // granted and grant: no third approval
}

TEST(whoever_comes_with_the_last_approval_is_told_what_is_wrong_with_theirs) {
  asking w;
  const std::string id = w.request();
  const std::string text = w.text(id);
  auto word = [&](const std::string& person, const std::string& signature) {
    daemon::word one{.from = static_cast<daemon::ticket>(person[0]), .request = *base::parse_id('r', id)};
    one.person = person;
    one.signature = signature;
    w.core->submit(one);
  };
  word("bob", armour(make_blob(bob_key, text)));
  word("dave", "x");                                      // to read what is nothing of theirs
  word("carol", armour(make_blob(strangers_key, text)));  // with another key
  for (const auto& a : w.core->turn())
    TEST_ASSERT_EQUAL_STRING(a.to == 'b' ? "" : "BadSignature", short_error(a.answer));
  TEST_ASSERT_EQUAL_INT(1, w.grants());
}
