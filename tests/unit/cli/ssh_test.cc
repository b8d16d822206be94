// SPDX-License-Identifier: Apache-2.0
// --host through a program that stands for ssh; the real sshd is in tests/system.
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>

#include "fake_grantd.h"
#include "stage.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

std::string script(const temp_dir& where, const std::string& body) {
  std::string path = where / "ssh";
  std::ofstream(path) << "#!/bin/sh\n" << body;
  (void)chmod(path.c_str(), 0700);
  return path;
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST(the_protocol_goes_through_ssh_and_arguments_stay_apart) {
  temp_dir where;
  stage s;
  s.environment["GRANTD_SSH"] = script(where, "printf '%s\\n' \"$@\" >'" + (where / "args") +
                                                  "'\n"
                                                  "printf '{\"parameters\":{\"who\":\"there\"}}\\000'\n"
                                                  "cat >'" +
                                                  (where / "asked") + "'\n");
  outcome o = s.run({"--host", "ssh://bot@db1:2222", "call", "Status"});
  TEST_ASSERT_EQUAL_STRING("{\"who\":\"there\"}\n", o.out);
  TEST_ASSERT_EQUAL_INT(0, o.code);
  TEST_ASSERT_EQUAL_STRING("-T\n-o\nBatchMode=no\n-o\nClearAllForwardings=yes\n-p\n2222\n--\nbot@db1\n",
                           content(where / "args"));
  // ssh was waited for: all that was asked is there.
  TEST_ASSERT_TRUE(content(where / "asked").starts_with("{\"method\":\"org.grantd.Access.Status\""));
}

TEST(the_environment_names_the_host) {
  temp_dir where;
  stage s;
  s.environment["GRANTD_SSH"] = script(where, "printf '{\"parameters\":{}}\\000'\ncat >/dev/null\n");
  s.environment["GRANTD_HOST"] = "ssh://db1";
  TEST_ASSERT_EQUAL_STRING("{}\n", s.run({"call", "Status"}).out);
}

TEST(the_named_ssh_may_have_options_of_its_own_and_no_shell_reads_them) {
  temp_dir where;
  stage s;
  s.environment["GRANTD_SSH"] = script(where, "printf '%s\\n' \"$@\" >'" + (where / "args") +
                                                  "'\nprintf '{\"parameters\":{}}\\000'\ncat >/dev/null\n") +
                                "  -i /key $(id)";
  TEST_ASSERT_EQUAL_INT(0, s.run({"--host", "ssh://db1", "call", "Status"}).code);
  TEST_ASSERT_TRUE_MESSAGE(content(where / "args").starts_with("-i\n/key\n$(id)\n-T\n"),
                           content(where / "args"));
  s.environment["GRANTD_SSH"] = " ";
  TEST_ASSERT_EQUAL_INT(2, s.run({"--host", "ssh://db1", "status"}).code);
}

TEST(ssh_that_fails_or_is_absent_is_unreachable) {
  temp_dir where;
  stage s;
  s.environment["GRANTD_SSH"] = script(where, "exit 255\n");
  outcome o = s.run({"--host", "ssh://db1", "status"});
  TEST_ASSERT_EQUAL_INT(3, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "ssh ended without an answer"), o.err);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "help: "), o.err);
  // Ended with most of the question unread: the kernel then resets the pair instead of ending it.
  s.environment["GRANTD_SSH"] = script(where, "dd bs=1 count=1 >/dev/null 2>&1\nexit 255\n");
  o = s.run({"--host", "ssh://db1", "status"});
  TEST_ASSERT_EQUAL_INT(3, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "ssh ended without an answer"), o.err);
  s.environment["GRANTD_SSH"] = where / "absent";
  o = s.run({"--host", "ssh://db1", "status"});
  TEST_ASSERT_EQUAL_INT(3, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "cannot start"), o.err);
}

TEST(ssh_that_never_ends_is_made_to) {
  temp_dir where;
  stage s;
  s.environment["GRANTD_SSH"] = script(where, "echo $$ >'" + (where / "pid") +
                                                  "'\nprintf '{\"parameters\":{}}\\000'\n"
                                                  "trap '' TERM\nexec sleep 600\n");
  outcome o = s.run({"--host", "ssh://db1", "call", "Status"});
  TEST_ASSERT_EQUAL_INT(0, o.code);
  int pid = std::stoi(content(where / "pid"));
  TEST_ASSERT_TRUE(kill(pid, 0) != 0 && errno == ESRCH);
}
