// SPDX-License-Identifier: Apache-2.0
// What explain and resources say of the rules: the same, and the same command that helps, as asking would.
#include "asking.h"
#include "base/duration.h"
#include "base/timestamp.h"

using namespace grantd;
using namespace grantd::test;
namespace json = daemon::json;

namespace {

constexpr char night[] =
    "[resource.night]\nlogin_points = \"pg:main/night\"\naccess = \"read-write\"\nmax = \"4h\"\n"
    "[rule.night]\nwho = \"alice\"\nresource = \"night\"\nmax = \"1h\"\napprovals = 0\n"
    "reason = \"OPS-[0-9]+\"\nhours = \"Wed 03:00-03:01 UTC\"\n";

json::value explain(asking& w, const std::string& resource, const std::string& more = "") {
  return w.ask("alice", "Explain", R"({"person":"alice","resource":")" + resource + "\"" + more + "}")
      .parameters;
}

}  // namespace

TEST(all_that_a_rule_objects_to_is_said_at_once_by_request_and_by_explain) {
  asking w(night);
  auto asked = w.ask("alice", "Request", R"({"resource":"night","for_us":7200000000})").parameters;
  const std::string message = member(asked, "message");
  for (const char* part : {"only Wed 03:00-03:01 UTC", "at most 1h", "\"OPS-[0-9]+\" is found"})
    TEST_ASSERT_TRUE_MESSAGE(message.find(part) != message.npos, message);
  const std::string help = member(asked, "help");
  TEST_ASSERT_TRUE_MESSAGE(help.starts_with("grantctl request night --for 1h --reason 'OPS-[0-9]+' --at "),
                           help);
  TEST_ASSERT_TRUE_MESSAGE(help.ends_with("T03:00:00Z"), help);
  TEST_ASSERT_EQUAL_STRING(help, member(explain(w, "night", R"(,"for_us":7200000000)"), "help"));
  auto explained = explain(w, "night");
  TEST_ASSERT_TRUE(
      member(explained, "help").starts_with("grantctl request night --reason 'OPS-[0-9]+' --at "));
  // A reason that was given, but not as the rule wants it, is not said again.
  explained = explain(w, "night", R"(,"reason":"because")");
  TEST_ASSERT_TRUE(
      member(explained, "help").starts_with("grantctl request night --reason 'OPS-[0-9]+' --at "));
  TEST_ASSERT_TRUE(member(explained, "why").find("OPS-[0-9]+") != std::string::npos);
}

TEST(explain_says_where_asking_for_writing_is_in_vain) {
  asking w(
      "[resource.books]\nlogin_points = \"pg:main/books\"\naccess = \"read-write\"\n"
      "[rule.books]\nwho = \"alice\"\nresource = \"books\"\napprovals = 0\n"
      "[resource.shell]\nlogin_points = \"pam:sshd\"\npam_access = \"full\"\n"
      "[rule.shell]\nwho = \"alice\"\nresource = \"shell\"\napprovals = 0\n");
  auto why = [&](const char* resource) { return member(explain(w, resource), "why"); };
  TEST_ASSERT_TRUE(why("books").ends_with("; for reading only: no rule lets alice write there"));
  TEST_ASSERT_TRUE(why("replica").ends_with("; for reading only, as is everything at replica"));
  TEST_ASSERT_TRUE(why("orders-db").ends_with("it takes 1 approval"));  // another rule gives writing
  TEST_ASSERT_TRUE(why("shell").find("reading") == std::string::npos);
  TEST_ASSERT_TRUE(
      member(explain(w, "orders-db", R"(,"read_write":true)"), "why").ends_with("it takes 2 approvals"));
}

TEST(explain_tells_of_a_request_that_waits_and_of_the_rules_after_an_end) {
  asking w(night);
  const std::string id = w.request();
  auto explained = explain(w, "orders-db");
  TEST_ASSERT_TRUE_MESSAGE(member(explained, "why").ends_with("; request " + id + " waits for approval"),
                           member(explained, "why"));
  TEST_ASSERT_EQUAL_STRING("grantctl show " + id, member(explained, "help"));
  (void)w.request("alice", "replica");
  (void)w.ask("alice", "GiveBack");
  TEST_ASSERT_TRUE(
      member(explain(w, "replica"), "why").find("has ended; by rule replica one opens at once") !=
      std::string::npos);
}

TEST(who_may_not_write_is_told_how_to_read_and_what_opens_it_in_an_emergency) {
  asking w(
      "[rule.bobs]\nwho = \"bob\"\nresource = \"orders-db\"\napprovals = 0\n"
      "[rule.bobs-fire]\nwho = \"bob\"\nresource = \"orders-db\"\naccess = \"read-write\"\napprovals = 0\n"
      "break_glass = true\nreason = \"required\"\nnotify = \"carol\"\n");
  auto r = w.ask("bob", "Request", R"({"resource":"orders-db","read_write":true,"reason":"x"})").parameters;
  TEST_ASSERT_EQUAL_STRING(
      "bob may only read at orders-db (rule bobs): ask without --read-write, or in an emergency with "
      "--break-glass --read-write",
      member(r, "message"));
  TEST_ASSERT_EQUAL_STRING("grantctl request orders-db --reason 'x'", member(r, "help"));
}

TEST(an_extension_of_what_no_rule_gives_is_told_what_opens_more) {
  asking w("[rule.bobs]\nwho = \"bob\"\nresource = \"orders-db\"\napprovals = 0\n");
  auto r = w.root("Grant", R"({"person":"bob","resource":"orders-db","for_us":3600000000})");
  const std::string id = member(*r.parameters.find("grant"), "id");
  r = w.ask("bob", "Request", R"({"extends":")" + id + R"(","for_us":1800000000})");
  TEST_ASSERT_EQUAL_STRING("NoRule", short_error(r));
  TEST_ASSERT_EQUAL_STRING(id + " is read-write, and no rule gives bob that at orders-db",
                           member(r.parameters, "message"));
  TEST_ASSERT_EQUAL_STRING("as somebody with the right \"grant\": grantctl grant bob orders-db --for 1h30m",
                           member(r.parameters, "help"));
  r = w.root("Grant", R"({"person":"bob","resource":"orders-db","for_us":5400000000})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_STRING("read-write", member(*r.parameters.find("grant"), "access"));
}

TEST(resources_say_what_the_callers_own_rule_wants) {
  asking w(night);
  auto of = [&](const json::value& answer, const std::string& name) -> const json::value* {
    for (const json::value& r : *answer.find("resources")->items()) {
      if (member(r, "name") == name) return r.find("for_you");
    }
    return nullptr;
  };
  const auto alice = w.ask("alice", "Resources").parameters;
  const json::value* offer = of(alice, "night");
  TEST_ASSERT_EQUAL_INT64(base::us_per_s * 3600, number(*offer, "max_us"));
  TEST_ASSERT_EQUAL_INT64(0, number(*offer, "approvals"));
  TEST_ASSERT_TRUE(*offer->find("reason")->boolean());
  TEST_ASSERT_EQUAL_INT64(1, number(*of(alice, "orders-db"), "approvals"));
  const auto bob = w.ask("bob", "Resources").parameters;
  TEST_ASSERT_TRUE(of(bob, "night") != nullptr && of(bob, "night")->members() == nullptr);
  const auto root = w.root("Resources").parameters;
  TEST_ASSERT_TRUE(of(root, "night") == nullptr);
}

TEST(a_mistyped_resource_is_answered_with_the_one_that_was_meant) {
  asking w;
  for (const auto& answer :
       {w.ask("alice", "Request", R"({"resource":"order-db"})").parameters, explain(w, "order-db")})
    TEST_ASSERT_EQUAL_STRING("the policy knows no resource order-db (did you mean \"orders-db\"?)",
                             member(answer, "message"));
}

TEST(who_cannot_approve_learns_it_before_signing) {
  asking w;
  const std::string of = R"({"id":")" + w.request() + "\"}";
  auto not_yours = [&](const json::value& answer) {
    const json::value* text = answer.find("not_yours");
    return text == nullptr ? std::string() : *text->text();
  };
  TEST_ASSERT_TRUE(
      not_yours(w.ask("alice", "ApprovalText", of).parameters).starts_with("nobody approves their own"));
  TEST_ASSERT_TRUE(
      not_yours(w.ask("dave", "ApprovalText", of).parameters).starts_with("rule orders does not let dave"));
  TEST_ASSERT_TRUE(not_yours(w.root("ApprovalText", of).parameters).starts_with("root is no person"));
  TEST_ASSERT_EQUAL_STRING("", not_yours(w.ask("bob", "ApprovalText", of).parameters));
}

namespace {

// The parameters of Request that a help line would send; nothing where it is no request.
std::optional<std::string> as_typed(const std::string& help) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  for (char c : help + " ") {
    if (quote != 0 ? c == quote : c == '\'' || c == '"') {
      quote = quote != 0 ? '\0' : c;
    } else if (c == ' ' && quote == 0) {
      if (!word.empty()) words.push_back(std::exchange(word, {}));
    } else {
      word += c;
    }
  }
  if (words.size() < 3 || words[0] != "grantctl" || words[1] != "request") return {};
  std::string out = R"({"resource":")" + words[2] + "\"";
  for (size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "--read-write") out += R"(,"read_write":true)";
    if (words[i] == "--break-glass") out += R"(,"break_glass":true)";
    if (words[i] == "--role") out += R"(,"role":")" + words[++i] + "\"";
    if (words[i] == "--reason")
      out += R"(,"reason":")" + (words[++i] == "OPS-[0-9]+" ? "OPS-1" : words[i]) + "\"";
    if (words[i] == "--for") {
      const bool by_end = words[++i].starts_with("until ");
      out += by_end ? R"(,"until_us":)" + std::to_string(base::parse_timestamp(words[i].substr(6))->us)
                    : R"(,"for_us":)" + std::to_string(*base::parse_duration_us(words[i]));
    }
    if (words[i] == "--at") out += R"(,"from_us":)" + std::to_string(base::parse_timestamp(words[++i])->us);
  }
  return out + "}";
}

}  // namespace

TEST(what_helps_is_not_refused_in_its_turn) {
  size_t followed = 0;
  for (const char* who : {"alice", "bob", "dave"}) {
    for (const char* resource : {"night", "orders-db", "replica"}) {
      for (unsigned wish = 0; wish < 24; ++wish) {
        asking w(night);
        std::string asked = std::string(R"({"resource":")") + resource + "\"";
        if ((wish & 1) != 0) asked += R"(,"read_write":true)";
        if ((wish & 2) != 0) asked += R"(,"break_glass":true)";
        if ((wish & 4) != 0) asked += R"(,"reason":"because")";
        if ((wish & 8) != 0) asked += R"(,"for_us":36000000000)";
        if ((wish & 16) != 0) asked += R"(,"until_us":)" + std::to_string(w.clock.now.utc.us + 600'000'000);
        asked += "}";
        const auto r = w.ask(who, "Request", asked);
        const auto again = r.ok() ? std::nullopt : as_typed(member(r.parameters, "help"));
        if (!again) continue;
        ++followed;
        const auto then = w.ask(who, "Request", *again);
        TEST_ASSERT_TRUE_MESSAGE(then.ok(), who + asked + member(r.parameters, "help") + short_error(then));
      }
    }
  }
  TEST_ASSERT_TRUE(followed > 50);
}
