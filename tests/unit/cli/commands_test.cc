// SPDX-License-Identifier: Apache-2.0
// What each command asks of grantd and what it shows of the answer.
#include "requests_data.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

// 12:00 to 17:30 at +0100 on the day of the stage; now is 13:00 there.
const std::string open_grant =
    R"({"id":"g-7k2m","person":"alice","resource":"orders-db","access":"read-only","not_before_us":1795345200000000,)"
    R"("not_after_us":1795365000000000,"left_us":12600000000,"state":"open","made_us":1795345200000000,)"
    R"("made_by":"root","reason":"ticket 4711","login_points":["pg:main/orders"]})";
const std::string ended_grant =
    R"({"id":"g-8m3x","person":"bob","resource":"web","access":"read-write","not_before_us":1795338000000000,)"
    R"("not_after_us":1795345200000000,"left_us":0,"state":"revoked","made_us":1795338000000000,"made_by":"root",)"
    R"("reason":"","ended_us":1795341600000000,"ended_by":"carol","ended_reason":"done","login_points":["pam:sshd"]})";
const std::string well =
    R"({"version":"0.1.0","pid":1,"started_us":1795345200000000,"sequence":12,"windows":3,"clock_behind":false,)"
    R"("not_durable":0})";

std::string status_of(const std::string& person, const std::string& grants,
                      const std::string& daemon = well) {
  return answer("{" + (person.empty() ? "" : "\"person\":\"" + person + "\",") + "\"grants\":[" + grants +
                "],\"daemon\":" + daemon + "}");
}

std::string explained(bool allowed) {
  return answer(allowed
                    ? R"({"allowed":true,"until_us":1795365000000000,"left_us":12600000000,"grant":"g-7k2m",)"
                      R"("points":[{"login_point":"pg:main/orders","account":"pg:alice","role":"alice",)"
                      R"("allowed":true,"reason":"allow","until_us":1795365000000000}],"why":"","help":""})"
                    : R"({"allowed":false,"points":[{"login_point":"pg:main/orders","account":"pg:alice",)"
                      R"("role":"alice","allowed":false,"reason":"no-window"}],)"
                      R"("why":"no window is open for alice on orders-db",)"
                      R"("help":"grantctl grant alice orders-db --for 1h"})");
}

void asks(const std::vector<std::string>& args, std::string_view message) {
  asked a = ask(by_method({}), args);
  TEST_ASSERT_TRUE(!a.messages.empty());
  TEST_ASSERT_EQUAL_STRING(message, a.messages.front());
}

}  // namespace

TEST(each_command_sends_the_method_of_the_protocol) {
  asks({"status"}, R"({"method":"org.grantd.Access.Status","parameters":{}})");
  asks({"grant", "alice", "orders-db"},
       R"({"method":"org.grantd.Access.Grant","parameters":{"person":"alice","resource":"orders-db"}})");
  asks({"grant", "alice", "orders-db", "--for", "1h", "--from", "14:00", "--reason", "it's"},
       R"({"method":"org.grantd.Access.Grant","parameters":{"person":"alice","resource":"orders-db",)"
       R"("for_us":3600000000,"from_us":1795352400000000,"reason":"it's"}})");
  asks({"grant", "alice", "orders-db", "--from", "14:00", "--until", "15:30"},
       R"({"method":"org.grantd.Access.Grant","parameters":{"person":"alice","resource":"orders-db",)"
       R"("for_us":5400000000,"from_us":1795352400000000}})");
  asks({"grant", "alice", "orders-db", "--read-only"},
       R"({"method":"org.grantd.Access.Grant","parameters":{"person":"alice","resource":"orders-db",)"
       R"("read_only":true}})");
  asks({"revoke", "g-7k2m"}, R"({"method":"org.grantd.Access.Revoke","parameters":{"id":"g-7k2m"}})");
  asks({"revoke", "--person", "alice", "--reason", "left"},
       R"({"method":"org.grantd.Access.Revoke","parameters":{"person":"alice","reason":"left"}})");
  asks({"revoke", "--resource", "web"},
       R"({"method":"org.grantd.Access.Revoke","parameters":{"resource":"web"}})");
  asks({"give-back"}, R"({"method":"org.grantd.Access.GiveBack","parameters":{}})");
  asks({"give-back", "g-7k2m"}, R"({"method":"org.grantd.Access.GiveBack","parameters":{"id":"g-7k2m"}})");
  asks({"list"}, R"({"method":"org.grantd.Access.List","parameters":{}})");
  asks(
      {"list", "--person", "alice", "--resource", "web", "--all", "--limit", "5"},
      R"({"method":"org.grantd.Access.List","parameters":{"person":"alice","resource":"web","all":true,"limit":5}})");
  asks({"show", "g-7k2m"}, R"({"method":"org.grantd.Access.Show","parameters":{"id":"g-7k2m"}})");
  asks({"explain", "alice", "orders-db"},
       R"({"method":"org.grantd.Access.Explain","parameters":{"person":"alice","resource":"orders-db"}})");
  asks({"resources"}, R"({"method":"org.grantd.Access.Resources","parameters":{}})");
  asks({"people"}, R"({"method":"org.grantd.Access.People","parameters":{}})");
  asks({"clock"}, R"({"method":"org.grantd.Access.Clock","parameters":{}})");
  asks({"clock", "accept"}, R"({"method":"org.grantd.Access.AcceptClock","parameters":{}})");
  asks({"store"}, R"({"method":"org.grantd.Access.Store","parameters":{}})");
  asks({"store", "unlock"}, R"({"method":"org.grantd.Access.UnlockStore","parameters":{}})");
  asks({"audit", "--after", "7", "--limit", "2"},
       R"({"method":"org.grantd.Access.AuditChain","parameters":{"after":7,"limit":1000}})");
  asks({"keys", "ask"}, R"({"method":"org.grantd.Access.Keys","parameters":{}})");
  asks({"watch"}, R"({"method":"org.grantd.Access.Watch","parameters":{},"more":true})");
  asks({"stdio", "--person", "alice"},
       R"({"method":"org.grantd.Access.OnBehalf","parameters":{"person":"alice"}})");
  asks({"stdio", "--relay", "chatbot"},
       R"({"method":"org.grantd.Access.OnBehalf","parameters":{"relay":"chatbot"}})");
  asks({"call", "Check", R"({"account":"pg:alice"})"},
       R"({"method":"org.grantd.Access.Check","parameters":{"account":"pg:alice"}})");
  asks({"call", "org.varlink.service.GetInfo"},
       R"({"method":"org.varlink.service.GetInfo","parameters":{}})");
}

TEST(a_person_or_resource_may_be_called_like_a_command) {
  asks({"explain", "list", "status"},
       R"({"method":"org.grantd.Access.Explain","parameters":{"person":"list","resource":"status"}})");
}

TEST(a_grant_is_shown_with_its_end_and_what_is_left) {
  asked a =
      ask(by_method({{"Grant", answer("{\"grant\":" + open_grant + "}")}}), {"grant", "alice", "orders-db"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("g-7k2m alice orders-db read-only until 17:30 +0100, 3 h 30 min left\n",
                           a.result.out);
  TEST_ASSERT_EQUAL_STRING("", a.result.err);
}

TEST(an_end_is_reckoned_by_grantds_clock_and_not_the_callers) {
  // grantd is at 12:10 UTC, the caller thinks it is 12:00: until 17:30 +0100 are 4 h 20 min there.
  asked a = ask(by_method({{"Clock", answer(R"({"utc_us":1795349400000000})")},
                           {"Grant", answer("{\"grant\":" + open_grant + "}")}}),
                {"grant", "alice", "orders-db", "--for", "until 17:30"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_UINT64(2, a.messages.size());
  TEST_ASSERT_TRUE_MESSAGE(contains(a.messages[1], "\"for_us\":15600000000"), a.messages[1]);
}

TEST(an_end_that_is_past_for_grantd_is_refused) {
  asked a = ask(by_method({{"Clock", answer(R"({"utc_us":1795400000000000})")}}),
                {"grant", "alice", "orders-db", "--until", "17:30"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.err, "help: grantctl clock\n"));
}

TEST(a_list_is_a_table_or_one_json_document) {
  auto script = by_method({{"List", answer("{\"grants\":[" + open_grant + "," + ended_grant + "]}")}});
  asked a = ask(script, {"list", "--all"});
  TEST_ASSERT_EQUAL_STRING(
      "ID      PERSON  RESOURCE   ACCESS      STATE    WINDOW                              REASON\n"
      "g-7k2m  alice   orders-db  read-only   open     until 17:30 +0100, 3 h 30 min left  ticket 4711\n"
      "g-8m3x  bob     web        read-write  revoked  ended 11:00 +0100, by carol         -\n",
      a.result.out);
  a = ask(script, {"list", "-o", "json"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.out, R"("not_after":"2026-11-22T16:30:00Z","left_s":12600,)"));
  TEST_ASSERT_FALSE(contains(a.result.out, "_us"));
  TEST_ASSERT_TRUE(a.result.out.ends_with("]}\n"));
}

TEST(an_empty_list_says_so_beside_the_data) {
  asked a = ask(by_method({{"List", answer(R"({"grants":[]})")}}), {"list"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("", a.result.out);
  TEST_ASSERT_TRUE(contains(a.result.err, "no open grants"));
}

TEST(show_names_who_ended_a_grant_and_why) {
  asked a = ask(by_method({{"Show", answer("{\"grant\":" + ended_grant + "}")}}), {"show", "g-8m3x"});
  for (const char* part :
       {"id            g-8m3x\n", "state         revoked\n", "made          10:00 +0100, by root\n",
        "ended         11:00 +0100, by carol\n", "because       done\n", "login points  pam:sshd\n"}) {
    TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, part), a.result.out);
  }
}

TEST(status_says_what_is_open_and_how_grantd_is) {
  asked a = ask(by_method({{"Status", status_of("alice", open_grant)}}), {"status"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_TRUE(
      contains(a.result.out, "orders-db  read-only  open   until 17:30 +0100, 3 h 30 min left  g-7k2m\n"));
  TEST_ASSERT_TRUE(contains(a.result.out, "grantd 0.1.0, up since 12:00 +0100, sequence 12, 3 windows\n"));
  TEST_ASSERT_EQUAL_STRING("", a.result.err);
  a = ask(by_method({{"Status", status_of("", "")}}), {"status"});
  TEST_ASSERT_TRUE(contains(a.result.out, "belongs to no person"));
}

TEST(status_says_everything_that_is_wrong) {
  std::string ill =
      R"({"version":"0.1.0","pid":1,"started_us":0,"sequence":1,"windows":0,"locked":"the store is behind its anchor",)"
      R"("clock_behind":true,"policy_error":"policy.toml:3:7: no such key","not_durable":2,"table_error":"No space left"})";
  asked a = ask(by_method({{"Status", status_of("alice", "", ill)}}), {"status"});
  for (const char* part :
       {"behind its anchor", "clock is behind", "policy.toml:3:7", "2 changes", "No space left"}) {
    TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, part), a.result.err);
  }
}

TEST(each_mistake_of_a_policy_stands_on_a_line_of_its_own) {
  std::string ill = well;
  ill.insert(ill.size() - 1,
             R"(,"policy_error":"policy.toml:3:7: no such key\npolicy.toml:9:1: no such person")");
  asked a = ask(by_method({{"Status", status_of("alice", "", ill)}}), {"status"});
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: the policy file is not in force: policy.toml:3:7: no such key\n"
      "grantctl: policy.toml:9:1: no such person\nhelp: grantd -t\n",
      a.result.err);
  a = ask(by_method({{"Grant", error("NoPolicy", "no policy is in force: a\\nb")}}),
          {"grant", "alice", "web"});
  TEST_ASSERT_EQUAL_STRING("grantctl: no policy is in force: a\ngrantctl: b\n", a.result.err);
}

TEST(explain_answers_by_exit_code_and_names_the_one_command) {
  asked a = ask(by_method({{"Explain", explained(false)}}), {"explain", "alice", "orders-db"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE(a.result.out.starts_with("no: no window is open for alice on orders-db\n"));
  TEST_ASSERT_TRUE(contains(a.result.out, "pg:main/orders  pg:alice  alice  deny  no-window  -\n"));
  TEST_ASSERT_EQUAL_STRING("help: grantctl grant alice orders-db --for 1h\n", a.result.err);
  a = ask(by_method({{"Explain", explained(true)}}), {"explain", "alice", "orders-db"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_TRUE(
      a.result.out.starts_with("yes: alice gets into orders-db until 17:30 +0100, 3 h 30 min left\n"));
}

TEST(explain_without_a_person_is_about_the_caller) {
  asked a = ask(by_method({{"Status", status_of("bob", "")}, {"Explain", explained(false)}}),
                {"explain", "orders-db"});
  TEST_ASSERT_EQUAL_UINT64(2, a.messages.size());
  TEST_ASSERT_TRUE(contains(a.messages[1], R"("person":"bob","resource":"orders-db")"));
  a = ask(by_method({{"Status", status_of("", "")}}), {"explain", "orders-db"});
  TEST_ASSERT_EQUAL_INT(4, a.result.code);
}

TEST(revoking_nothing_is_done_and_said) {
  asked a = ask(by_method({{"Revoke", answer(R"({"grants":[],"durable":true})")}}),
                {"revoke", "--person", "alice"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.err, "nothing to revoke"));
}

TEST(resources_and_people_are_tables) {
  asked a =
      ask(by_method({{"Resources", answer(R"({"resources":[{"name":"orders-db","description":"the orders",)"
                                          R"("login_points":["pg:main/orders"],"access":"read-only",)"
                                          R"("default_us":3600000000,"max_us":28800000000,"roles":[]}]})")}}),
          {"resources"});
  TEST_ASSERT_EQUAL_STRING(
      "RESOURCE   FOR YOU  MAX  DEFAULT  ACCESS     LOGIN POINTS    DESCRIPTION\n"
      "orders-db  -        8h   1h       read-only  pg:main/orders  the orders\n",
      a.result.out);
  const auto access_of = [](const std::string& points) {
    asked shown = ask(by_method({{"Resources", answer(R"({"resources":[{"name":"a","description":"",)"
                                                      R"("access":"read-only","default_us":1,"max_us":1,)"
                                                      R"("roles":[],"login_points":[)" +
                                                      points + "]}]}")}}),
                      {"resources"});
    return shown.result.out;
  };
  TEST_ASSERT_TRUE(contains(access_of(R"("pg:m/d","pam:sshd")"), "read-only, pam: full  pg:m/d, pam:sshd"));
  TEST_ASSERT_TRUE(contains(access_of(R"("pam:sshd","pam:su")"), " full    pam:sshd, pam:su"));
  const std::string one =
      R"("description":"","login_points":[],"access":"read-only","default_us":3600000000,)"
      R"("max_us":28800000000,"roles":[],"for_you":)";
  a = ask(by_method({{"Resources", answer(R"({"resources":[{"name":"a",)" + one +
                                          R"({"rule":"r","max_us":1800000000,"approvals":1,"reason":true,)"
                                          R"("hours":["Mon 08:00-09:00 UTC"]}},{"name":"b",)" +
                                          one + "null}]}")}}),
          {"resources"});
  TEST_ASSERT_TRUE_MESSAGE(
      contains(a.result.out, "a         1 approval, reason, Mon 08:00-09:00 UTC  30m  30m"), a.result.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "b         not to be asked for"), a.result.out);
  a = ask(by_method(
              {{"People", answer(R"({"people":[{"name":"alice","email":"alice@example.org","os":["alice"],)"
                                 R"("pg":["alice","al"],"dn":[],"krb":[],"rights":["grant"],"keys":2}]})")}}),
          {"people"});
  TEST_ASSERT_EQUAL_STRING(
      "PERSON  E-MAIL             ACCOUNTS                   RIGHTS  KEYS\n"
      "alice   alice@example.org  os:alice, pg:alice, pg:al  grant   2\n",
      a.result.out);
}

TEST(a_clock_that_is_behind_is_a_no) {
  auto clock = [](const char* behind) {
    return answer(
        std::string(R"({"utc_us":1795348800000000,"high_water_us":1795349400000000,"synchronised":false,)") +
        R"("behind":)" + behind + R"(,"offset_us":-1500000})");
  };
  asked a = ask(by_method({{"Clock", clock("true")}}), {"clock"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.out, "stepped by       -1.5 s\n"));
  TEST_ASSERT_TRUE(contains(a.result.err, "grantctl clock accept"));
  TEST_ASSERT_EQUAL_INT(0,
                        ask(by_method({{"AcceptClock", clock("false")}}), {"clock", "accept"}).result.code);
}

TEST(a_locked_store_is_a_no) {
  std::string store =
      R"({"schema":2,"grants":5,"open":2,"records":9,"sequence":12,"file_bytes":40960,"reserve":"held","check":"done")";
  TEST_ASSERT_EQUAL_INT(0, ask(by_method({{"Store", answer(store + "}")}}), {"store"}).result.code);
  asked a = ask(by_method({{"Store", answer(store + R"(,"locked":"behind its anchor"})")}}), {"store"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.err, "grantctl store unlock"));
}

TEST(call_gives_the_answer_as_it_came) {
  auto script = by_method({{"Status", answer(R"({"n_us":1,"x":[true,null,1.5]})")}});
  TEST_ASSERT_EQUAL_STRING("{\"n_us\":1,\"x\":[true,null,1.5]}\n",
                           ask(script, {"call", "Status"}).result.out);
  stage s;
  s.input = "{\"all\":\n true}\n";
  asked a = ask(by_method({{"List", answer("{}")}}), {"call", "List", "-"}, s);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING(R"({"method":"org.grantd.Access.List","parameters":{"all":true}})",
                           a.messages.front());
}

TEST(watch_prints_each_event_until_the_stream_ends) {
  std::string event = "{\"parameters\":{\"event\":\"grant\",\"grant\":" + open_grant + "},\"continues\":";
  std::string nul(1, '\0');
  auto script = by_method({{"Watch", event + "true}" + nul + event + "false}" + nul}});
  asked a = ask(script, {"watch"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  std::string line =
      "13:00:00 +0100 grant g-7k2m alice orders-db read-only until 17:30 +0100, 3 h 30 min left\n";
  TEST_ASSERT_EQUAL_STRING(line + line, a.result.out);
}

TEST(keys_prints_only_lines_that_it_checked) {
  auto script = by_method({{"Keys", answer(R"({"keys":[{"person":"alice","key":"ssh-ed25519 AAAA a@b"},)"
                                           R"({"person":"mallory\" root","key":"ssh-ed25519 AAAA"},)"
                                           R"({"person":"bob","key":"ssh-ed25519 AAAA\nssh-rsa BBBB"}]})")}});
  fake_grantd daemon(script);
  outcome o = run_at(daemon.path(), {"keys", "ask"});
  TEST_ASSERT_EQUAL_INT(0, o.code);
  TEST_ASSERT_EQUAL_STRING("restrict,command=\"/usr/bin/grantctl --socket " + daemon.path() +
                               " stdio --person alice\" ssh-ed25519 AAAA\n",
                           o.out);
  TEST_ASSERT_TRUE(contains(o.err, "mallory"));
  TEST_ASSERT_TRUE(contains(o.err, "bob"));
}

TEST(keys_prints_relays_as_relays_and_no_relay_as_a_signer) {
  auto script =
      by_method({{"Keys", answer(R"({"keys":[{"person":"alice","key":"ssh-ed25519 AAAA"}],"relays":[)"
                                 R"({"relay":"chatbot","key":"ssh-ed25519 BBBB"},)"
                                 R"({"relay":"x --person alice","key":"ssh-ed25519 CCCC"}]})")}});
  asked a = ask(script, {"keys", "ask"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, " stdio --relay chatbot\" ssh-ed25519 BBBB\n"),
                           a.result.out);
  TEST_ASSERT_FALSE(contains(a.result.out, "CCCC"));
  a = ask(script, {"keys", "--allowed-signers"});
  TEST_ASSERT_FALSE(contains(a.result.out, "BBBB"));
}

TEST(keys_opens_no_account_but_the_one_that_asks) {
  auto script = by_method({{"Keys", answer(R"({"keys":[{"person":"alice","key":"ssh-ed25519 AAAA"}]})")}});
  TEST_ASSERT_EQUAL_STRING("", ask(script, {"keys", "root"}).result.out);
  TEST_ASSERT_EQUAL_STRING("", ask(script, {"keys", "ask", "--ask-user", "asker"}).result.out);
  TEST_ASSERT_FALSE(ask(script, {"keys", "asker", "--ask-user", "asker"}).result.out.empty());
}

TEST(stdio_passes_a_refusal_on_to_the_other_end) {
  asked a =
      ask(by_method({{"OnBehalf", error("NotAllowed", "you are not ask")}}), {"stdio", "--person", "alice"});
  TEST_ASSERT_EQUAL_INT(4, a.result.code);
  TEST_ASSERT_EQUAL_STRING(error("NotAllowed", "you are not ask"), a.result.out);
}

TEST(stdio_carries_requests_and_answers) {
  stage s;
  s.input = std::string("{\"method\":\"org.grantd.Access.Status\"}") + '\0';
  asked a = ask(by_method({{"OnBehalf", answer("{}")}, {"Status", answer(R"({"person":"alice"})")}}),
                {"stdio", "--person", "alice"}, s);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING(answer(R"({"person":"alice"})"), a.result.out);
}
