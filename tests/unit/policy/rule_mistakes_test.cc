// SPDX-License-Identifier: Apache-2.0
// Every mistake that groups, rules, expectations and several files can hold, and what is only warned about.
#include "keys.h"
#include "mistakes.h"
#include "policy/policy.h"

using namespace grantd;
using test::refused_at;

namespace {

// Six lines.
constexpr char people[] =
    "[person.alice]\nos = \"al\"\n[person.bob]\nos = \"bo\"\nkeys = '"
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHIdOUyY2K6F7rA3RypL8w3OE/6y4hxkFPUnyi0EwNny'\n"
    "[resource.db]\nlogin_points = \"pg:m/x\"\n";
constexpr unsigned first = 8;

auto parse(const std::string& text) { return policy::parse_policy(people + text, "policy.toml"); }

// A rule that is right but for `lines`, which begin on its fourth line.
auto rule(const std::string& lines) {
  return parse("[rule.r]\nwho = \"alice\"\nresource = \"db\"\n" + lines + "\n");
}
constexpr unsigned fourth = first + 3;
const std::string self = "approvals = 0\n";

bool warned(const policy::policy& p, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(p.warnings, [&](const std::string& w) {
    return std::ranges::all_of(words, [&](std::string_view x) { return w.find(x) != w.npos; });
  });
}

policy::surroundings host() {
  policy::surroundings out;
  out.members_of = [](const std::string& g) -> std::optional<std::vector<std::string>> {
    if (g == "dba") return std::vector<std::string>{"bo", "daemon", "alice"};
    if (g == "none") return std::vector<std::string>{};
    return std::nullopt;
  };
  return out;
}

auto parse_on_host(const std::string& text) {
  const policy::source one[] = {{people + text, "policy.toml"}};
  return policy::parse_policy(one, host());
}

std::string list(const std::set<std::string, std::less<>>& names) {
  std::string out;
  for (const auto& n : names) out += n + " ";
  return out;
}

}  // namespace

TEST(groups_hold_people_groups_and_unix_groups) {
  const auto got = parse_on_host(
      "[group.a]\nmembers = [\"alice\", \"group:b\"]\n[group.b]\nmembers = \"unix:dba\"\n[group.c]\nmembers "
      "= []\n");
  const auto& p = test::accepted(got);
  TEST_ASSERT_EQUAL_STRING("alice bob ", list(p.groups.at("a")));
  TEST_ASSERT_EQUAL_STRING("bob ", list(p.groups.at("b")));  // by person.os, never by the user's name
  TEST_ASSERT_EQUAL_STRING("", list(p.groups.at("c")));
  TEST_ASSERT_TRUE(p.warnings.empty());
}

TEST(a_unix_group_that_is_not_there_is_nobody_and_a_warning) {
  const auto got = parse_on_host("[group.a]\nmembers = [\"unix:dab\", \"alice\"]\n");
  TEST_ASSERT_EQUAL_STRING("alice ", list(test::accepted(got).groups.at("a")));
  TEST_ASSERT_TRUE(warned(*got, {"policy.toml:9:12", "no Unix group dab"}));
  const auto without = parse("[group.a]\nmembers = \"unix:dba\"\n");
  TEST_ASSERT_TRUE(test::accepted(without).groups.at("a").empty());
  TEST_ASSERT_TRUE(warned(*without, {"not looked up"}));
}

TEST(a_deny_rule_does_not_lose_a_unix_group) {
  refused_at(
      parse_on_host("[group.g]\nmembers = \"unix:dab\"\n[rule.r]\nwho = [\"alice\", \"group:g\"]\nresource = "
                    "\"db\"\ndeny = true\n"),
      first + 3, 7, {"[rule.r]", "Unix group dab", "must not lose"});
}

TEST(groups_in_circles_are_refused) {
  refused_at(parse("[group.a]\nmembers = \"group:a\"\n"), first + 1, 11, {"group:a -> group:a"});
  refused_at(parse("[group.a]\nmembers = \"group:b\"\n[group.b]\nmembers = [\"bob\", "
                   "\"group:c\"]\n[group.c]\nmembers = "
                   "\"group:b\"\n"),
             first + 5, 11, {"\"b\"", "group:b -> group:c -> group:b"});
}

TEST(groups_too_deep_are_refused_from_either_end) {
  auto chain = [](unsigned n, bool upwards) {
    std::string out;
    for (unsigned i = 0; i < n; ++i) {
      auto name = [&](unsigned k) { return "g" + std::to_string(100 + (upwards ? k : n - k)); };
      out += "[group." + name(i) + "]\nmembers = \"" + (i + 1 < n ? "group:" + name(i + 1) : "bob") + "\"\n";
    }
    return parse(out);
  };
  for (bool upwards : {true, false}) {
    test::accepted(chain(16, upwards));
    TEST_ASSERT_FALSE(chain(17, upwards).has_value());
  }
}

TEST(names_that_nothing_is_called_by_are_refused_with_the_nearest) {
  refused_at(parse("[group.a]\nmembers = [\"alcie\"]\n"), first + 1, 12,
             {"\"alcie\"", "did you mean \"alice\"?"});
  refused_at(parse("[group.dba]\nmembers = \"group:dab\"\n"), first + 1, 11,
             {"[group.dab]", "did you mean \"dba\"?"});
  refused_at(parse("[group.a]\nmembers = \"*\"\n"), first + 1, 11, {"rules only"});
  refused_at(parse("[group.a]\nmembers = \"unix:a/b\"\n"), first + 1, 11, {"cannot be a Unix group"});
  refused_at(parse("[group.a]\n"), first, 8, {"no members"});
  refused_at(parse("[group.a]\nmember = \"bob\"\nmembers = \"bob\"\n"), first + 1, 1,
             {"did you mean \"members\"?"});
  refused_at(parse("[group.g]\nmembers = \"bob\"\n[rule.r]\nwho = \"g\"\nresource = \"db\"\napprovals = 0\n"),
             first + 3, 7, {"did you mean \"group:g\"?"});
  refused_at(parse("[rule.r]\nwho = \"alice\"\nresource = [\"dbb\"]\napprovals = 0\n"), first + 2, 13,
             {"[resource.dbb]", "did you mean \"db\"?"});
  refused_at(parse("[rule.r]\nwho = [\"*\", \"bob\"]\nresource = \"db\"\napprovals = 0\n"), first + 1, 8,
             {"alone"});
  refused_at(parse("[rule.r]\nwho = \"bob\"\nresource = [\"*\", \"db\"]\napprovals = 0\n"), first + 2, 13,
             {"alone"});
}

TEST(a_rule_says_who_what_and_what_it_takes) {
  refused_at(parse("[rule.r]\nresource = \"db\"\napprovals = 0\n"), first, 7, {"no who"});
  refused_at(parse("[rule.r]\nwho = \"alice\"\napprovals = 0\n"), first, 7, {"no resource"});
  refused_at(rule(""), first, 7, {"no approvals", "approvals = 0"});
  refused_at(parse("[rule.r]\nwho = []\nresource = \"db\"\napprovals = 0\n"), first + 1, 7, {"nobody"});
  refused_at(
      parse("[group.g]\nmembers = []\n[rule.r]\nwho = \"group:g\"\nresource = \"db\"\napprovals = 0\n"),
      first + 3, 7, {"nobody", "never"});
  refused_at(parse("[rule.r]\nwho = \"alice\"\nresource = []\napprovals = 0\n"), first + 2, 12, {"empty"});
  test::accepted(parse_on_host("[rule.r]\nwho = \"unix:none\"\nresource = \"db\"\napprovals = 0\n"));
  refused_at(rule(self + "aproved = 1"), fourth + 1, 1, {"unknown key", "[rule.r]"});
}

TEST(approvals_are_zero_or_a_count_and_people) {
  refused_at(rule("approvals = 1"), fourth, 13, {"by whom", "count = 1"});
  refused_at(rule("approvals = -1"), fourth, 13, {"a number"});
  refused_at(rule("approvals = \"bob\""), fourth, 13, {"a string"});
  refused_at(rule("approvals = { count = 0, by = \"bob\" }"), fourth, 23, {"between 1 and 20"});
  refused_at(rule("approvals = { count = 1 }"), fourth, 13, {"no by"});
  refused_at(rule("approvals = { by = \"bob\" }"), fourth, 13, {"no count"});
  refused_at(rule("approvals = { count = 1, by = \"bob\", of = 2 }"), fourth, 38, {"unknown key \"of\""});
  refused_at(rule("approvals = { count = 2, by = \"bob\" }"), fourth, 13, {"need 2 people", "only 1"});
  refused_at(rule("approvals = { count = 1, by = [] }"), fourth, 13, {"nobody can approve"});
  TEST_ASSERT_TRUE(test::accepted(rule("approvals = { count = 1, by = \"bob\" }")).warnings.empty());
}

TEST(approvals_that_a_unix_group_cannot_give_here_are_only_warned_about) {
  const auto got = parse_on_host(
      "[rule.r]\nwho = \"alice\"\nresource = \"db\"\napprovals = { count = 2, by = \"unix:dba\" }\n");
  TEST_ASSERT_TRUE(warned(test::accepted(got), {"policy.toml:11:13", "need 2 people", "on this host"}));
}

TEST(an_approver_who_is_missed_for_their_own_request_is_warned_about) {
  const auto got = parse(
      "[rule.r]\nwho = \"*\"\nresource = \"db\"\napprovals = { count = 1, by = \"bob\" }\n"
      "[rule.s]\nwho = [\"alice\", \"bob\"]\nresource = \"db\"\nsigned = false\napprovals = { count = 2, by "
      "= \"*\" }\n");
  TEST_ASSERT_TRUE(warned(test::accepted(got), {"policy.toml:11:13", "[rule.r]", "bob can get none"}));
  TEST_ASSERT_TRUE(warned(*got, {"policy.toml:16:13", "[rule.s]", "alice can get none"}));
  TEST_ASSERT_EQUAL_UINT64(2, got->warnings.size());
}

TEST(an_approver_without_a_key_is_warned_about_once) {
  const std::string by_alice =
      "who = \"bob\"\nresource = \"db\"\napprovals = { count = 1, by = [\"alice\", \"bob\"] }\n";
  const auto got = parse("[rule.r]\n" + by_alice + "[rule.s]\n" + by_alice);
  TEST_ASSERT_EQUAL_UINT64(1, test::accepted(got).warnings.size());
  TEST_ASSERT_TRUE(warned(*got, {"[rule.r]", "no key of alice:", "signed = false"}));
  TEST_ASSERT_TRUE(test::accepted(parse("[rule.r]\nsigned = false\n" + by_alice)).warnings.empty());
}

TEST(a_quota_is_for_self_service) {
  refused_at(rule("approvals = { count = 1, by = \"bob\" }\nquota = 3"), fourth + 1, 9, {"need approvals"});
  refused_at(rule(self + "quota = 0"), fourth + 1, 9, {"between 1 and"});
  TEST_ASSERT_EQUAL_UINT64(3, *test::accepted(rule(self + "quota = 3")).rules.at("r").quota);
}

TEST(break_glass_is_reasoned_short_told_and_waits_for_nobody) {
  const std::string glass = self + "break_glass = true\n";
  refused_at(rule(glass + "reason = \"required\""), first, 7, {"no notify"});
  refused_at(rule(glass + "notify = \"bob\""), first, 7, {"no reason"});
  refused_at(rule(glass + "notify = \"bob\"\nreason = \"required\"\nmax = \"5h\""), fourth + 4, 7,
             {"5h", "at most 4h"});
  refused_at(rule(glass + "notify = []\nreason = \"required\""), fourth + 2, 10, {"nobody"});
  refused_at(rule("approvals = { count = 1, by = \"bob\" }\nbreak_glass = true\nnotify = \"bob\"\nreason = "
                  "\"required\""),
             fourth, 13, {"waits for nobody"});
  refused_at(rule(self + "notify = \"bob\""), fourth + 1, 10, {"break-glass rules only"});
  refused_at(rule(self + "break_glass = \"yes\""), fourth + 1, 15, {"true or false"});
  const auto got = rule(glass + "notify = \"bob\"\nreason = \"required\"");
  TEST_ASSERT_EQUAL_INT64(int64_t{4} * 3600 * 1'000'000, test::accepted(got).rules.at("r").max_us);
}

TEST(patterns_that_do_not_compile_or_could_take_for_ever_are_refused) {
  refused_at(rule(self + "reason = '('"), fourth + 1, 10, {"no regular expression"});
  refused_at(rule(self + "reason = '(a)\\1'"), fourth + 1, 10, {"back-reference"});
  refused_at(rule(self + "reason = '[\\](a)\\1'"), fourth + 1, 10, {"back-reference"});
  refused_at(rule(self + "reason = '((a{99}){99}){99}'"), fourth + 1, 10, {"repeats more"});
  refused_at(rule(self + "reason = 'a{1,1001}'"), fourth + 1, 10, {"repeats more"});
  refused_at(rule(self + "reason = '" + std::string(257, 'a') + "'"), fourth + 1, 10, {"longer than 256"});
  refused_at(rule(self + "reason = ''"), fourth + 1, 10, {"empty"});
  test::accepted(rule(self + "reason = '\\\\1'"));
  test::accepted(rule(self + "reason = '(OPS|INC)-[0-9]{1,7}'"));
}

TEST(a_deny_rule_has_nothing_that_only_an_open_one_has) {
  for (const char* line : {"max = \"1h\"", "approvals = 0", "signed = true", "reason = \"required\"",
                           "quota = 1", "start = \"approval\"", "break_glass = false", "notify = \"bob\""}) {
    refused_at(rule("deny = true\n" + std::string(line)), fourth + 1,
               static_cast<unsigned>(std::string_view(line).find('=')) + 3, {"everything is denied"});
  }
  refused_at(rule("deny = true\naccess = \"read-only\""), fourth + 1, 10, {"leave writing open"});
  refused_at(rule(self + "message = \"no\""), fourth + 1, 11, {"deny = true"});
  refused_at(rule("deny = true\nmessage = \"" + std::string(201, 'm') + "\""), fourth + 1, 11,
             {"201", "200"});
  test::accepted(
      rule("deny = true\nmessage = \"no\"\naccess = \"read-write\"\nhours = \"Mon 08:00-09:00 UTC\""));
}

TEST(other_words_of_a_rule_are_known_ones) {
  refused_at(rule(self + "access = \"readonly\""), fourth + 1, 10, {"did you mean \"read-only\"?"});
  refused_at(rule(self + "start = \"first_use\""), fourth + 1, 9, {"did you mean \"first-use\"?"});
  refused_at(
      rule(
          self +
          "break_glass = true\nreason = \"required\"\nmax = \"1h\"\nnotify = \"bob\"\nstart = \"first-use\""),
      fourth + 5, 9, {"cannot start with the first use"});
  refused_at(rule(self + "max = 4"), fourth + 1, 7, {"no unit"});
  refused_at(parse("[[rule]]\n"), first, 1, {"rule is an array", "[rule.NAME]"});
}

TEST(hours_are_refused_with_what_to_write) {
  auto hours = [](const std::string& text) { return rule(self + "hours = \"" + text + "\""); };
  refused_at(hours("Mon-Fri 08:00-18:00"), fourth + 1, 9, {"names no time zone"});
  refused_at(hours("Mun 08:00-18:00 UTC"), fourth + 1, 9, {"did you mean \"Mon\"?"});
  refused_at(hours("Mon 8-18 UTC"), fourth + 1, 9, {"\"8-18\""});
  refused_at(hours("Mon 08:00-18:00 Europe/Berlin"), fourth + 1, 9, {"cannot be read here", "UTC"});
  refused_at(rule(self + "hours = []"), fourth + 1, 9, {"empty"});
  policy::surroundings around;
  around.zone_file = [](const std::string& z) {
    return z == "Broken" ? std::optional<std::string>("x") : std::nullopt;
  };
  auto with_zones = [&](const std::string& zone) {
    const policy::source one[] = {
        {people + ("[rule.r]\nwho = \"bob\"\nresource = \"db\"\napprovals = 0\nhours = \"Mon "
                   "08:00-18:00 " +
                   zone + "\"\n"),
         "policy.toml"}};
    return policy::parse_policy(one, around);
  };
  refused_at(with_zones("Europe/Berln"), fourth + 1, 9, {"did you mean \"Europe/Berlin\"?"});
  refused_at(with_zones("Broken"), fourth + 1, 9, {"no TZif file"});
}

TEST(expectations_are_sentences_about_what_there_is) {
  auto expect = [](const std::string& text) { return parse("[[expect]]\ncase = \"" + text + "\"\n"); };
  test::accepted(expect("alice on db -> refused"));
  for (const char* bad : {"",
                          "alice",
                          "alice on",
                          "alice on db",
                          "alice on db ->",
                          "alice on db -> maybe",
                          "alice on db -> opens",
                          "alice on db -> needs approvals",
                          "alice on db -> needs 0 approvals",
                          "alice on db for -> refused",
                          "alice on db for soon -> refused",
                          "alice on db at 2026-11-23T10:00:00 -> refused",
                          "alice on db because -> refused",
                          "alice on db because 'x -> refused",
                          "alice on db read-write read-write -> refused",
                          "alice on db quickly -> refused",
                          "alice on db -> refused by rule",
                          "alice at db -> refused",
                          "alice on db -> refused and so on",
                          "alice on db -> refused by r"}) {
    refused_at(expect(bad), first + 1, 8, {"the case", "PERSON on RESOURCE"});
  }
  refused_at(expect("alcie on db -> refused"), first + 1, 8, {"person \"alcie\"", "did you mean \"alice\"?"});
  refused_at(expect("alice on bd -> refused"), first + 1, 8, {"resource \"bd\""});
  refused_at(expect("alice on db -> refused by rule r"), first + 1, 8, {"rule \"r\""});
  refused_at(parse("[[expect]]\n"), first, 1, {"no case"});
  refused_at(parse("[expect]\ncase = \"\"\n"), first, 1, {"[[expect]]"});
}

TEST(several_files_are_one_policy_and_every_mistake_names_its_own) {
  auto parse_two = [](const std::string& b) {
    const policy::source two[] = {{people + std::string("[group.g]\nmembers = \"bob\"\n"), "a.toml"},
                                  {b, "b.toml"}};
    return policy::parse_policy(two, {});
  };
  const auto good =
      parse_two("[person.eve]\n[rule.r]\nwho = \"group:g\"\nresource = \"db\"\napprovals = 0\n");
  TEST_ASSERT_EQUAL_STRING("b.toml", test::accepted(good).rules.at("r").file);
  TEST_ASSERT_EQUAL_UINT64(2, good->rules.at("r").line);
  auto says = [](const auto& got, std::string_view text) {
    TEST_ASSERT_FALSE(got.has_value());
    const std::string all = test::all_of(got.error());
    TEST_ASSERT_TRUE_MESSAGE(all.find(text) != all.npos, all);
  };
  says(parse_two("[person.alice]\n"), "b.toml:1:9: [person.alice] stands in a.toml:1:9 already");
  says(parse_two("[group.g]\nmembers = []\n"), "b.toml:1:8: [group.g] stands in a.toml:8:8 already");
  says(parse_two("[person.eve]\nos = \"bo\"\n"), "b.toml:2:6: account os:bo");
  says(parse_two("[person.eve]\nos = \"bo\"\n"), "(a.toml:4:6)");
  says(parse_two("[resource.x]\nlogin_points = \"pg:m/x\"\n"), "(a.toml:7:16)");
  says(parse_two("[person.eve]\npg = \"r\"\n[resource.x]\nlogin_points = \"pg:m/d\"\nroles = \"r\"\n"),
       "b.toml:5:9:");
  says(parse_two("os ="), "b.toml:1:5: not TOML");
  // Broken in two files: both are told, in their order.
  const policy::source both[] = {{"x =", "a.toml"}, {"y =", "b.toml"}};
  const auto got = policy::parse_policy(both, {});
  TEST_ASSERT_EQUAL_UINT64(2, got.error().size());
  TEST_ASSERT_EQUAL_STRING("a.toml", got.error()[0].file);
  const policy::source large[] = {{std::string(policy::max_policy_bytes, '#'), "a.toml"}, {"#", "b.toml"}};
  says(policy::parse_policy(large, {}), "b.toml: the files of the policy are too large");
}
