// SPDX-License-Identifier: Apache-2.0
// What is a usage mistake, and what its refusal says.
#include <iterator>
#include <sstream>

#include "stage.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

const std::string nowhere = "/nonexistent/api.sock";

}  // namespace

TEST(help_and_version_go_to_stdout_and_are_done) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"--help"}, {"-h"}, {"grant", "--help"}, {"revoke", "-h"}, {"--version"}}) {
    outcome o = stage().run(args);
    TEST_ASSERT_EQUAL_INT(0, o.code);
    TEST_ASSERT_FALSE(o.out.empty());
    TEST_ASSERT_EQUAL_STRING("", o.err);
  }
  TEST_ASSERT_TRUE(contains(stage().run({"grant", "--help"}).out, "Examples:"));
  TEST_ASSERT_TRUE(contains(stage().run({"--help"}).out, "5 in force, but not yet durable"));
}

TEST(a_word_with_commands_below_it_lists_them) {
  outcome o = stage().run({"policy", "--help"});
  TEST_ASSERT_EQUAL_INT(0, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.out, "\n  policy test ") && contains(o.out, "\n  policy reload "),
                           o.out);
  o = stage().run({"policy"});
  TEST_ASSERT_EQUAL_INT(2, o.code);
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: grantctl policy needs to know what to do\nhelp: grantctl policy --help\n", o.err);
  TEST_ASSERT_TRUE(contains(stage().run({"audit", "--help"}).out, "\n  grantctl audit verify "));
}

TEST(every_command_has_help_with_an_example) {
  for (const auto* c : grantd::cli::commands()) {
    std::istringstream name{std::string(c->name)};
    std::vector<std::string> args{std::istream_iterator<std::string>(name), {}};
    args.emplace_back("--help");
    outcome o = stage().run(args);
    TEST_ASSERT_EQUAL_INT(0, o.code);
    TEST_ASSERT_TRUE_MESSAGE(contains(o.out, "Examples:"), std::string(c->name));
    TEST_ASSERT_TRUE_MESSAGE(contains(o.out, "usage: grantctl " + std::string(c->name)),
                             std::string(c->name));
  }
}

TEST(a_command_line_that_is_not_understood_is_usage_with_help) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{},
                                               {"frobnicate"},
                                               {"grant"},
                                               {"grant", "alice"},
                                               {"grant", "alice", "orders-db", "surplus"},
                                               {"grant", "alice", "orders-db", "--fro", "1h"},
                                               {"grant", "alice", "orders-db", "--for"},
                                               {"grant", "alice", "orders-db", "--for", "1h", "--for", "2h"},
                                               {"grant", "alice", "orders-db", "--for", "90"},
                                               {"grant", "alice", "orders-db", "--until", "11:00"},
                                               {"grant", "", "orders-db"},
                                               {"grant", "al\nice", "orders-db"},
                                               {"grant", "alice", "orders-db", "--reason", "\xff"},
                                               {"revoke"},
                                               {"revoke", "g-7k2m", "--person", "alice"},
                                               {"explain"},
                                               {"show"},
                                               {"clock", "set"},
                                               {"store", "drop"},
                                               {"audit", "--limit", "-1"},
                                               {"list", "--limit", "many"},
                                               {"call"},
                                               {"call", "Sta tus"},
                                               {"call", "Status", "[]"},
                                               {"call", "Status", "{"},
                                               {"stdio"},
                                               {"stdio", "--person", "Alice;id"},
                                               {"stdio", "--relay", "Bot;id"},
                                               {"stdio", "--relay", "bot", "--person", "alice"},
                                               {"-o", "xml", "status"},
                                               {"--host", "ssh://ask@db1", "status"},  // with --socket, below
                                               {"status", "status"}}) {
    outcome o = run_at(nowhere, args);
    std::string shown;
    for (const std::string& a : args) shown += a + " ";
    TEST_ASSERT_TRUE_MESSAGE(o.code == 2, shown + o.err);
    TEST_ASSERT_EQUAL_STRING("", o.out);
    TEST_ASSERT_TRUE_MESSAGE(o.err.starts_with("grantctl: "), o.err);
    TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "\nhelp: "), o.err);
  }
}

TEST(a_length_without_its_option_is_understood_and_refused) {
  outcome o = run_at(nowhere, {"request", "orders-db", "1h"});
  TEST_ASSERT_EQUAL_INT(2, o.code);
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: 1h stands alone: how long is said with --for\nhelp: grantctl request ... --for 1h\n", o.err);
  o = run_at(nowhere, {"request", "orders-db", "--for", "1h", "surplus"});
  TEST_ASSERT_TRUE_MESSAGE(!contains(o.err, "stands alone"), o.err);
}

TEST(a_mistyped_command_or_option_is_told_the_nearest_one) {
  for (const auto& [args, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"reqest", "orders-db"},
            "grantctl knows no reqest (did you mean \"request\"?)\nhelp: grantctl --help\n"},
           {{"-o", "json", "statsu"}, "grantctl knows no statsu (did you mean \"status\"?)\n"},
           {{"audit", "verfy"}, "grantctl audit knows no verfy (did you mean \"verify\"?)\n"},
           {{"policy", "tset"}, "grantctl policy knows no tset (did you mean \"test\"?)\n"},
           {{"grant", "a", "b", "--raeson", "x"},
            "grantctl grant knows no --raeson (did you mean \"--reason\"?)\n"},
           {{"frobnicate"}, "there is no such command or option; "}}) {
    outcome o = run_at(nowhere, args);
    TEST_ASSERT_EQUAL_INT(2, o.code);
    TEST_ASSERT_TRUE_MESSAGE(o.err.starts_with("grantctl: " + said), o.err);
  }
}

TEST(all_that_is_missing_is_said_at_once) {
  for (const auto& [args, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"lock"},
            "lock needs NAME (or --person, --resource or --all), --for DURATION and --message TEXT, too"},
           {{"lock", "alice"}, "lock needs --for DURATION and --message TEXT, too"},
           {{"lock", "--all", "--for", "1h"}, "lock needs --message TEXT, too"},
           {{"grant"}, "grantctl grant needs PERSON and RESOURCE"},
           {{"grant", "alice", "--for", "1h"}, "grantctl grant needs RESOURCE"}}) {
    outcome o = run_at(nowhere, args);
    TEST_ASSERT_EQUAL_INT(2, o.code);
    TEST_ASSERT_TRUE_MESSAGE(
        o.err.starts_with("grantctl: " + said + "\nhelp: grantctl " + args.front() + " --help\n"), o.err);
  }
}

TEST(a_host_that_looks_like_an_option_is_refused_before_ssh_starts) {
  stage s;
  s.environment["GRANTD_SSH"] = "/nonexistent/ssh";
  for (const char* host : {"ssh://-oProxyCommand=id", "ssh://-l@db1", "db1"}) {
    outcome o = s.run({"--host", host, "status"});
    TEST_ASSERT_EQUAL_INT(2, o.code);
    TEST_ASSERT_FALSE(contains(o.err, "/nonexistent/ssh"));
    s.environment["GRANTD_HOST"] = host;
    TEST_ASSERT_EQUAL_INT(2, s.run({"status"}).code);
    s.environment.erase("GRANTD_HOST");
  }
}

TEST(the_environment_names_the_socket_and_the_option_wins) {
  stage s;
  s.environment["GRANTD_SOCKET"] = "/nonexistent/from-environment";
  TEST_ASSERT_TRUE(contains(s.run({"status"}).err, "/nonexistent/from-environment"));
  TEST_ASSERT_TRUE(contains(s.run({"status", "--socket", nowhere}).err, nowhere));
  s.environment["GRANTD_HOST"] = "ssh://ask@db1";
  TEST_ASSERT_TRUE(contains(s.run({"--socket", nowhere, "status"}).err, nowhere));
}

TEST(an_absent_daemon_is_unreachable_in_words) {
  outcome o = run_at(nowhere, {"status"});
  TEST_ASSERT_EQUAL_INT(3, o.code);
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: cannot reach grantd at /nonexistent/api.sock: No such file or directory; is grantd "
      "running?\n"
      "help: systemctl status grantd\n",
      o.err);
}

TEST(without_systemd_no_systemctl_is_named) {
  stage s;
  s.systemd = "/nonexistent/system";
  TEST_ASSERT_TRUE(run_at(nowhere, {"status"}, s).err.ends_with("\nhelp: grantd -t\n"));
}

TEST(a_socket_path_that_no_socket_can_have_is_usage) {
  TEST_ASSERT_EQUAL_INT(2, run_at("/" + std::string(200, 'x'), {"status"}).code);
}
