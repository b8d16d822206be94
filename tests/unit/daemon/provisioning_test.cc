// SPDX-License-Identifier: Apache-2.0
// A window that carries a role lets nobody in before the role is there, and its end never waits for it.
#include <algorithm>

#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr char with_role[] = R"(
[person.alice]
os = "alice"
pg = "alice"
[person.carol]
pg = "carol"
rights = ["grant"]
[person.dave]
pg = "dave"
rights = ["see"]
[resource.orders-db]
login_points = ["pg:main/orders"]
member_of = "orders_reader"
default = "1h"
max = "8h"
[resource.shell]
login_points = ["pam:sshd"]
pam_access = "full"
)";

// grantd-provision on a connection of its own.
struct provisioner {
  explicit provisioner(world& in) : w(in) {}
  world& w;
  daemon::session s{.uid = provision_uid};
  std::vector<daemon::core::provision_work> work{};

  daemon::answer call(const std::string& method, const std::string& parameters, bool more = false) {
    daemon::call c;
    c.method = "org.grantd.Access." + method;
    c.parameters = *daemon::json::parse(parameters);
    c.more = more;
    auto a = daemon::dispatch(*w.core, s, w.heard, c, 5);
    w.turn();
    return a;
  }
  void listen(const std::string& systems = "\"main\"") {
    s = {.uid = provision_uid};
    TEST_ASSERT_FALSE(call("Provision", "{\"systems\":[" + systems + "]}", true).has_value());
    work.clear();
    look();
  }
  void look() {
    for (auto& one : w.core->take_work()) work.push_back(one);
  }
  // The number of the only work of that step; 0: there is none.
  uint64_t take(std::string_view step) {
    w.turn();
    look();
    uint64_t number = 0;
    for (const auto& one : work) {
      if (one.step != step) continue;
      TEST_ASSERT_EQUAL_INT(0, number);
      number = one.number;
    }
    std::erase_if(work, [&](const auto& one) { return one.step == step; });
    return number;
  }
  void done(uint64_t number) {
    TEST_ASSERT_TRUE(number != 0);
    TEST_ASSERT_TRUE(call("Provisioned", "{\"work\":" + std::to_string(number) + "}")->ok());
  }
  void failed(uint64_t number, const std::string& why) {
    TEST_ASSERT_TRUE(number != 0);
    TEST_ASSERT_TRUE(
        call("Provisioned", "{\"work\":" + std::to_string(number) + ",\"error\":\"" + why + "\"}")->ok());
  }
  void found(uint64_t number, const std::string& list) {
    TEST_ASSERT_TRUE(number != 0);
    TEST_ASSERT_TRUE(
        call("Provisioned", "{\"work\":" + std::to_string(number) + ",\"found\":[" + list + "]}")->ok());
  }
};

struct play : world {
  play() { restart(with_role); }
  provisioner p{*this};
  std::string open() {  // a grant that is open
    std::string id = grant();
    p.done(p.take("open"));
    TEST_ASSERT_TRUE(allowed());
    return id;
  }
  std::string shown(const std::string& id, const char* key, const std::string& by = "dave") {
    auto r = ask(by, "Show", R"({"id":")" + id + "\"}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    const auto* v = r.parameters.find("grant")->find(key);
    return v == nullptr ? "" : *v->text();
  }
  size_t unsettled() {  // as `see` is told
    auto r = ask("dave", "Status");
    const auto* list = r.parameters.find("daemon")->find("memberships");
    return list == nullptr ? 0 : list->items()->size();
  }
  std::string trouble() {
    auto r = ask("alice", "Status");
    const auto* v = r.parameters.find("daemon")->find("provision");
    return v == nullptr ? "" : *v->text();
  }
  int alarms() {
    int n = 0;
    for (const auto& l : core->take_lines()) n += l.text.starts_with("LEFT OVER") ? 1 : 0;
    return n;
  }
  int recorded(const std::string& event) {
    auto r = root("Audit");
    int n = 0;
    for (const auto& record : *r.parameters.find("records")->items())
      n += member(record, "event") == event ? 1 : 0;
    return n;
  }
  std::vector<std::string> events() {
    std::vector<std::string> names;
    for (auto& e : core->take_events()) names.push_back(e.name);
    return names;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }
constexpr char alices[] = R"({"account":"alice","role":"orders_reader"})";

}  // namespace

TEST(a_window_with_a_role_lets_nobody_in_before_the_role_is_given) {
  play w;
  w.p.listen();
  std::string id = w.grant();
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("opening", w.state_of(id));
  TEST_ASSERT_EQUAL_STRING("orders_reader", w.shown(id, "member_of"));
  w.events();
  uint64_t n = w.p.take("open");
  TEST_ASSERT_FALSE(w.allowed());
  w.p.done(n);
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("open", w.state_of(id));
  TEST_ASSERT_TRUE(w.events() == std::vector<std::string>{"open"});
  TEST_ASSERT_EQUAL_INT(1, w.recorded("member"));
}

TEST(a_window_without_a_role_waits_for_nobody) {
  play w;
  auto r = w.root("Grant", R"({"person":"alice","resource":"shell"})");
  TEST_ASSERT_EQUAL_STRING("open", member(*r.parameters.find("grant"), "state"));
  TEST_ASSERT_EQUAL_INT(0, w.p.take("open"));
}

TEST(without_grantd_provision_it_stays_shut_and_says_so) {
  play w;
  std::string id = w.grant();
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_TRUE(has(w.shown(id, "opening"), "grantd-provision is not connected"));
  TEST_ASSERT_TRUE(has(w.trouble(), "grantd-provision is not connected"));
  auto r = w.root("Explain", R"({"person":"alice","resource":"orders-db"})");
  TEST_ASSERT_TRUE(has(member(r.parameters, "why"), "is opening"));
  TEST_ASSERT_EQUAL_STRING("grantctl show " + id, member(r.parameters, "help"));
  w.p.listen("\"other\"");
  TEST_ASSERT_TRUE(has(w.shown(id, "opening"), "[system.main]"));
  TEST_ASSERT_EQUAL_STRING("", w.trouble());
  w.p.listen();
  w.p.done(w.p.take("open"));
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("", w.shown(id, "opening"));
}

TEST(why_it_failed_is_told_in_full_to_those_who_see) {
  play w;
  w.p.listen();
  std::string id = w.grant();
  w.p.failed(w.p.take("open"), "db7.internal: no such role");
  TEST_ASSERT_TRUE(has(w.shown(id, "opening"), "db7.internal"));
  TEST_ASSERT_FALSE(has(w.shown(id, "opening", "alice"), "db7.internal"));
  TEST_ASSERT_TRUE(has(w.shown(id, "opening", "alice"), "root can read why"));
  TEST_ASSERT_EQUAL_INT(1, w.unsettled());
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(revoked_the_table_shuts_at_once_and_the_role_is_taken_back_after) {
  play w;
  w.p.listen();
  std::string id = w.open();
  auto r = w.root("Revoke", R"({"id":")" + id + R"(","reason":"x"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_FALSE(w.allowed());
  w.p.done(w.p.take("close"));
  TEST_ASSERT_EQUAL_INT(0, w.unsettled());
  TEST_ASSERT_EQUAL_INT(1, w.recorded("member-end"));
  TEST_ASSERT_EQUAL_INT(0, w.recorded("member-leftover"));
}

TEST(expired_and_given_back_it_is_taken_back_as_well) {
  play w;
  w.p.listen();
  w.open();
  w.clock.pass(3600);
  w.turn();
  w.p.done(w.p.take("close"));
  w.open();
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("alice", "GiveBack")));
  w.p.done(w.p.take("close"));
}

TEST(not_taken_back_within_the_second_it_is_left_over_until_it_is) {
  play w;
  w.p.listen();
  w.open();
  w.clock.pass(3600);
  w.turn();
  uint64_t n = w.p.take("close");
  TEST_ASSERT_EQUAL_INT64(w.clock.now.boot.ns + 900'000'000, w.core->next_end()->ns);
  TEST_ASSERT_EQUAL_INT(0, w.alarms());
  w.clock.pass(1);
  w.turn();
  TEST_ASSERT_EQUAL_INT(1, w.alarms());
  TEST_ASSERT_EQUAL_INT(1, w.recorded("member-leftover"));
  auto r = w.ask("dave", "Status");
  const auto& one = r.parameters.find("daemon")->find("memberships")->items()->at(0);
  TEST_ASSERT_EQUAL_STRING("leftover", member(one, "state"));
  TEST_ASSERT_EQUAL_STRING("alice", member(one, "account"));
  w.p.failed(n, "the server is away");
  TEST_ASSERT_EQUAL_INT(0, w.alarms());  // told once
  w.p.done(n);
  TEST_ASSERT_EQUAL_INT(0, w.unsettled());
}

TEST(of_two_windows_with_the_same_role_the_last_one_takes_it_back) {
  play w;
  w.p.listen();
  std::string first = w.open();
  std::string second = w.grant();
  TEST_ASSERT_EQUAL_STRING("open", w.state_of(second));  // it is there already
  w.root("Revoke", R"({"id":")" + first + R"(","reason":"x"})");
  TEST_ASSERT_EQUAL_INT(0, w.p.take("close"));
  TEST_ASSERT_TRUE(w.allowed());
  w.root("Revoke", R"({"id":")" + second + R"(","reason":"x"})");
  w.p.done(w.p.take("close"));
}

TEST(the_role_is_given_when_the_window_begins_and_not_before) {
  play w;
  w.p.listen();
  std::string id = w.grant(3600, ",\"from_us\":" + std::to_string(w.clock.now.utc.us + 60 * base::us_per_s));
  TEST_ASSERT_EQUAL_STRING("waiting", w.state_of(id));
  TEST_ASSERT_EQUAL_INT(0, w.p.take("open"));
  TEST_ASSERT_EQUAL_INT64(w.clock.now.boot.ns + 60 * base::ns_per_s, w.core->next_end()->ns);
  w.clock.pass(60);
  w.turn();
  TEST_ASSERT_EQUAL_STRING("opening", w.state_of(id));
  TEST_ASSERT_FALSE(w.allowed());
  w.p.done(w.p.take("open"));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(a_later_window_is_not_published_because_an_earlier_one_has_the_role) {
  play w;
  w.p.listen();
  w.open();
  std::string later =
      w.grant(3600, ",\"from_us\":" + std::to_string(w.clock.now.utc.us + 7200 * base::us_per_s));
  w.clock.pass(3600);
  w.turn();
  w.p.done(w.p.take("close"));
  w.clock.pass(3600);
  w.turn();
  TEST_ASSERT_EQUAL_STRING("opening", w.state_of(later));
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(a_window_that_ends_while_the_role_is_being_given_ends_without_it) {
  play w;
  w.p.listen();
  std::string id = w.grant();
  uint64_t opening = w.p.take("open");
  w.root("Revoke", R"({"id":")" + id + R"(","reason":"x"})");
  w.p.done(opening);  // late
  TEST_ASSERT_FALSE(w.allowed());
  w.p.done(w.p.take("close"));
  TEST_ASSERT_EQUAL_INT(0, w.unsettled());
}

TEST(killed_after_the_role_was_given_the_window_is_published_at_once_again) {
  play w;
  w.p.listen();
  w.open();
  w.restart(with_role);
  TEST_ASSERT_TRUE(w.allowed());
  w.p.listen();
  w.p.found(w.p.take("list"), alices);
  TEST_ASSERT_EQUAL_INT(0, w.p.take("open"));
  TEST_ASSERT_EQUAL_INT(0, w.p.take("close"));
}

TEST(killed_while_the_role_was_being_given_it_is_given_again) {
  play w;
  w.p.listen();
  w.grant();
  TEST_ASSERT_TRUE(w.p.take("open") != 0);
  w.restart(with_role);
  TEST_ASSERT_FALSE(w.allowed());
  w.p.listen();
  w.p.done(w.p.take("open"));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(killed_before_it_was_taken_back_it_is_taken_back_after) {
  play w;
  w.p.listen();
  std::string id = w.open();
  w.root("Revoke", R"({"id":")" + id + R"(","reason":"x"})");
  w.restart(with_role);
  w.p.listen();
  w.p.done(w.p.take("close"));
  w.restart(with_role);
  w.p.listen();
  TEST_ASSERT_EQUAL_INT(0, w.p.take("close"));
}

TEST(what_no_grant_asks_for_is_taken_back_and_recorded) {
  play w;
  w.p.listen();
  w.p.found(w.p.take("list"), alices);
  TEST_ASSERT_EQUAL_INT(1, w.recorded("member-found"));
  w.p.done(w.p.take("close"));
  TEST_ASSERT_EQUAL_INT(1, w.recorded("member-end"));
}

TEST(of_a_locked_store_nothing_is_taken_back_by_a_list) {
  play w;
  w.keep_copy();
  w.p.listen();
  w.grant();
  w.put_back();
  w.restart(with_role);
  TEST_ASSERT_EQUAL_STRING("Locked",
                           short_error(w.root("Grant", R"({"person":"alice","resource":"orders-db"})")));
  w.p.listen();
  w.p.found(w.p.take("list"), alices);
  TEST_ASSERT_EQUAL_INT(0, w.p.take("close"));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("UnlockStore")));
  w.p.found(w.p.take("list"), alices);  // asked for again
  w.p.done(w.p.take("close"));
}

TEST(what_was_taken_away_behind_our_back_is_given_again_and_nobody_is_cut) {
  play w;
  w.p.listen();
  w.open();
  w.p.listen();
  w.p.found(w.p.take("list"), "");
  TEST_ASSERT_TRUE(w.allowed());
  w.p.done(w.p.take("open"));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(a_new_window_waits_for_what_was_taken_away_behind_our_back) {
  play w;
  w.p.listen();
  w.open();
  w.p.listen();
  w.p.found(w.p.take("list"), "");
  std::string second = w.grant();
  TEST_ASSERT_EQUAL_STRING("opening", w.state_of(second));
  TEST_ASSERT_EQUAL_INT(1, w.unsettled());
  w.p.done(w.p.take("open"));
  TEST_ASSERT_EQUAL_STRING("open", w.state_of(second));
  TEST_ASSERT_EQUAL_INT(0, w.unsettled());
}

TEST(a_lock_takes_the_role_back_and_its_end_gives_it_again_before_the_window_lets_in) {
  for (const char* what : {R"("resource":"orders-db")", R"("person":"alice")", R"("all":true)"}) {
    play w;
    w.p.listen();
    std::string id = w.open();
    TEST_ASSERT_EQUAL_STRING(
        "", short_error(w.root("Lock", std::string("{") + what + R"(,"for_us":60000000,"message":"x"})")));
    TEST_ASSERT_FALSE(w.allowed());
    uint64_t closing = w.p.take("close");
    TEST_ASSERT_TRUE(has(w.shown(id, "opening"), "grantctl locks"));
    w.p.done(closing);
    TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Unlock", std::string("{") + what + "}")));
    w.p.look();
    TEST_ASSERT_EQUAL_STRING("open",
                             w.p.work.empty() ? "" : w.p.work.back().step);  // with the turn that unlocked
    TEST_ASSERT_FALSE(w.allowed());
    w.p.done(w.p.take("open"));
    TEST_ASSERT_TRUE(w.allowed());
  }
}

TEST(a_lock_that_is_over_gives_the_role_again) {
  play w;
  w.p.listen();
  w.open();
  w.root("Lock", R"({"resource":"orders-db","for_us":60000000,"message":"x"})");
  w.p.done(w.p.take("close"));
  w.clock.pass(60);
  w.turn();
  w.p.done(w.p.take("open"));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(a_lock_on_something_else_leaves_the_role_alone) {
  play w;
  w.p.listen();
  w.open();
  TEST_ASSERT_EQUAL_STRING(
      "", short_error(w.root("Lock", R"({"resource":"shell","for_us":60000000,"message":"x"})")));
  TEST_ASSERT_EQUAL_INT(0, w.p.take("close"));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(names_that_only_grantd_provision_brings_have_an_end) {
  play w;
  w.p.listen();
  w.open();
  auto bring = [&](size_t from) {
    std::string names;
    for (size_t i = from; i < from + 60; ++i)
      names += (names.empty() ? "\"" : ",\"") + std::to_string(i) + "\"";
    w.p.listen(names + ",\"main\"");
  };
  size_t brought = 0;
  for (; brought <= daemon::max_strange_names; brought += 60) bring(brought);
  (void)w.core->take_lines();
  bring(brought);
  bool said = false;
  for (const auto& l : w.core->take_lines()) said = said || has(l.text, "too many names");
  TEST_ASSERT_TRUE(said);
  TEST_ASSERT_FALSE(w.core->names().has(std::to_string(brought)));
  w.p.listen();  // what is known goes on
  TEST_ASSERT_TRUE(w.p.take("list") != 0);
}

TEST(a_policy_that_takes_the_role_away_ends_the_grant_and_another_one_too) {
  for (const char* instead : {"", "member_of = \"orders_writer\"\n"}) {
    play w;
    w.p.listen();
    std::string id = w.open();
    std::string policy = with_role;
    const std::string line = "member_of = \"orders_reader\"\n";
    policy.replace(policy.find(line), line.size(), instead);
    w.load(policy.c_str());
    w.turn();
    TEST_ASSERT_EQUAL_STRING("revoked", w.state_of(id));
    w.p.done(w.p.take("close"));
  }
}

TEST(a_window_from_before_the_policy_had_a_role_goes_on_without_it) {
  play w;
  std::string policy = with_role;
  const std::string line = "member_of = \"orders_reader\"\n";
  policy.erase(policy.find(line), line.size());
  w.load(policy.c_str());
  std::string id = w.grant();
  TEST_ASSERT_TRUE(w.allowed());
  w.load(with_role);
  w.turn();
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("open", w.state_of(id));
}

TEST(only_the_last_listener_is_believed) {
  play w;
  w.p.listen();
  w.grant();
  uint64_t n = w.p.take("open");
  provisioner other(w);
  other.listen();
  auto a = w.p.call("Provisioned", "{\"work\":" + std::to_string(n) + "}");
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(*a));
  TEST_ASSERT_FALSE(w.allowed());
  other.done(other.take("open"));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(what_is_said_must_make_sense) {
  play w;
  w.p.listen();
  for (const char* bad :
       {"{}", R"({"work":0})", R"({"work":1,"found":{}})", R"({"work":1,"found":[1]})",
        R"({"work":1,"found":[{"account":"a"}]})",
        R"({"work":1,"found":[{"account":"a","role":"b","more":1}]})", R"({"work":1,"error":"x","found":[]})",
        R"({"work":1,"error":""})", R"({"work":1,"x":1})"}) {
    auto a = w.p.call("Provisioned", bad);
    TEST_ASSERT_TRUE_MESSAGE(a && short_error(*a) == "InvalidParameter", bad);
  }
  provisioner other(w);
  for (const char* bad : {"{}", R"({"systems":[]})", R"({"systems":"main"})", R"({"systems":[1]})"}) {
    auto a = other.call("Provision", bad, true);
    TEST_ASSERT_TRUE_MESSAGE(a && short_error(*a) == "InvalidParameter", bad);
  }
  TEST_ASSERT_EQUAL_STRING("InvalidParameter",
                           short_error(*other.call("Provision", R"({"systems":["main"]})", false)));
}

TEST(somebody_of_the_policy_or_ask_is_no_provisioner_whatever_the_configuration_says) {
  play w;
  for (uid_t uid : {uid_t{0}, uid_t{900}, uid_t{1001}}) {
    w.core->set_provisioner(uid);
    provisioner other(w);
    other.s.uid = uid;
    auto a = other.call("Provision", R"({"systems":["main"]})", true);
    TEST_ASSERT_TRUE(a && short_error(*a) == "NotAllowed");
  }
}
