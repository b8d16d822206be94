// SPDX-License-Identifier: Apache-2.0
// Answers that no grantd gives: words and exit code 3, never a crash, a hang or a byte of it on stdout.
#include "fake_grantd.h"
#include "stage.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

outcome answered(std::optional<std::string> reply, std::vector<std::string> args,
                 int64_t timeout_us = 5'000'000) {
  fake_grantd daemon([=](const std::string&) { return reply; });
  stage s;
  s.timeout_us = timeout_us;
  return run_at(daemon.path(), std::move(args), s);
}

void is_unreachable(const outcome& o, const std::string& of) {
  TEST_ASSERT_TRUE_MESSAGE(o.code == 3, of + ": " + std::to_string(o.code) + " " + o.err);
  TEST_ASSERT_TRUE_MESSAGE(o.err.starts_with("grantctl: "), of + ": " + o.err);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "\nhelp: "), of + ": " + o.err);
  TEST_ASSERT_EQUAL_STRING("", o.out);
}

const std::vector<std::vector<std::string>> listings = {
    {"list"},
    {"show", "g-1"},
    {"status"},
    {"explain", "a", "b"},
    {"resources"},
    {"people"},
    {"clock"},
    {"store"},
    {"audit"},
    {"revoke", "g-1"},
    {"grant", "a", "b"},
    {"give-back"},
    {"keys"},
    {"sessions"},
    {"requests"},
    {"show", "r-1"},
    {"request", "x"},
    {"deny", "r-1"},
    {"cancel", "r-1"},
    {"review", "g-1"},
    {"show", "r-1", "--bytes"},
    {"approve", "r-1", "--yes"},
    {"audit", "verify"},
    {"audit", "export"},
    {"audit", "checkpoint"},
    {"audit", "--person", "x"},
    {"audit", "approval", "r-1", "--to", "/nonexistent/x"}};

}  // namespace

TEST(what_is_no_answer_is_refused_in_words) {
  std::string nul(1, '\0');
  for (const std::string& reply :
       {nul, "hello" + nul, "[]" + nul, "1" + nul, "{\"parameters\":[]}" + nul, "{\"parameters\":1}" + nul,
        "{\"error\":1}" + nul, "{\"error\":null}" + nul, "{\"parameters\":{},\"parameters\":{}}" + nul,
        "{\"parameters\":{},\"continues\":1}" + nul, "{\"parameters\":{},\"continues\":true}" + nul,
        std::string(1'000'000, '[') + nul, "{\"parameters\":{\"a\":\"\xff\xfe\"}}" + nul, "{}{}" + nul,
        "{\"error\":\"com.example.Other\"}" + nul}) {
    is_unreachable(answered(reply, {"call", "Status"}), reply.substr(0, 60));
  }
}

TEST(every_listing_checks_the_types_of_what_it_shows) {
  for (
      const std::string& parameters :
      {std::string("{}"),
       std::string(R"({"grants":1,"grant":1,"people":1,"resources":1,"records":1,"keys":1,"sessions":1})"),
       std::string(
           R"({"grants":[1],"grant":[],"people":[null],"resources":["x"],"records":[[]],"keys":[{}],"sessions":["x"],"points":[1],"allowed":1})"),
       std::string(
           R"({"grants":[{"id":7}],"grant":{"id":"g","person":[]},"people":[{"name":{}}],"resources":[{"name":"x","access":1}],)"
           R"("records":[{"sequence":"1"}],"sessions":[{"account":1}],"keys":[{"person":1,"key":2}],"allowed":true,"points":[{"login_point":1}],)"
           R"("daemon":{"version":1},"utc_us":"now","schema":1.5})")}) {
    for (auto args : listings) {
      std::string of = args.front() + " " + parameters;
      is_unreachable(answered(answer(parameters), args), of);
      args.insert(args.end(), {"-o", "json"});
      is_unreachable(answered(answer(parameters), args), of);
    }
  }
}

TEST(numbers_out_of_every_range_are_shown_without_harm) {
  for (const char* n : {"9223372036854775807", "-9223372036854775808"}) {
    std::string number(n);
    std::string grant =
        R"({"id":"g","person":"p","resource":"r","access":"a","state":"open","not_before_us":)" + number +
        R"(,"not_after_us":)" + number + R"(,"left_us":)" + number + R"(,"made_us":)" + number + "}";
    outcome o = answered(answer("{\"grant\":" + grant + "}"), {"show", "g-1"});
    TEST_ASSERT_EQUAL_INT(0, o.code);
    o = answered(answer(R"({"utc_us":)" + number + R"(,"high_water_us":)" + number +
                        R"(,"synchronised":true,"behind":false,"offset_us":)" + number + "}"),
                 {"clock"});
    TEST_ASSERT_EQUAL_INT(0, o.code);
    o = answered(answer(R"({"resources":[{"name":"x","access":"y","login_points":[],"default_us":)" + number +
                        R"(,"max_us":)" + number + "}]}"),
                 {"resources"});
    TEST_ASSERT_EQUAL_INT(0, o.code);
    (void)answered(answer("{\"utc_us\":" + number + "}"), {"grant", "a", "b", "--until", "17:30"});
  }
}

TEST(text_of_an_answer_cannot_move_the_terminal) {
  std::string bad = "\\u001b[2J\\u009b1m\\u202e\\n";
  std::string grant = R"({"id":")" + bad + R"(","person":")" + bad + R"(","resource":")" + bad +
                      R"(","access":")" + bad + R"(","state":")" + bad + R"(","reason":")" + bad +
                      R"(","ended_by":")" + bad +
                      R"(","not_before_us":0,"not_after_us":0,"login_points":[")" + bad + R"("]})";
  for (const std::vector<std::string>& args : {std::vector<std::string>{"list"},
                                               {"list", "-o", "json"},
                                               {"show", "g-1"},
                                               {"grant", "a", "b"},
                                               {"revoke", "g-1"},
                                               {"watch"},
                                               {"call", "List"}}) {
    outcome o = answered(
        answer("{\"event\":\"" + bad + "\",\"grant\":" + grant + ",\"grants\":[" + grant + "]}"), args);
    TEST_ASSERT_EQUAL_INT(0, o.code);
    TEST_ASSERT_TRUE(!o.out.empty());
    TEST_ASSERT_FALSE(contains(o.out, "\x1b"));
    TEST_ASSERT_FALSE(contains(o.out, "\u009b"));
    TEST_ASSERT_FALSE(contains(o.out, "\u202e"));
  }
}

TEST(a_daemon_that_hangs_up_is_unreachable) {
  is_unreachable(answered(std::nullopt, {"status"}), "at once");
  fake_grantd daemon([](const std::string&) { return "{\"parameters\":{\"a\":"; });
  stage s;
  s.timeout_us = 300'000;
  is_unreachable(run_at(daemon.path(), {"status"}, s), "in the middle, then silence");
}

TEST(a_daemon_that_says_nothing_is_unreachable_after_the_deadline) {
  outcome o = answered("", {"status"}, 200'000);
  is_unreachable(o, "silence");
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "no answer in time"), o.err);
}

TEST(an_endless_answer_is_cut_off) {
  outcome o = answered(std::string((16 << 20) + 70'000, 'x'), {"status"});
  is_unreachable(o, "endless");
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "too long"), o.err);
}
