// SPDX-License-Identifier: Apache-2.0
// A relay carries what people say and nothing else: what whoever steals its identity cannot do with it.
#include <set>

#include "asking.h"

using namespace grantd;
using namespace grantd::test;

namespace {

const signing_key relays_key = make_key(8, false);

// alice and bob ask through the relay; carol approves, and grants elsewhere; erin has nothing to do with it.
std::string story(const std::string& relay = "quota = 4\n") {
  return "[person.alice]\nemail = \"alice@example.com\"\nchat = \"U1\"\npg = \"alice\"\nkeys = \"" +
         key_line(alice_key) + "\"\n[person.bob]\nemail = \"bob@example.com\"\npg = \"bob\"\nkeys = \"" +
         key_line(bob_key) + "\"\n[person.carol]\nemail = \"carol@example.com\"\npg = \"carol\"\nkeys = \"" +
         key_line(carol_key) + R"("
rights = ["grant"]
[person.erin]
email = "erin@example.com"
pg = "erin"
[resource.orders-db]
login_points = ["pg:main/orders"]
access = "read-write"
[resource.replica]
login_points = ["pg:main/replica"]
[resource.payroll]
login_points = ["pg:main/payroll"]
[rule.orders]
who = "*"
resource = ["orders-db", "payroll"]
approvals = { count = 1, by = ["carol"] }
[rule.trusting]
who = "*"
resource = "orders-db"
access = "read-write"
approvals = { count = 1, by = ["carol", "bob"] }
signed = false
[rule.replica]
who = "*"
resource = ["replica", "payroll"]
approvals = 0
max = "30m"
[rule.fire]
who = "*"
resource = "orders-db"
approvals = 0
break_glass = true
reason = "required"
notify = "carol"
[relay.chatbot]
os = "hubot"
may_ask_for = ["alice", "bob"]
resources = ["orders-db", "replica"]
keys = ")" +
         key_line(relays_key) + "\"\n" + relay;
}

class chat : public asking {
 public:
  explicit chat(const std::string& relay = "quota = 4\n") {
    policy = story(relay);
    load(policy.c_str());
  }
  // A connection of the relay, and one that speaks for the owner of that address.
  static daemon::session relay() { return {.uid = relay_uid}; }
  daemon::session of(const std::string& email, const std::string& id = "") {
    daemon::session s = relay();
    auto r = ask(s, "OnBehalf",
                 R"({"email":")" + email + "\"" + (id.empty() ? "" : R"(,"chat":")" + id + "\"") + "}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    return s;
  }
  daemon::reply say(const std::string& email, const std::string& method, const std::string& parameters = "{}",
                    const std::string& id = "") {
    daemon::session s = of(email, id);
    return ask(s, method, parameters);
  }
  daemon::reply alice(const std::string& method, const std::string& parameters = "{}") {
    return say("alice@example.com", method, parameters, "U1");
  }
  daemon::reply itself(const std::string& method, const std::string& parameters = "{}") {
    daemon::session s = relay();
    return ask(s, method, parameters);
  }
  std::string asked(const std::string& resource = "orders-db") {
    auto r = alice("Request", R"({"resource":")" + resource + "\"}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    return member(*r.parameters.find("request"), "id");
  }
  // `key` of the newest record of that event.
  std::string recorded(const std::string& event, const std::string& key) {
    auto r = root("Audit");
    std::string found;
    for (const auto& record : *r.parameters.find("records")->items()) {
      if (member(record, "event") == event) found = member(*record.find("fields"), key);
    }
    return found;
  }
};

std::set<std::string> callable(chat& w, const daemon::session& as) {
  std::set<std::string> may;
  for (const daemon::method& m : daemon::methods()) {
    daemon::session s = as;
    s.spoke = false;
    daemon::call c;
    c.method = "org.grantd.Access." + std::string(m.name);
    c.parameters = *daemon::json::parse("{}");
    c.more = true;
    auto r = daemon::dispatch(*w.core, s, w.heard, c, 1);
    w.turn();
    if (!r || r->error != "org.grantd.Access.NotAllowed") may.insert(std::string(m.name));
  }
  return may;
}

std::string joined(const std::set<std::string>& all) {
  std::string out;
  for (const std::string& one : all) out += (out.empty() ? "" : " ") + one;
  return out;
}

}  // namespace

TEST(every_method_that_a_relay_may_use_is_in_the_table_and_no_approval_is_among_them) {
  chat w;
  TEST_ASSERT_EQUAL_STRING("ApprovalText List News OnBehalf Requests Resources Status Watch",
                           joined(callable(w, chat::relay())));
  TEST_ASSERT_EQUAL_STRING("Cancel GiveBack List Request Requests Resources Status",
                           joined(callable(w, w.of("alice@example.com", "U1"))));
  TEST_ASSERT_EQUAL_STRING("Deny Requests Resources Status", joined(callable(w, w.of("carol@example.com"))));
  for (const char* never :
       {"Approve", "Review", "Grant", "Revoke", "Lock", "Unlock", "Audit", "People", "Keys"}) {
    for (const daemon::method& m : daemon::methods()) {
      if (m.name != never) continue;
      TEST_ASSERT_TRUE_MESSAGE(m.through == daemon::relayed::never, never);
    }
  }
}

TEST(a_stolen_relay_approves_nothing_whoever_it_speaks_for) {
  chat w;
  const std::string id = w.asked();
  auto unsigned_one = w.ask("alice", "Request", R"({"resource":"orders-db","read_write":true})");
  const std::string trusting = member(*unsigned_one.parameters.find("request"), "id");
  for (const std::string& request : {id, trusting}) {
    for (const char* who : {"carol@example.com", "bob@example.com"}) {
      auto r = w.say(who, "Approve", R"({"id":")" + request + "\"}");
      TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(r));
    }
    TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.itself("Approve", R"({"id":")" + request + "\"}")));
    TEST_ASSERT_EQUAL_STRING("pending", w.state(request));
  }
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(a_stolen_relays_key_signs_no_approval) {
  chat w;
  const std::string id = w.asked();
  auto text = w.itself("ApprovalText", R"({"id":")" + id + "\"}");
  auto r = w.approve_text("carol", id, relays_key, member(text.parameters, "text"));
  TEST_ASSERT_EQUAL_STRING("BadSignature", short_error(r));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
}

TEST(a_stolen_relays_key_is_nobodys_whatever_allowed_signers_says) {
  const auto p = std::make_shared<const policy::policy>(*policy::parse_policy(story(), "policy.toml"));
  auto signers = proof::parse_allowed_signers("carol " + key_line(relays_key) + "\n");
  TEST_ASSERT_TRUE(signers.has_value());
  daemon::roster r;
  const auto complaints = r.take(p, {}, *signers);
  TEST_ASSERT_EQUAL_INT(1, complaints.size());
  TEST_ASSERT_TRUE(complaints.front().find("relay chatbot") != std::string::npos);
  TEST_ASSERT_EQUAL_STRING("", r.owner_of_key(key_blob(relays_key), {1}));
  TEST_ASSERT_EQUAL_STRING("carol", r.owner_of_key(key_blob(carol_key), {1}));
}

TEST(a_stolen_relay_has_none_of_the_rights_of_the_people_it_speaks_for) {
  chat w;
  daemon::session s = w.of("carol@example.com");  // who may grant
  const daemon::caller c = daemon::identify(*w.core, s);
  TEST_ASSERT_FALSE(c.may_grant);
  TEST_ASSERT_FALSE(c.may_see);
  TEST_ASSERT_FALSE(c.root);
}

TEST(a_stolen_relay_speaks_only_for_its_people_and_those_who_answer_them) {
  chat w;
  daemon::session s = chat::relay();
  auto r = w.ask(s, "OnBehalf", R"({"email":"erin@example.com"})");
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(r));
  TEST_ASSERT_TRUE(member(r.parameters, "message").find("erin") != std::string::npos);
  s = chat::relay();
  TEST_ASSERT_EQUAL_STRING("NoSuchPerson", short_error(w.ask(s, "OnBehalf", R"({"email":"x@example.com"})")));
}

TEST(a_stolen_relay_names_nobody_by_name_and_nobody_twice) {
  chat w;
  for (const char* given : {R"({"person":"alice"})", R"({"relay":"chatbot"})", "{}",
                            R"({"person":"alice","email":"alice@example.com"})"}) {
    daemon::session s = chat::relay();
    TEST_ASSERT_EQUAL_STRING("InvalidParameter", short_error(w.ask(s, "OnBehalf", given)));
  }
  daemon::session s = w.of("bob@example.com");
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask(s, "OnBehalf", R"({"chat":"U1"})")));
}

TEST(a_stolen_relay_asks_for_its_resources_only) {
  chat w;
  auto r = w.alice("Request", R"({"resource":"payroll"})");
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(r));
  TEST_ASSERT_TRUE(member(r.parameters, "message").find("payroll") != std::string::npos);
  // Nor for more of what the person has there by other ways.
  w.root("Grant", R"({"person":"alice","resource":"payroll"})");
  const std::string id = member(w.ask("alice", "List").parameters.find("grants")->items()->front(), "id");
  r = w.alice("Request", R"({"extends":")" + id + R"(","for_us":60000000})");
  TEST_ASSERT_EQUAL_STRING("NoSuchGrant", short_error(r));
  TEST_ASSERT_EQUAL_STRING(id + " is no open grant of yours", member(r.parameters, "message"));
}

TEST(a_stolen_relay_breaks_no_glass) {
  chat w;
  auto r = w.alice("Request", R"({"resource":"orders-db","break_glass":true,"reason":"fire"})");
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(r));
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING(
      "", short_error(
              w.ask("alice", "Request", R"({"resource":"orders-db","break_glass":true,"reason":"fire"})")));
  // An extension of one is one.
  const std::string id = member(w.ask("alice", "List").parameters.find("grants")->items()->front(), "id");
  r = w.alice("Request", R"({"extends":")" + id + R"(","for_us":60000000})");
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(r));
}

TEST(a_stolen_relay_asks_as_often_as_its_quota_says_and_a_restart_forgets_nothing) {
  chat w("quota = 2\n");
  w.asked();
  w.asked("replica");  // self-service counts as well
  TEST_ASSERT_EQUAL_STRING("Quota",
                           short_error(w.say("bob@example.com", "Request", R"({"resource":"replica"})")));
  w.again();
  TEST_ASSERT_EQUAL_STRING("Quota",
                           short_error(w.say("bob@example.com", "Request", R"({"resource":"replica"})")));
  // What people ask for themselves is not counted, nor refused.
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("bob", "Request", R"({"resource":"replica"})")));
  w.clock.pass(86401);
  TEST_ASSERT_EQUAL_STRING("", short_error(w.say("bob@example.com", "Request", R"({"resource":"replica"})")));
}

TEST(requests_of_one_turn_count_against_the_quota_too) {
  chat w("quota = 1\n");
  daemon::session alice = w.of("alice@example.com", "U1");
  daemon::session bob = w.of("bob@example.com");
  daemon::call c;
  c.method = "org.grantd.Access.Request";
  c.parameters = *daemon::json::parse(R"({"resource":"replica"})");
  TEST_ASSERT_FALSE(daemon::dispatch(*w.core, alice, w.heard, c, 1).has_value());
  TEST_ASSERT_FALSE(daemon::dispatch(*w.core, bob, w.heard, c, 2).has_value());
  unsigned refused = 0;
  for (const auto& f : w.core->turn()) refused += short_error(f.answer) == "Quota" ? 1 : 0;
  TEST_ASSERT_EQUAL_INT(1, refused);
}

TEST(a_stolen_relay_ends_and_sees_nothing_beyond_its_resources) {
  chat w;
  w.root("Grant", R"({"person":"alice","resource":"payroll"})");
  const std::string payroll =
      member(w.ask("alice", "List").parameters.find("grants")->items()->front(), "id");
  TEST_ASSERT_EQUAL_STRING("NoSuchGrant", short_error(w.alice("GiveBack", R"({"id":")" + payroll + "\"}")));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter", short_error(w.alice("GiveBack")));  // all of them at once
  TEST_ASSERT_EQUAL_STRING("open", w.state_of(payroll));
  auto asked = w.ask("alice", "Request", R"({"resource":"payroll","for_us":3600000000})");
  TEST_ASSERT_EQUAL_STRING("", short_error(asked));
  const std::string request = member(*asked.parameters.find("request"), "id");
  TEST_ASSERT_EQUAL_STRING("pending", w.state(request));
  const std::string id = R"({"id":")" + request + "\"}";
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(w.say("carol@example.com", "Deny", id)));
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(w.alice("Cancel", id)));
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(w.itself("ApprovalText", id)));
  TEST_ASSERT_EQUAL_INT(0, w.alice("List").parameters.find("grants")->items()->size());
  TEST_ASSERT_EQUAL_INT(0, w.alice("List", R"({"all":true})").parameters.find("grants")->items()->size());
  TEST_ASSERT_EQUAL_INT(0, w.alice("Status").parameters.find("grants")->items()->size());
  TEST_ASSERT_EQUAL_INT(0, w.alice("Status").parameters.find("requests")->items()->size());
  TEST_ASSERT_EQUAL_INT(0, w.alice("Requests").parameters.find("requests")->items()->size());
  TEST_ASSERT_EQUAL_INT(0,
                        w.itself("Requests", R"({"all":true})").parameters.find("requests")->items()->size());
  TEST_ASSERT_EQUAL_INT(0, w.itself("List").parameters.find("grants")->items()->size());
  TEST_ASSERT_EQUAL_INT(0, w.itself("News", R"({"after":0})").parameters.find("events")->items()->size());
  TEST_ASSERT_EQUAL_INT(2, w.itself("Resources").parameters.find("resources")->items()->size());
  TEST_ASSERT_TRUE(w.alice("Status").parameters.find("locks") == nullptr);
  TEST_ASSERT_EQUAL_INT64(0, number(w.say("carol@example.com", "Status").parameters, "to_approve"));
  w.asked();
  TEST_ASSERT_EQUAL_INT64(1, number(w.say("carol@example.com", "Status").parameters, "to_approve"));
  (void)w.ask("erin", "Request", R"({"resource":"orders-db","break_glass":true,"reason":"fire"})");
  TEST_ASSERT_EQUAL_INT(1, w.ask("carol", "Status").parameters.find("to_review")->items()->size());
  TEST_ASSERT_TRUE(w.say("carol@example.com", "Status").parameters.find("to_review") == nullptr);
}

TEST(only_who_may_deny_denies_through_a_relay) {
  chat w;
  const std::string id = w.asked();
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.alice("Deny", R"({"id":")" + id + "\"}")));
  // bob answers other requests, not this one.
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest",
                           short_error(w.say("bob@example.com", "Deny", R"({"id":")" + id + "\"}")));
  auto r = w.say("carol@example.com", "Deny", R"({"id":")" + id + R"(","reason":"not now"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_STRING("carol through relay chatbot", member(*r.parameters.find("request"), "ended_by"));
  TEST_ASSERT_EQUAL_STRING("carol through relay chatbot", w.recorded("deny", "by"));
}

TEST(what_a_relay_carried_is_recorded_with_who_carried_it) {
  chat w;
  const std::string id = w.asked("replica");
  TEST_ASSERT_EQUAL_STRING("granted", w.state(id));
  TEST_ASSERT_EQUAL_STRING("alice through relay chatbot", w.recorded("request", "by"));
  TEST_ASSERT_EQUAL_STRING("alice through relay chatbot", w.recorded("grant", "by"));
  const std::string grant = member(w.alice("List").parameters.find("grants")->items()->front(), "id");
  TEST_ASSERT_EQUAL_STRING("", short_error(w.alice("GiveBack", R"({"id":")" + grant + "\"}")));
  TEST_ASSERT_EQUAL_STRING("alice through relay chatbot", w.recorded("give-back", "by"));
  w.asked();
  const std::string second = w.asked();
  TEST_ASSERT_EQUAL_STRING("", short_error(w.alice("Cancel", R"({"id":")" + second + "\"}")));
  TEST_ASSERT_EQUAL_STRING("alice through relay chatbot", w.recorded("cancel", "by"));
}

TEST(a_request_that_a_relay_carried_is_approved_by_a_signature_like_any_other) {
  chat w;
  const std::string id = w.asked();
  auto text = w.itself("ApprovalText", R"({"id":")" + id + "\"}");
  TEST_ASSERT_EQUAL_STRING("", short_error(text));
  const int64_t from = number(w.itself("News").parameters, "last");
  TEST_ASSERT_EQUAL_STRING(
      "", short_error(w.approve_text("carol", id, carol_key, member(text.parameters, "text"))));
  TEST_ASSERT_TRUE(w.allowed());
  auto r = w.itself("News", R"({"after":)" + std::to_string(from) + "}");
  const auto& told = *r.parameters.find("events")->items();
  TEST_ASSERT_EQUAL_INT(2, told.size());
  TEST_ASSERT_EQUAL_STRING("approve", member(told[0], "event"));
  TEST_ASSERT_EQUAL_STRING("carol", member(told[0], "by"));
  TEST_ASSERT_EQUAL_STRING("alice", member(told[0], "person"));
  TEST_ASSERT_EQUAL_STRING("grant", member(told[1], "event"));
}

TEST(an_address_is_whosever_it_is_in_any_case_and_nothing_that_looks_like_it) {
  chat w;
  TEST_ASSERT_EQUAL_STRING("bob", daemon::identify(*w.core, w.of("BOB@Example.COM")).person);
  for (const char* other :
       {R"(b\u043eb@example.com)", "bob@example.com ", R"(bob@example.com\u0000)", R"(\u200bbob@example.com)",
        R"(bob@example\uff0ecom)", "Bob <bob@example.com>", "bob@example.com,alice@example.com", "bob", ""}) {
    daemon::session s = chat::relay();
    auto r = w.ask(s, "OnBehalf", R"({"email":")" + std::string(other) + "\"}");
    TEST_ASSERT_TRUE_MESSAGE(!r.ok() && s.on_behalf.empty(), other);
  }
}

TEST(the_account_ask_says_which_relay_speaks_and_the_relay_for_whom) {
  chat w;
  daemon::session s{.uid = 900};
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask(s, "OnBehalf", R"({"relay":"chatbot"})")));
  TEST_ASSERT_EQUAL_STRING("chatbot", member(w.ask(s, "Status").parameters, "relay"));
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask(s, "Keys")));
  daemon::session second{.uid = 900};
  w.ask(second, "OnBehalf", R"({"relay":"chatbot"})");
  auto r = w.ask(second, "OnBehalf", R"({"chat":"U1"})");
  TEST_ASSERT_EQUAL_STRING("alice", member(r.parameters, "person"));
  TEST_ASSERT_EQUAL_STRING("alice@example.com", member(r.parameters, "email"));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask(second, "Request", R"({"resource":"orders-db"})")));
  for (const char* given : {R"({"relay":"other"})", R"({"chat":"U1"})", R"({"email":"alice@example.com"})",
                            R"({"relay":"chatbot","person":"alice"})", "{}"}) {
    daemon::session t{.uid = 900};
    TEST_ASSERT_TRUE_MESSAGE(!w.ask(t, "OnBehalf", given).ok(), given);
  }
  // Root is no relay, and who is not ask any more says of nothing that it is one.
  TEST_ASSERT_TRUE(daemon::identify(*w.core, {.uid = 0, .on_behalf = {}, .relay = "chatbot"}).root);
  const daemon::caller was = daemon::identify(*w.core, {.uid = 5555, .on_behalf = {}, .relay = "chatbot"});
  TEST_ASSERT_TRUE(was.relay == nullptr && was.person.empty() && !was.ask);
  daemon::session nobody{.uid = 5555};
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask(nobody, "OnBehalf", R"({"relay":"chatbot"})")));
}

TEST(a_relay_that_the_policy_no_longer_has_or_lets_speak_is_nobody_on_an_old_connection) {
  chat w;
  daemon::session spoke = w.of("alice@example.com", "U1");
  daemon::session own = chat::relay();
  std::string fewer = w.policy;
  fewer.replace(fewer.find(R"(["alice", "bob"])"), 16, R"(["bob"])");
  w.load(fewer.c_str());
  TEST_ASSERT_TRUE(daemon::identify(*w.core, spoke).person.empty());
  // It does not fall back to being the relay itself.
  TEST_ASSERT_TRUE(daemon::identify(*w.core, spoke).relay == nullptr);
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask(spoke, "Request", R"({"resource":"orders-db"})")));
  const std::string none = w.policy.substr(0, w.policy.find("[relay"));
  w.load(none.c_str());
  TEST_ASSERT_TRUE(daemon::identify(*w.core, own).relay == nullptr);
  daemon::session through_ask{.uid = 900, .on_behalf = {}, .relay = "chatbot"};
  TEST_ASSERT_FALSE(daemon::identify(*w.core, through_ask).ask);
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask(through_ask, "List")));
}

TEST(news_tells_what_was_recorded_since_and_where_to_go_on) {
  chat w;
  auto start = w.itself("News");
  TEST_ASSERT_EQUAL_INT(0, start.parameters.find("events")->items()->size());
  const int64_t from = number(start.parameters, "last");
  const std::string id = w.asked();
  w.asked("replica");
  w.root("Revoke", R"({"person":"alice","reason":"enough"})");
  w.say("carol@example.com", "Deny", R"({"id":")" + id + R"(","reason":"no"})");
  const std::string after = R"({"after":)" + std::to_string(from) + "}";
  auto r = w.itself("News", after);
  std::vector<std::string> told;
  for (const auto& e : *r.parameters.find("events")->items()) {
    told.push_back(member(e, "event") + " " + member(e, "resource") + " " + member(e, "email"));
  }
  // What opened at once is told by its grant; payroll and erin's are not told at all.
  const std::vector<std::string> wanted = {
      "request orders-db alice@example.com", "grant replica alice@example.com",
      "revoke replica alice@example.com", "deny orders-db alice@example.com"};
  TEST_ASSERT_TRUE_MESSAGE(told == wanted, r.parameters.print());
  TEST_ASSERT_EQUAL_INT64(number(r.parameters, "newest"), number(r.parameters, "last"));
  // In pieces, and again: the same, and nothing twice.
  int64_t at = from;
  size_t count = 0;
  for (int i = 0; i < 100 && at < number(r.parameters, "newest"); ++i) {
    auto some = w.itself("News", R"({"limit":1,"after":)" + std::to_string(at) + "}");
    count += some.parameters.find("events")->items()->size();
    at = number(some.parameters, "last");
  }
  TEST_ASSERT_EQUAL_INT(4, count);
  // A position of another store begins with what comes.
  auto ahead = w.itself("News", R"({"after":1000000})");
  TEST_ASSERT_EQUAL_INT(0, ahead.parameters.find("events")->items()->size());
  TEST_ASSERT_EQUAL_INT64(number(ahead.parameters, "newest"), number(ahead.parameters, "last"));
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.root("News")));
}

TEST(a_relay_lists_who_has_access_to_what_it_may_ask_for) {
  chat w;
  w.asked("replica");
  w.root("Grant", R"({"person":"erin","resource":"replica"})");
  w.root("Grant", R"({"person":"alice","resource":"payroll"})");
  auto r = w.itself("List", R"({"resource":"replica"})");
  TEST_ASSERT_EQUAL_INT(1, r.parameters.find("grants")->items()->size());
  TEST_ASSERT_EQUAL_STRING("alice", member(r.parameters.find("grants")->items()->front(), "person"));
  TEST_ASSERT_EQUAL_INT(1, w.itself("List", R"({"all":true})").parameters.find("grants")->items()->size());
  TEST_ASSERT_EQUAL_STRING("NotAllowed",
                           short_error(w.say("bob@example.com", "List", R"({"person":"alice"})")));
}
