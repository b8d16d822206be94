// SPDX-License-Identifier: Apache-2.0
// [[expect]] cases: what holds is silent, what does not is told with what came out instead.
#include "policy/expect.h"

#include "base/timestamp.h"
#include "mistakes.h"

using namespace grantd;

namespace {

constexpr char rules[] =
    "[person.alice]\nos = \"alice\"\n[person.bob]\nos = \"bob\"\n[person.carol]\nos = \"carol\"\n"
    "[resource.db]\nlogin_points = \"pg:m/d\"\nroles = [\"app\", \"the app\"]\naccess = \"read-write\"\n"
    "[rule.self]\nwho = \"alice\"\nresource = \"db\"\napprovals = 0\nmax = \"2h\"\nhours = \"Mon-Fri "
    "08:00-18:00 UTC\"\n"
    "[rule.ask]\nwho = \"*\"\nresource = \"db\"\naccess = \"read-write\"\nreason = \"OPS-[0-9]+\"\nsigned = "
    "false\n"
    "approvals = { count = 1, by = [\"bob\", \"carol\"] }\n"
    "[rule.glass]\nwho = \"bob\"\nresource = \"db\"\napprovals = 0\nbreak_glass = true\nreason = "
    "\"required\"\n"
    "notify = \"carol\"\n";

// What came out instead; empty: the sentence holds. `now` is a Sunday.
std::string run(const std::string& sentence) {
  auto p = policy::parse_policy(rules + ("[[expect]]\ncase = \"" + sentence + "\"\n"), "policy.toml");
  auto unmet = policy::run_expectations(test::accepted(p), *base::parse_timestamp("2026-11-22T12:00:00Z"));
  if (unmet.empty()) return "";
  TEST_ASSERT_EQUAL_UINT64(1, unmet.size());
  TEST_ASSERT_EQUAL_STRING("policy.toml", unmet[0].file);
  TEST_ASSERT_EQUAL_UINT64(32, unmet[0].line);
  TEST_ASSERT_EQUAL_STRING(sentence, unmet[0].sentence);
  return unmet[0].got;
}

constexpr char monday[] = " at 2026-11-23T10:00:00+01:00";

}  // namespace

TEST(a_sentence_that_holds_is_silent) {
  for (const std::string& s : {
           std::string("alice on db") + monday + " -> opens at once",
           std::string("alice on db for 2h") + monday + " -> opens at once by rule self",
           std::string("alice on db -> refused"),
           std::string("alice on db because 'OPS-1 -> now' -> needs 1 approvals by rule ask"),
           std::string("bob on db as app read-write for 1h because 'see OPS-1' -> needs 1 approval"),
           std::string("bob on db as 'the app' because 'OPS-1' -> needs 1 approval"),
           std::string("bob on db break-glass because 'fire' -> opens at once by rule glass"),
           std::string("bob on db as nobody because 'OPS-1' -> refused"),
       }) {
    TEST_ASSERT_EQUAL_STRING("", run(s));
  }
}

TEST(a_sentence_that_does_not_hold_is_told_with_what_came_out) {
  TEST_ASSERT_EQUAL_STRING("opens at once by rule self",
                           run(std::string("alice on db") + monday + " -> refused"));
  TEST_ASSERT_EQUAL_STRING("opens at once by rule self",
                           run(std::string("alice on db") + monday + " -> opens at once by rule ask"));
  TEST_ASSERT_EQUAL_STRING("needs 1 approval by rule ask", run("bob on db because 'OPS-1' -> opens at once"));
  TEST_ASSERT_EQUAL_STRING("needs 1 approval by rule ask",
                           run("bob on db because 'OPS-1' -> needs 2 approvals"));
  TEST_ASSERT_TRUE(run("bob on db -> opens at once").starts_with("refused: rule ask wants a reason"));
  TEST_ASSERT_TRUE(run("alice on db -> opens at once").starts_with("refused: rule self lets alice"));
}

TEST(an_unmet_case_prints_with_its_place) {
  TEST_ASSERT_EQUAL_STRING("p.toml:3: expected \"a on b -> refused\", got: opens at once by rule r",
                           print(policy::unmet{"p.toml", 3, "a on b -> refused", "opens at once by rule r"}));
}
