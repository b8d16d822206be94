// SPDX-License-Identifier: Apache-2.0
// grantctl admin users grant-temporary: a bot that only looks at the exit code never tells of a window that
// is not open.
#include "requests_data.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

const std::vector<std::string> words = {"admin", "users",     "grant-temporary",  "-d",
                                        "1h",    "orders-db", "alice@example.com"};
const std::string as_relay = R"("relay":"chatbot","grants":[],"daemon":{})";
const std::string as_carol = R"("person":"carol","grants":[],"daemon":{})";

asked say(const std::string& status, const std::vector<std::pair<std::string, std::string>>& answers,
          const std::vector<std::string>& args = words) {
  return ask(
      [=](const std::string& message) -> std::optional<std::string> {
        if (contains(message, ".Status\"")) return answer("{" + status + "}");
        for (const auto& [method, said] : answers) {
          if (contains(message, "." + method + "\"")) return said;
        }
        return error("NotAllowed", "not of this test: " + message);
      },
      args);
}

}  // namespace

TEST(a_relay_asks_for_the_person_and_says_it_in_the_missions_words) {
  asked a = say(as_relay, {{"OnBehalf", answer(R"({"person":"alice"})")},
                           {"Request", answer("{\"request\":" + request_of("granted") +
                                              ",\"grant\":" + grant_of("open") + "}")}});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("Granting alice@example.com access to 'orders-db' for 5 hours 30 minutes\n",
                           a.result.out);
  TEST_ASSERT_EQUAL_INT(3, a.messages.size());
  TEST_ASSERT_EQUAL_STRING(
      R"({"method":"org.grantd.Access.OnBehalf","parameters":{"email":"alice@example.com"}})", a.messages[1]);
  TEST_ASSERT_EQUAL_STRING(
      R"({"method":"org.grantd.Access.Request","parameters":{"resource":"orders-db","for_us":3600000000}})",
      a.messages[2]);
}

TEST(who_has_the_right_grants) {
  asked a = say(as_carol, {{"Grant", answer("{\"grant\":" + grant_of("open") + "}")}});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING(
      R"({"method":"org.grantd.Access.Grant","parameters":{"resource":"orders-db","for_us":3600000000,)"
      R"("person":"alice@example.com"}})",
      a.messages[1]);
}

TEST(what_waits_for_approvals_is_no_success) {
  asked a = say(as_relay, {{"OnBehalf", answer(R"({"person":"alice"})")},
                           {"Request", answer("{\"request\":" + request_of("pending") + "}")}});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_EQUAL_STRING("", a.result.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "r-7k2m: asked, not open yet: needs 1 of bob, carol"),
                           a.result.err);
  TEST_ASSERT_TRUE(contains(a.result.err, "grantctl approve r-7k2m"));
}

TEST(what_waits_for_its_role_is_no_success) {
  asked a = say(as_relay, {{"OnBehalf", answer(R"({"person":"alice"})")},
                           {"Request", answer("{\"request\":" + request_of("granted") +
                                              ",\"grant\":" + grant_of("opening") + "}")}});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_EQUAL_STRING("", a.result.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "opens when the role"), a.result.err);
}

TEST(a_person_that_the_relay_may_not_ask_for_is_refused_and_nothing_is_asked) {
  asked a = say(as_relay, {{"OnBehalf", error("NotAllowed", "relay chatbot may not speak for erin")}});
  TEST_ASSERT_EQUAL_INT(4, a.result.code);
  TEST_ASSERT_EQUAL_STRING("", a.result.out);
  TEST_ASSERT_EQUAL_INT(2, a.messages.size());
}

TEST(words_that_are_missing_or_no_duration_are_usage) {
  TEST_ASSERT_EQUAL_INT(2, say(as_relay, {}, {"admin", "users", "grant-temporary", "orders-db"}).result.code);
  TEST_ASSERT_EQUAL_INT(
      2,
      say(as_relay, {}, {"admin", "users", "grant-temporary", "-d", "soon", "orders-db", "a@b"}).result.code);
  TEST_ASSERT_EQUAL_INT(2, say(as_relay, {}, {"admin", "users"}).result.code);
}
