// SPDX-License-Identifier: Apache-2.0
// The judge: its truth table first, then the order of rules, then what a standing grant lives by.
#include "policy/rules.h"

#include "base/timestamp.h"
#include "mistakes.h"

using namespace grantd;
using policy::objection;
using outcome = policy::judgement::outcome;

namespace {

constexpr int64_t hour = 3'600'000'000;

constexpr char people[] =
    "[person.alice]\nos = \"alice\"\npg = \"alice\"\n[person.bob]\npg = \"bob\"\n[person.carol]\npg = "
    "\"carol\"\n"
    "[person.dave]\n"
    "[group.devs]\nmembers = [\"alice\", \"bob\", \"dave\"]\n[group.dba]\nmembers = [\"bob\", \"carol\"]\n"
    "[resource.orders]\nlogin_points = \"pg:main/orders\"\naccess = \"read-write\"\ndefault = \"2h\"\nmax = "
    "\"8h\"\n"
    "roles = \"app\"\n"
    "[resource.logs]\nlogin_points = \"pg:main/logs\"\nmax = \"3h\"\n";

const policy::policy& with(const std::string& rules) {
  static std::expected<policy::policy, policy::mistakes> last;
  last = policy::parse_policy(people + rules, "policy.toml");
  return test::accepted(last);
}

base::utc_time at(const char* text) { return *base::parse_timestamp(text); }
const base::utc_time monday_noon = at("2026-11-23T12:00:00Z");

policy::question ask(std::string_view person = "alice", std::string_view resource = "orders") {
  policy::question q;
  q.person = person;
  q.resource = resource;
  q.start = monday_noon;
  return q;
}

policy::judgement judge(const policy::policy& p, const policy::question& q, unsigned used = 0) {
  return policy::judge(p, q, [=](std::string_view) { return used; });
}

void opens(const policy::policy& p, const policy::question& q, std::string_view rule) {
  auto j = judge(p, q);
  TEST_ASSERT_TRUE_MESSAGE(j.what == outcome::opens, j.message);
  TEST_ASSERT_EQUAL_STRING(rule, j.by->name);
  TEST_ASSERT_TRUE(j.why == objection::none && j.message.empty() && j.for_us > 0);
}

void asks(const policy::policy& p, const policy::question& q, std::string_view rule) {
  auto j = judge(p, q);
  TEST_ASSERT_TRUE_MESSAGE(j.what == outcome::asks, j.message);
  TEST_ASSERT_EQUAL_STRING(rule, j.by->name);
}

void refused(const policy::policy& p, const policy::question& q, objection why,
             std::initializer_list<std::string_view> words = {}, unsigned used = 0) {
  auto j = judge(p, q, used);
  TEST_ASSERT_TRUE(j.what == outcome::refused);
  TEST_ASSERT_TRUE_MESSAGE(j.why == why, std::string(policy::word(j.why)) + ": " + j.message);
  TEST_ASSERT_FALSE(j.message.empty());
  for (auto w : words) TEST_ASSERT_TRUE_MESSAGE(j.message.find(w) != j.message.npos, j.message);
}

std::string rule(const std::string& name, const std::string& lines,
                 const std::string& rest = "who = \"group:devs\"\nresource = \"orders\"\n") {
  return "[rule." + name + "]\n" + rest + lines + "\n";
}
const std::string self = "approvals = 0\n";
const std::string two = "approvals = { count = 1, by = \"group:dba\" }\nsigned = false\n";
const std::string deny = "deny = true\n";

}  // namespace

// Opens at once if, and asks if, and refused if: in the order of the judge.

TEST(a_rule_without_approvals_opens_at_once) { opens(with(rule("a", self)), ask(), "a"); }

TEST(a_rule_with_approvals_asks) { asks(with(rule("a", two)), ask(), "a"); }

TEST(nobody_the_policy_does_not_know_is_let_in) {
  const auto& p = with(rule("a", self, "who = \"*\"\nresource = \"*\"\n"));
  refused(p, ask("eve"), objection::no_such_person, {"\"eve\""});
  refused(p, ask("", "orders"), objection::no_such_person);
  refused(p, ask("group:devs"), objection::no_such_person);
  refused(p, ask("alice", "other"), objection::no_such_resource, {"knows no resource other"});
  refused(p, ask("alice", "*"), objection::no_such_resource);
}

TEST(a_deny_rule_wins_whatever_else_there_is) {
  const auto& p = with(rule("a", self) + rule("b", two) +
                       rule("g", self + "break_glass = true\nreason = \"required\"\nnotify = \"carol\"\n") +
                       rule("z", deny + "message = \"use the replica\"\n"));
  for (bool read_write : {false, true}) {
    for (bool glass : {false, true}) {
      auto q = ask();
      q.read_write = read_write;
      q.break_glass = glass;
      q.reason = "fire";
      refused(p, q, objection::denied, {"rule z", "alice", "orders", "use the replica"});
    }
  }
  TEST_ASSERT_EQUAL_STRING("z", judge(p, ask()).by->name);
}

TEST(a_deny_rule_denies_nobody_else_and_nothing_else) {
  const auto& p = with(rule("a", self, "who = \"*\"\nresource = \"*\"\n") +
                       rule("z", deny, "who = \"alice\"\nresource = \"orders\"\n"));
  refused(p, ask(), objection::denied);
  opens(p, ask("bob"), "a");
  opens(p, ask("alice", "logs"), "a");
}

TEST(a_deny_rule_for_read_write_leaves_reading_alone) {
  const auto& p =
      with(rule("a", self + "access = \"read-write\"\n") + rule("z", deny + "access = \"read-write\"\n"));
  opens(p, ask(), "a");
  auto q = ask();
  q.read_write = true;
  refused(p, q, objection::denied);
}

TEST(a_deny_rule_with_hours_denies_in_these_hours) {
  const auto& p = with(rule("a", self) + rule("z", deny + "hours = \"Mon 12:00-13:00 UTC\"\n"));
  auto q = ask();
  refused(p, q, objection::denied);
  q.start = at("2026-11-23T11:59:59Z");
  opens(p, q, "a");
  q.start = at("2026-11-23T13:00:00Z");
  opens(p, q, "a");
}

// Past the year 9999 no zone says anything: what allows does not, what denies does.
TEST(where_a_zone_does_not_say_the_answer_is_no) {
  const std::string always = "hours = \"Mon-Sun 00:00-24:00 UTC\"\n";
  auto q = ask();
  q.start = {INT64_MAX};
  refused(with(rule("a", self + always)), q, objection::outside_hours);
  refused(with(rule("a", self) + rule("z", deny + always)), q, objection::denied);
}

TEST(who_has_no_account_there_is_told_so) {
  const auto& p = with(rule("a", self));
  refused(p, ask("dave"), objection::no_account, {"dave", "orders"});
  auto q = ask();
  q.role = "app";
  opens(p, q, "a");
  q.role = "postgres";
  refused(p, q, objection::no_account, {"\"postgres\""});
  q = ask("bob");  // a database role only: nobody but itself
  q.role = "app";
  refused(p, q, objection::no_account);
}

TEST(without_a_rule_that_speaks_of_person_and_resource_the_answer_is_no) {
  refused(with(""), ask(), objection::no_rule, {"alice", "orders"});
  const auto& p = with(rule("a", self));
  refused(p, ask("carol"), objection::no_rule);
  refused(p, ask("alice", "logs"), objection::no_rule);
}

TEST(read_write_needs_a_rule_and_a_resource_that_give_it) {
  auto q = ask();
  q.read_write = true;
  refused(with(rule("a", self)), q, objection::read_only, {"--read-write", "rule a"});
  const auto& p = with(rule("a", self + "access = \"read-write\"\n", "who = \"*\"\nresource = \"*\"\n"));
  opens(p, q, "a");
  q.resource = "logs";
  refused(p, q, objection::read_only);
  // The rule that gives it decides, though another comes first.
  q.resource = "orders";
  asks(with(rule("a", self) + rule("b", two + "access = \"read-write\"\n")), q, "b");
}

TEST(break_glass_is_used_when_asked_for_and_only_then) {
  const std::string glass =
      rule("g", self + "break_glass = true\nreason = \"required\"\nnotify = \"carol\"\n");
  auto q = ask();
  q.reason = "fire";
  refused(with(glass), q, objection::no_rule);
  asks(with(glass + rule("a", two)), q, "a");
  q.break_glass = true;
  opens(with(glass + rule("a", two)), q, "g");
  refused(with(rule("a", self)), q, objection::no_break_glass, {"--break-glass"});
  refused(with(""), q, objection::no_rule);
  q.reason = "";
  refused(with(glass), q, objection::reason_missing);
}

TEST(hours_are_those_of_the_windows_start) {
  const auto& p = with(rule("a", self + "hours = [\"Mon-Fri 08:00-18:00 UTC\", \"Sat 22:00-02:00 UTC\"]\n"));
  auto open_at = [&](const char* t) {
    auto q = ask();
    q.start = at(t);
    return judge(p, q).what == outcome::opens;
  };
  TEST_ASSERT_TRUE(open_at("2026-11-23T08:00:00Z"));
  TEST_ASSERT_FALSE(open_at("2026-11-23T07:59:59Z"));
  TEST_ASSERT_TRUE(open_at("2026-11-27T17:59:59Z"));
  TEST_ASSERT_FALSE(open_at("2026-11-27T18:00:00Z"));
  TEST_ASSERT_FALSE(open_at("2026-11-28T12:00:00Z"));
  TEST_ASSERT_TRUE(open_at("2026-11-28T22:00:00Z"));
  TEST_ASSERT_TRUE(open_at("2026-11-29T01:59:59Z"));
  TEST_ASSERT_FALSE(open_at("2026-11-29T02:00:00Z"));
  auto q = ask();
  q.start = at("2026-11-28T12:00:00Z");
  refused(p, q, objection::outside_hours, {"rule a", "Mon-Fri 08:00-18:00 UTC and Sat 22:00-02:00 UTC"});
  // And when they open next.
  auto next = policy::next_opening(p.rules.at("a"), q.start);
  TEST_ASSERT_TRUE(next.has_value());
  TEST_ASSERT_EQUAL_INT64(at("2026-11-28T22:00:00Z").us, next->us);
  next = policy::next_opening(p.rules.at("a"), at("2026-11-29T02:00:30Z"));
  TEST_ASSERT_EQUAL_INT64(at("2026-11-30T08:00:00Z").us, next.value_or(base::utc_time{}).us);
  const auto& gap = with(rule("a", self + "hours = \"Mon 08:00-09:00 UTC\"\n"));
  TEST_ASSERT_EQUAL_INT64(at("2026-11-30T08:00:00Z").us,
                          policy::next_opening(gap.rules.at("a"), at("2026-11-23T09:00:00Z"))->us);
}

TEST(a_window_is_never_longer_than_rule_and_resource_allow) {
  auto q = ask();
  auto for_us = [&](const std::string& lines) { return judge(with(rule("a", self + lines)), q).for_us; };
  TEST_ASSERT_EQUAL_INT64(2 * hour, for_us(""));                 // the resource's default
  TEST_ASSERT_EQUAL_INT64(hour, for_us("max = \"1h\"\n"));       // cut to the rule's max
  TEST_ASSERT_EQUAL_INT64(2 * hour, for_us("max = \"99h\"\n"));  // above every resource's: fine
  q.for_us = 8 * hour;
  TEST_ASSERT_EQUAL_INT64(8 * hour, for_us("max = \"99h\"\n"));
  TEST_ASSERT_EQUAL_INT64(8 * hour, for_us(""));
  q.for_us = 8 * hour + 1;
  refused(with(rule("a", self + "max = \"99h\"\n")), q, objection::too_long, {"8h", "rule a"});
  q.for_us = 5 * hour;
  refused(with(rule("a", self + "max = \"4h\"\n")), q, objection::too_long, {"5h", "at most 4h"});
  TEST_ASSERT_EQUAL_INT64(4 * hour, judge(with(rule("a", self + "max = \"4h\"\n")), q).for_us);
  for (int64_t none : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    q.for_us = none;
    refused(with(rule("a", self)), q, objection::too_long);
  }
}

TEST(the_longest_there_is_is_told_over_all_rules) {
  auto q = ask();
  q.for_us = 7 * hour;
  const auto& p = with(rule("a", self + "max = \"1h\"\n") + rule("b", two + "max = \"6h\"\n"));
  refused(p, q, objection::too_long, {"at most 6h"});
  TEST_ASSERT_EQUAL_INT64(6 * hour, judge(p, q).for_us);
  q.for_us = 6 * hour;
  asks(p, q, "b");
}

TEST(a_reason_is_there_and_as_the_rule_wants_it) {
  auto q = ask();
  const auto& any = with(rule("a", self + "reason = \"required\"\n"));
  refused(any, q, objection::reason_missing, {"--reason"});
  q.reason = "   ";
  refused(any, q, objection::reason_missing);
  q.reason = "x";
  opens(any, q, "a");
  const auto& pattern = with(rule("a", self + "reason = '(OPS|INC)-[0-9]+'\n"));
  refused(pattern, q, objection::reason_pattern, {"(OPS|INC)-[0-9]+"});
  q.reason = "";
  refused(pattern, q, objection::reason_missing);
  q.reason = "see OPS-12 please";  // anywhere
  opens(pattern, q, "a");
  q.reason = std::string_view("x\0OPS-12", 8);
  refused(pattern, q, objection::reason_pattern);
  q.reason = "ops-12";
  refused(pattern, q, objection::reason_pattern);
  q.reason = "x";
  refused(with(rule("a", self + "reason = '^OPS'\n")), q, objection::reason_pattern);
}

TEST(a_quota_has_room_again_when_enough_windows_are_a_day_away) {
  const auto& r = with(rule("a", self + "quota = 2\n")).rules.at("a");
  auto next = [&](const std::vector<int64_t>& hours) {  // asked for at 100 h
    std::vector<base::utc_time> begins;
    for (int64_t h : hours) begins.push_back({h * hour});
    return policy::next_of_quota(r, begins, {100 * hour})->us / hour;
  };
  TEST_ASSERT_EQUAL_INT64(100, next({}));
  TEST_ASSERT_EQUAL_INT64(100, next({99}));
  TEST_ASSERT_EQUAL_INT64(114, next({99, 90}));
  TEST_ASSERT_EQUAL_INT64(120, next({99, 90, 96}));
  TEST_ASSERT_EQUAL_INT64(134, next({95, 120, 110}));  // 119 would have 110 and 120 within a day
  TEST_ASSERT_FALSE(policy::next_of_quota(with(rule("b", self)).rules.at("b"), {}, {}).has_value());
}

TEST(a_quota_is_counted_and_an_uncounted_one_is_used_up) {
  const auto& p = with(rule("a", self + "quota = 3\n"));
  TEST_ASSERT_TRUE(judge(p, ask(), 2).what == outcome::opens);
  refused(p, ask(), objection::quota, {"all 3", "rule a", "24 hours"}, 3);
  refused(p, ask(), objection::quota, {}, 4);
  refused(with(rule("a", self + "quota = 1\n")), ask(), objection::quota,
          {"alice has had the one window that rule a"}, 1);
  TEST_ASSERT_TRUE(policy::judge(p, ask(), {}).why == objection::quota);
  std::string counted;
  (void)policy::judge(p, ask(), [&](std::string_view name) {
    counted += name;
    return 0U;
  });
  TEST_ASSERT_EQUAL_STRING("a", counted);
  // Used up, the next rule decides.
  const auto& q = with(rule("a", self + "quota = 3\n") + rule("b", two));
  TEST_ASSERT_EQUAL_STRING("b", judge(q, ask(), 3).by->name);
}

// The order of rules.

TEST(the_fewest_approvals_decide_then_the_longest_max_then_the_name) {
  asks(with(rule("a", "approvals = { count = 2, by = \"*\" }\nsigned = false\n") + rule("b", two)), ask(),
       "b");
  opens(with(rule("a", two) + rule("b", self + "max = \"1h\"\n")), ask(), "b");
  opens(with(rule("a", self + "max = \"1h\"\n") + rule("b", self + "max = \"3h\"\n")), ask(), "b");
  opens(with(rule("c", self) + rule("b", self)), ask(), "b");
  // Above the resource's max they are all the same.
  opens(with(rule("a", self + "max = \"9h\"\n") + rule("b", self + "max = \"99h\"\n")), ask(), "a");
}

TEST(a_rule_that_does_not_fit_leaves_the_word_to_the_next) {
  auto q = ask();
  q.for_us = 3 * hour;
  asks(with(rule("a", self + "max = \"1h\"\n") + rule("b", two)), q, "b");
  asks(with(rule("a", self + "reason = \"required\"\n") + rule("b", two)), q, "b");
  asks(with(rule("a", self + "hours = \"Tue 08:00-18:00 UTC\"\n") + rule("b", two)), q, "b");
}

TEST(when_none_fits_the_first_in_the_same_order_says_why) {
  const auto& p = with(rule("a", two + "hours = \"Tue 08:00-18:00 UTC\"\n") +
                       rule("b", self + "reason = \"required\"\n") + rule("c", self + "max = \"1h\"\n"));
  refused(p,
          [] {
            auto q = ask();
            q.for_us = 3 * hour;
            return q;
          }(),
          objection::reason_missing, {"rule b"});
}

// What stands lives by.

TEST(who_may_still_ask_is_told_whatever_the_hour_the_reason_and_the_length) {
  const auto& p = with(
      rule("a", self + "hours = \"Tue 08:00-18:00 UTC\"\nreason = \"required\"\nmax = \"1m\"\nquota = 1\n"));
  TEST_ASSERT_TRUE(policy::may_ask(p, "alice", "orders", false, false));
  TEST_ASSERT_FALSE(policy::may_ask(p, "alice", "orders", true, false));
  TEST_ASSERT_FALSE(policy::may_ask(p, "alice", "orders", false, true));
  TEST_ASSERT_FALSE(policy::may_ask(p, "carol", "orders", false, false));
  TEST_ASSERT_FALSE(policy::may_ask(p, "alice", "logs", false, false));
  TEST_ASSERT_FALSE(policy::may_ask(p, "eve", "orders", false, false));
  TEST_ASSERT_FALSE(policy::may_ask(p, "alice", "nothing", false, false));
  const auto& all = with(rule("a", self + "access = \"read-write\"\n", "who = \"*\"\nresource = \"*\"\n"));
  TEST_ASSERT_TRUE(policy::may_ask(all, "dave", "orders", true, false));
  TEST_ASSERT_FALSE(policy::may_ask(all, "dave", "logs", true, false));
  TEST_ASSERT_FALSE(policy::may_ask(all, "eve", "orders", false, false));
}

TEST(a_deny_rule_ends_what_stands_unless_it_has_hours) {
  const std::string write = self + "access = \"read-write\"\n";
  auto may = [&](const std::string& lines, bool read_write = false) {
    return policy::may_ask(with(rule("a", write) + rule("z", deny + lines)), "alice", "orders", read_write,
                           false);
  };
  TEST_ASSERT_FALSE(may(""));
  TEST_ASSERT_TRUE(may("hours = \"Mon-Fri 08:00-18:00 UTC\"\n"));
  TEST_ASSERT_FALSE(may("hours = \"Mon-Sun 00:00-24:00 UTC\"\n"));
  TEST_ASSERT_FALSE(may("hours = \"Mon-Sun 07:00-07:00 UTC\"\n"));
  TEST_ASSERT_TRUE(may("access = \"read-write\"\n"));
  TEST_ASSERT_FALSE(may("access = \"read-write\"\n", true));
}

TEST(nobody_approves_for_themselves) {
  const auto& p = with(rule("a", two));
  const policy::rule& r = p.rules.at("a");
  TEST_ASSERT_TRUE(policy::may_approve(r, "bob", "alice"));
  TEST_ASSERT_TRUE(policy::may_approve(r, "carol", "bob"));
  TEST_ASSERT_FALSE(policy::may_approve(r, "bob", "bob"));
  TEST_ASSERT_FALSE(policy::may_approve(r, "alice", "bob"));
  TEST_ASSERT_FALSE(policy::may_approve(r, "eve", "alice"));
  TEST_ASSERT_FALSE(policy::may_approve(with(rule("a", self)).rules.at("a"), "bob", "alice"));
}

TEST(every_objection_has_a_word_of_its_own) {
  std::set<std::string_view> words;
  for (int o = 0; o <= static_cast<int>(objection::quota); ++o) {
    TEST_ASSERT_TRUE(words.insert(policy::word(static_cast<objection>(o))).second);
  }
  TEST_ASSERT_EQUAL_STRING("too-long", policy::word(objection::too_long));
}

TEST(a_request_opens_what_it_asks_for_and_no_more) {
  const auto& p = with("");
  const auto& alice = *p.find_person("alice");
  const auto& orders = *p.find_resource("orders");
  auto text = [&](bool read_write, std::string_view role) {
    std::string out;
    for (const auto& s : scopes_of(alice, orders, read_write, role)) {
      out += s.account + "/" + s.role + (s.read_write ? " rw, " : ", ");
    }
    return out;
  };
  TEST_ASSERT_EQUAL_STRING("alice/alice, alice/alice, alice/app, ", text(false, ""));
  TEST_ASSERT_EQUAL_STRING("alice/alice rw, alice/alice rw, alice/app rw, ", text(true, ""));
  TEST_ASSERT_EQUAL_STRING("alice/app, ", text(false, "app"));
  TEST_ASSERT_EQUAL_STRING("", text(false, "bob"));
  for (const auto& s : scopes_of(alice, *p.find_resource("logs"), true, "")) TEST_ASSERT_FALSE(s.read_write);
}
