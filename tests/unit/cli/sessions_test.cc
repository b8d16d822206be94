// SPDX-License-Identifier: Apache-2.0
// grantctl sessions: what it asks, what it shows first and loudest, and what it says beside the data.
#include "fake_grantd.h"
#include "stage.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

// 13:00 at +0100 is now.
std::string session(const std::string& state, const std::string& more) {
  return R"({"person":"alice","account":"pg:alice","login_point":"pg:main/orders","role":"alice",)"
         R"("access":"read-only","state":")" +
         state + R"(","since_us":1795345200000000,"heard_us":1795348790000000,"pid":7,"reporter":105,)" +
         R"("run":"00000000000000ff","number":1,)" + more + "}";
}
const std::string until = R"("until_us":1795365000000000,"left_us":16200000000)";
const std::string live = session("live", until + R"(,"grant":"g-7k2m","remote":"192.0.2.7","tty":"pts/3")");
const std::string left_over =
    session("leftover", R"("until_us":1795347000000000,"left_us":0,"cause":"revoked","text":"slot \"x\"")");
const std::string ungated = session("ungated", R"("remote":"192.0.2.8")");
const std::string silent = session("silent", until);
const std::string ending = session("ending", R"("until_us":1795348800000000,"left_us":0,"grant":"g-7k2m")");

std::string sessions_of(const std::string& list, int total, int missed = 0) {
  return answer("{\"sessions\":[" + list + "],\"total\":" + std::to_string(total) +
                ",\"missed\":" + std::to_string(missed) + "}");
}

outcome shown(const std::string& reply, std::vector<std::string> args = {"sessions"}, const stage& s = {}) {
  fake_grantd daemon(by_method({{"Sessions", reply}}));
  return run_at(daemon.path(), std::move(args), s);
}

}  // namespace

TEST(sessions_asks_for_all_or_for_one_person) {
  for (const auto& [args, parameters] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"sessions"}, "{}"},
           {{"sessions", "--person", "alice", "--limit", "5"}, R"({"person":"alice","limit":5})"}}) {
    fake_grantd daemon(by_method({{"Sessions", sessions_of("", 0)}}));
    (void)run_at(daemon.path(), args);
    TEST_ASSERT_EQUAL_STRING(R"({"method":"org.grantd.Access.Sessions","parameters":)" + parameters + "}",
                             daemon.messages().front());
  }
}

TEST(who_is_inside_is_a_table_with_the_end_and_what_is_left) {
  outcome o = shown(sessions_of(live, 1));
  TEST_ASSERT_EQUAL_INT(0, o.code);
  TEST_ASSERT_EQUAL_STRING(
      "PERSON  ACCOUNT   WHERE           ACCESS     GRANT   UNTIL                               FROM\n"
      "alice   pg:alice  pg:main/orders  read-only  g-7k2m  until 17:30 +0100, 4 h 30 min left  192.0.2.7 "
      "pts/3\n",
      o.out);
  TEST_ASSERT_EQUAL_STRING("", o.err);
}

TEST(nobody_inside_is_said_beside_the_data) {
  outcome o = shown(sessions_of("", 0));
  TEST_ASSERT_EQUAL_INT(0, o.code);
  TEST_ASSERT_EQUAL_STRING("", o.out);
  TEST_ASSERT_EQUAL_STRING("grantctl: nobody is inside\n", o.err);
  TEST_ASSERT_TRUE(
      contains(shown(sessions_of("", 0), {"sessions", "--person", "bob"}).err, "nobody is inside as bob\n"));
}

TEST(what_should_not_be_there_is_loud_in_the_table_and_beside_it) {
  outcome o = shown(sessions_of(left_over + "," + ungated + "," + silent + "," + ending, 4));
  TEST_ASSERT_EQUAL_INT(0, o.code);
  for (const char* part :
       {"LEFT OVER since 12:30 +0100, revoked: slot \"x\"", "UNGATED: let in without a grant, is not put out",
        "SILENT: not heard of since 12:59", "; until 17:30 +0100, 4 h 30 min left",
        "no window covers it: it is being ended"}) {
    TEST_ASSERT_TRUE_MESSAGE(contains(o.out, part), o.out);
  }
  for (const char* part : {"left over: 1 ", "ungated: 1 ", "silent: what ends 1 of them"}) {
    TEST_ASSERT_TRUE_MESSAGE(contains(o.err, part), o.err);
  }
}

TEST(the_silent_ender_is_the_one_to_look_at) {
  TEST_ASSERT_TRUE(contains(shown(sessions_of(silent, 1)).err, "help: psql "));
  std::string ssh = silent;
  ssh.replace(ssh.find("pg:main/orders"), 14, "pam:sshd");
  TEST_ASSERT_TRUE(contains(shown(sessions_of(ssh, 1)).err, "help: systemctl status grantd-reaper\n"));
}

TEST(what_is_not_shown_is_counted) {
  outcome o = shown(sessions_of(live, 3, 2), {"sessions", "--limit", "1"});
  TEST_ASSERT_TRUE(contains(o.err, "1 of 3 sessions are shown"));
  TEST_ASSERT_TRUE(contains(o.err, "2 sessions were never heard of"));
}

TEST(sessions_as_json_have_times_for_scripts) {
  outcome o = shown(sessions_of(live, 1), {"sessions", "-o", "json"});
  TEST_ASSERT_TRUE_MESSAGE(contains(o.out, R"("until":"2026-11-22T16:30:00Z","left_s":16200,)"), o.out);
  TEST_ASSERT_FALSE(contains(o.out, "_us"));
  TEST_ASSERT_EQUAL_STRING("", o.err);
}

TEST(what_a_session_left_cannot_steer_the_terminal) {
  std::string bad =
      session("leftover", R"("until_us":1795347000000000,"text":"\u001b[2J","remote":"\u001b]0;x")");
  outcome o = shown(sessions_of(bad, 1));
  TEST_ASSERT_FALSE(contains(o.out, "\033"));
  TEST_ASSERT_TRUE(contains(o.out, "\\x1b[2J"));
}

TEST(status_names_leftovers_and_the_command_that_shows_them) {
  auto status = [](int n) {
    fake_grantd daemon(by_method(
        {{"Status", answer(R"({"person":"alice","grants":[],"daemon":{"version":"0.1.0","pid":1,)"
                           R"("started_us":1795345200000000,"sequence":1,"windows":0,"clock_behind":false,)"
                           R"("not_durable":0,"leftovers":)" +
                           std::to_string(n) + "}}")}}));
    return run_at(daemon.path(), {"status"});
  };
  TEST_ASSERT_EQUAL_STRING("", status(0).err);
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: left over: 2 sessions should be gone and are not\nhelp: grantctl sessions\n", status(2).err);
}
