// SPDX-License-Identifier: Apache-2.0
// Who may call what: every method of the table by everybody, and what each may see of others.
#include <map>
#include <set>

#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

// Well-formed parameters for each method that needs some.
std::string parameters_of(std::string_view method) {
  static const std::map<std::string, std::string, std::less<>> some = {
      {"Grant", R"({"person":"alice","resource":"orders-db"})"},
      {"Revoke", R"({"person":"alice","reason":"x"})"},
      {"Show", R"({"id":"g-0000"})"},
      {"Explain", R"({"person":"alice","resource":"orders-db"})"},
      {"Check", R"({"account":"pg:alice","login_point":"pg:main/orders"})"},
      {"OnBehalf", R"({"person":"alice"})"},
      {"Provision", R"({"systems":["main"]})"},
      {"Provisioned", R"({"work":1})"},
  };
  auto at = some.find(method);
  return at == some.end() ? "{}" : at->second;
}

struct somebody {
  const char* name;
  uid_t uid;
  const char* person;
  std::set<std::string, std::less<>> may;
};

const std::set<std::string, std::less<>> anyone = {"Status", "Resources", "Clock", "Store"};
std::set<std::string, std::less<>> with(std::set<std::string, std::less<>> more) {
  more.insert(anyone.begin(), anyone.end());
  return more;
}

}  // namespace

TEST(each_method_is_for_its_role_and_nobody_else) {
  const std::set<std::string, std::less<>> person = {
      "GiveBack", "List",    "Show", "Explain", "People", "Check",    "Watch",       "Sessions",    "Locks",
      "Request",  "Approve", "Deny", "Cancel",  "Review", "Requests", "ShowRequest", "ApprovalText"};
  auto see = person;
  see.insert({"Audit", "AuditChain", "Checkpoint", "Seen"});
  auto grant = see;
  grant.insert({"Grant", "Revoke", "Lock", "Unlock"});
  auto root = grant;
  root.insert({"AcceptClock", "UnlockStore", "Keys", "ReloadPolicy"});
  const somebody all[] = {
      {"nobody", 5555, "", anyone},
      {"ask itself", 900, "", with({"Keys", "OnBehalf"})},
      {"grantd-provision", provision_uid, "", with({"Provision"})},
      {"alice", 1001, "", with(person)},
      {"alice through ask", 900, "alice", with(person)},
      {"dave, who sees", 900, "dave", with(see)},
      {"carol, who grants", 900, "carol", with(grant)},
      {"root", 0, "", with(root)},
  };
  world w;
  for (const somebody& who : all) {
    for (const daemon::method& m : daemon::methods()) {
      daemon::session s{.uid = who.uid, .on_behalf = who.person};
      daemon::call c;
      c.method = "org.grantd.Access." + std::string(m.name);
      c.parameters = *daemon::json::parse(parameters_of(m.name));
      c.more = true;
      auto r = daemon::dispatch(*w.core, s, w.heard, c, 1);
      w.turn();
      // GiveBack gives back one's own; root and dave have the role but root is nobody.
      bool refused = r && r->error == "org.grantd.Access.NotAllowed";
      bool may = who.may.contains(m.name) && !(m.name == "GiveBack" && who.uid == 0);
      TEST_ASSERT_TRUE_MESSAGE(refused != may, std::string(who.name) + " calls " + std::string(m.name));
    }
  }
}

TEST(a_refusal_says_what_is_missing_in_the_policy) {
  world w;
  auto said = [](const daemon::reply& r) {
    return member(r.parameters, "message") + " / " + member(r.parameters, "help");
  };
  TEST_ASSERT_EQUAL_STRING(
      "grantctl audit needs the right \"see\" or \"grant\"; you are alice / "
      "rights = [\"see\"] in [person.alice] of policy.toml, by who keeps it",
      said(w.ask("alice", "Audit")));
  TEST_ASSERT_EQUAL_STRING(
      "grantctl people is for people of the policy; uid 5555 is nobody of the policy / "
      "os = \"USER\" in your [person.NAME] of policy.toml, by who keeps it",
      said(w.ask(uid_t{5555}, "People")));
  for (auto [method, help] :
       {std::pair{"OnBehalf", "grantd -T, which says who that is"},
        {"News", "[relay.NAME] of policy.toml, by who keeps it"},
        {"Keys", "as root, the same again"},
        {"AcceptClock", "as root, the same again"},
        {"Lock", "rights = [\"grant\"] in [person.alice] of policy.toml, by who keeps it"}})
    TEST_ASSERT_EQUAL_STRING(help, member(w.ask("alice", method).parameters, "help"));
  w.restart("[person.alice\n");  // then nobody is known, and that is why
  TEST_ASSERT_EQUAL_STRING("NoPolicy", short_error(w.ask(uid_t{5555}, "People")));
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask(uid_t{5555}, "AcceptClock")));
}

TEST(on_behalf_comes_first_once_and_never_makes_root) {
  world w;
  daemon::session s{.uid = 900};
  daemon::call c;
  c.method = "org.grantd.Access.OnBehalf";
  c.parameters = *daemon::json::parse(R"({"person":"alice"})");
  TEST_ASSERT_TRUE(daemon::dispatch(*w.core, s, w.heard, c, 1)->ok());
  TEST_ASSERT_FALSE(daemon::identify(*w.core, s).root);
  TEST_ASSERT_EQUAL_STRING("alice", daemon::identify(*w.core, s).person);
  TEST_ASSERT_FALSE(daemon::dispatch(*w.core, s, w.heard, c, 1)->ok());
  daemon::session late{.uid = 900, .on_behalf = {}, .spoke = true};
  TEST_ASSERT_FALSE(daemon::dispatch(*w.core, late, w.heard, c, 1)->ok());
  c.parameters = *daemon::json::parse(R"({"person":"root"})");
  daemon::session other{.uid = 900};
  TEST_ASSERT_FALSE(daemon::dispatch(*w.core, other, w.heard, c, 1)->ok());
}

TEST(a_person_who_left_the_policy_has_no_rights_on_an_old_connection) {
  world w;
  daemon::session s{.uid = 900, .on_behalf = "carol"};
  TEST_ASSERT_TRUE(daemon::identify(*w.core, s).may_grant);
  w.load("[person.bob]\npg = \"bob\"\n[resource.orders-db]\nlogin_points = [\"pg:main/orders\"]\n");
  TEST_ASSERT_FALSE(daemon::identify(*w.core, s).may_grant);
  TEST_ASSERT_EQUAL_STRING("", daemon::identify(*w.core, s).person);
}

TEST(people_see_their_own_and_those_with_the_right_see_all) {
  world w;
  std::string alices = w.grant();
  w.root("Grant", R"({"person":"bob","resource":"orders-db"})");
  auto count = [](const daemon::reply& r) { return r.parameters.find("grants")->items()->size(); };
  TEST_ASSERT_EQUAL_INT(1, count(w.ask("alice", "List")));
  TEST_ASSERT_EQUAL_INT(2, count(w.ask("dave", "List")));
  TEST_ASSERT_EQUAL_INT(2, count(w.root("List")));
  TEST_ASSERT_EQUAL_INT(1, count(w.root("List", R"({"person":"alice@example.com"})")));
  TEST_ASSERT_EQUAL_INT(1, count(w.root("List", R"({"limit":1})")));
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask("bob", "List", R"({"person":"alice"})")));
  TEST_ASSERT_EQUAL_STRING("NoSuchGrant", short_error(w.ask("bob", "Show", R"({"id":")" + alices + "\"}")));
  TEST_ASSERT_EQUAL_STRING("NoSuchGrant",
                           short_error(w.ask("bob", "GiveBack", R"({"id":")" + alices + "\"}")));
  TEST_ASSERT_EQUAL_STRING(
      "NotAllowed", short_error(w.ask("bob", "Explain", R"({"person":"alice","resource":"orders-db"})")));
  TEST_ASSERT_EQUAL_STRING(
      "NotAllowed",
      short_error(w.ask("bob", "Check", R"({"account":"pg:alice","login_point":"pg:main/orders"})")));
  TEST_ASSERT_EQUAL_INT(1, w.ask("bob", "People").parameters.find("people")->items()->size());
  TEST_ASSERT_EQUAL_INT(4, w.ask("dave", "People").parameters.find("people")->items()->size());
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(give_back_ends_ones_own_and_is_not_a_revocation) {
  world w;
  std::string id = w.grant();
  auto r = w.ask("alice", "GiveBack");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_STRING("given-back", w.state_of(id));
  TEST_ASSERT_EQUAL_INT(decision::reason::ended, w.lookup().why);
}

TEST(explain_names_the_one_command_that_changes_a_no) {
  world w;
  constexpr char asked[] = R"({"person":"alice","resource":"orders-db"})";
  auto r = w.root("Explain", asked);
  TEST_ASSERT_FALSE(*r.parameters.find("allowed")->boolean());
  TEST_ASSERT_EQUAL_STRING("grantctl grant alice orders-db --for 1h", member(r.parameters, "help"));
  w.grant(60);
  r = w.root("Explain", asked);
  TEST_ASSERT_TRUE(*r.parameters.find("allowed")->boolean());
  TEST_ASSERT_EQUAL_INT64(60 * base::us_per_s, number(r.parameters, "left_us"));
  r = w.root("Check", R"({"account":"pg:alice","login_point":"pg:main/orders"})");
  TEST_ASSERT_TRUE(*r.parameters.find("allowed")->boolean());
  r = w.root("Check", R"({"account":"pg:alice","login_point":"pg:main/other"})");
  TEST_ASSERT_FALSE(*r.parameters.find("allowed")->boolean());
  r = w.root("Explain", R"({"person":"bob","resource":"shell"})");
  TEST_ASSERT_TRUE(member(r.parameters, "why").find("no account") != std::string::npos);
}

TEST(unknown_methods_and_interfaces_are_named) {
  world w;
  TEST_ASSERT_EQUAL_STRING("MethodNotFound", short_error(w.root("Nothing")));
  TEST_ASSERT_EQUAL_STRING("MethodNotFound", short_error(w.root("grant")));
  TEST_ASSERT_EQUAL_STRING("InterfaceNotFound", short_error(w.root("org.example.Method")));
  TEST_ASSERT_EQUAL_STRING("MethodNotFound", short_error(w.root("org.varlink.service.Nothing")));
}

TEST(the_description_names_every_method) {
  world w;
  auto info = w.ask(uid_t{5555}, "org.varlink.service.GetInfo");
  TEST_ASSERT_TRUE(info.ok());
  auto r = w.ask(uid_t{5555}, "org.varlink.service.GetInterfaceDescription",
                 R"({"interface":"org.grantd.Access"})");
  std::string text = member(r.parameters, "description");
  for (const daemon::method& m : daemon::methods()) {
    TEST_ASSERT_TRUE_MESSAGE(text.find("method " + std::string(m.name) + "(") != std::string::npos,
                             std::string(m.name));
  }
  TEST_ASSERT_TRUE(text.find("reserve: string") != std::string::npos);
  TEST_ASSERT_TRUE(text.find("reserve: bool") == std::string::npos);
}
