// SPDX-License-Identifier: Apache-2.0
// What is asked for until a time ends then, however late it is approved.
#include "asking.h"
#include "base/timestamp.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr int64_t minute = 60 * base::us_per_s;

std::string at(const world& w, int64_t minutes) {  // from now
  return std::to_string(w.clock.now.utc.us + minutes * minute);
}
std::string until(const world& w, int64_t minutes) { return R"(,"until_us":)" + at(w, minutes); }
int64_t left(const daemon::reply& r) { return number(*r.parameters.find("grant"), "left_us"); }

}  // namespace

TEST(a_late_approval_does_not_move_an_end_that_was_asked_for) {
  asking w;
  const std::string end = at(w, 60);
  const std::string id = w.request("alice", "orders-db", R"(,"until_us":)" + end);
  const std::string text = w.text(id);
  TEST_ASSERT_TRUE_MESSAGE(text.find("\nfor: 1h (3600 s)\n") != text.npos, text);
  const std::string line = "\nuntil: " + std::string(base::print_timestamp({std::stoll(end)}).view()) + "\n";
  TEST_ASSERT_TRUE_MESSAGE(text.find(line) != text.npos, text);
  w.clock.pass(20 * 60);
  auto r = w.approve("bob", id, bob_key);
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_INT64(40 * minute, left(r));
  TEST_ASSERT_EQUAL_STRING(end, std::to_string(number(*r.parameters.find("grant"), "not_after_us")));
}

TEST(an_approver_shortens_it_from_the_approval_on_and_never_past_the_end) {
  asking w;
  std::string id = w.request("alice", "orders-db", until(w, 60));
  w.clock.pass(20 * 60);
  TEST_ASSERT_EQUAL_INT64(30 * minute,
                          left(w.approve_text("bob", id, bob_key, w.text(id, R"(,"for_us":1800000000)"),
                                              R"(,"for_us":1800000000)")));
  id = w.request("alice", "orders-db", until(w, 60) + R"(,"reason":"another")");
  w.clock.pass(40 * 60);
  TEST_ASSERT_EQUAL_INT64(20 * minute,
                          left(w.approve_text("bob", id, bob_key, w.text(id, R"(,"for_us":1800000000)"),
                                              R"(,"for_us":1800000000)")));
}

TEST(nobody_is_asked_any_more_when_the_end_is_past) {
  asking w;
  const std::string id = w.request("alice", "orders-db", until(w, 60));
  w.clock.pass(3599);
  w.turn();
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  w.clock.pass(1);
  w.turn();
  TEST_ASSERT_EQUAL_STRING("lapsed", w.state(id));
}

TEST(asking_until_the_same_time_again_is_asking_once) {
  asking w;
  const std::string end = R"(,"until_us":)" + at(w, 60);
  const std::string id = w.request("alice", "orders-db", end);
  w.clock.pass(10 * 60 + 1);
  TEST_ASSERT_EQUAL_STRING(id, w.request("alice", "orders-db", end));
  TEST_ASSERT_TRUE(id != w.request("alice", "orders-db", until(w, 60)));  // as long, and later
  TEST_ASSERT_TRUE(id != w.request("alice", "orders-db", R"(,"for_us":3600000000)"));
  // What is open is the answer only if it is open as long.
  auto opened = w.ask("alice", "Request", R"({"resource":"replica")" + end + "}");
  w.clock.pass(60);
  auto again = w.ask("alice", "Request", R"({"resource":"replica")" + end + "}");
  TEST_ASSERT_TRUE(*again.parameters.find("repeated")->boolean());
  again = w.ask("alice", "Request", R"({"resource":"replica")" + until(w, 49) + "}");  // shorter, but later
  TEST_ASSERT_EQUAL_STRING("", short_error(again));
  TEST_ASSERT_TRUE(again.parameters.find("repeated") == nullptr);
}

TEST(asking_until_the_same_time_twice_in_a_second_is_asking_once) {
  asking w;
  const int64_t end = w.clock.now.utc.us + 60 * minute;
  w.clock.now.utc.us += 400'000;
  const std::string asked = R"({"resource":"replica","until_us":)" + std::to_string(end) + "}";
  (void)w.ask("alice", "Request", asked);
  w.clock.now.utc.us += 500'000;
  w.clock.now.boot.ns += 500'000'000;
  TEST_ASSERT_TRUE(w.ask("alice", "Request", asked).parameters.find("repeated") != nullptr);
  TEST_ASSERT_EQUAL_INT(1, w.grants());
}

TEST(a_begun_second_counts_and_the_end_stays_exact) {
  asking w;
  w.clock.now.utc.us += 1;
  const int64_t end = w.clock.now.utc.us + minute - 1;
  auto r = w.ask("alice", "Request", R"({"resource":"replica","until_us":)" + std::to_string(end) + "}");
  TEST_ASSERT_EQUAL_INT64(minute, number(*r.parameters.find("request"), "for_us"));
  TEST_ASSERT_EQUAL_INT64(end, number(*r.parameters.find("grant"), "not_after_us"));
}

TEST(with_a_start_it_is_the_time_between) {
  asking w;
  const std::string from = R"(,"from_us":)" + at(w, 30);
  auto r = w.ask("alice", "Request", R"({"resource":"replica")" + from + until(w, 90) + "}");
  TEST_ASSERT_EQUAL_INT64(60 * minute, number(*r.parameters.find("request"), "for_us"));
  TEST_ASSERT_EQUAL_STRING(at(w, 90), std::to_string(number(*r.parameters.find("grant"), "not_after_us")));
  r = w.ask("alice", "Request", R"({"resource":"replica")" + from + until(w, 30) + "}");
  TEST_ASSERT_EQUAL_STRING("NotInTheFuture", short_error(r));
}

TEST(a_window_with_an_end_does_not_wait_for_the_first_login) {
  asking w(night_shift);
  auto r = w.ask("alice", "Request", R"({"resource":"night")" + until(w, 60) + "}");
  TEST_ASSERT_EQUAL_INT64(60 * minute, left(r));
  TEST_ASSERT_TRUE(r.parameters.find("grant")->find("first_use_us") == nullptr);
}

TEST(an_end_that_is_past_too_far_or_beside_a_length_is_refused) {
  asking w;
  auto error = [&](const std::string& more, const std::string& resource = "orders-db") {
    auto r = w.ask("alice", "Request", R"({"resource":")" + resource + "\"" + more + "}");
    return short_error(r) + (r.ok() ? "" : "; " + member(r.parameters, "help"));
  };
  TEST_ASSERT_EQUAL_STRING("NotInTheFuture; grantctl clock", error(until(w, 0)));
  TEST_ASSERT_EQUAL_STRING("NotInTheFuture; grantctl clock", error(R"(,"until_us":0)"));
  TEST_ASSERT_EQUAL_STRING("TooLong; grantctl request replica --for 8h", error(until(w, 481), "replica"));
  TEST_ASSERT_EQUAL_STRING("TooLong; grantctl request replica --for 8h",
                           error(R"(,"until_us":2305843009213693951)", "replica"));
  for (const std::string& bad : {until(w, 60) + R"(,"for_us":60000000)", std::string(R"(,"until_us":-1)")}) {
    auto r = w.ask("alice", "Request", R"({"resource":"orders-db")" + bad + "}");
    TEST_ASSERT_TRUE(!r.ok() && r.error.ends_with("InvalidParameter"));
  }
  const std::string grant = w.grant();
  auto r = w.ask("alice", "Request", R"({"extends":")" + grant + "\"" + until(w, 60) + "}");
  TEST_ASSERT_EQUAL_STRING("extends", member(r.parameters, "parameter"));
  (void)w.root("Revoke", R"({"person":"alice","reason":"x"})");
  // Told again with what helps, the end stays as it was typed.
  const std::string end(base::print_timestamp({w.clock.now.utc.us + 10 * minute}).view());
  TEST_ASSERT_EQUAL_STRING(
      "ReasonNeeded; grantctl request orders-db --break-glass --for \"until " + end + "\" --reason TEXT",
      error(until(w, 10) + R"(,"break_glass":true)"));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(an_end_survives_a_restart) {
  asking w;
  const std::string end = at(w, 60);
  const std::string id = w.request("alice", "orders-db", R"(,"until_us":)" + end);
  w.again(true);
  w.clock.pass(20 * 60);
  auto r = w.approve("bob", id, bob_key);
  TEST_ASSERT_EQUAL_STRING(end, std::to_string(number(*r.parameters.find("grant"), "not_after_us")));
}
