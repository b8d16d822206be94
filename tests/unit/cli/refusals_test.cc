// SPDX-License-Identifier: Apache-2.0
// Every error of PROTOCOL section 3 becomes its exit code, the daemon's sentence and its command.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/unique_fd.h"
#include "fake_grantd.h"
#include "stage.h"
#include "support/unity.h"

using namespace grantd;
using namespace grantd::test;

namespace {

outcome refused_with(const std::string& reply, std::vector<std::string> args = {"revoke", "g-7k2m"}) {
  fake_grantd daemon([=](const std::string&) { return reply; });
  return run_at(daemon.path(), std::move(args));
}

}  // namespace

TEST(each_error_has_its_exit_code) {
  struct {
    const char* name;
    int code;
  } const cases[] = {
      {"BadMessage", 2},
      {"NoSuchPerson", 1},
      {"NoSuchResource", 1},
      {"NoSuchGrant", 1},
      {"NoAccount", 1},
      {"TooLong", 1},
      {"TooManyWindows", 1},
      {"AlreadyEnded", 1},
      {"NotInTheFuture", 1},
      {"NotAllowed", 4},
      {"NotDurable", 5},
      {"Locked", 1},
      {"NoSpace", 1},
      {"ClockBehind", 1},
      {"NoPolicy", 1},
      {"Busy", 1},
      {"org.varlink.service.MethodNotFound", 2},
      {"org.varlink.service.InvalidParameter", 2},
      {"org.varlink.service.InterfaceNotFound", 2},
      {"org.varlink.service.MethodNotImplemented", 2},
  };
  for (const auto& c : cases) {
    outcome o = refused_with(error(c.name, "it is so", "grantctl do this"));
    TEST_ASSERT_TRUE_MESSAGE(o.code == c.code, std::string(c.name) + " " + std::to_string(o.code));
    TEST_ASSERT_EQUAL_STRING("", o.out);
    TEST_ASSERT_EQUAL_STRING("grantctl: it is so\nhelp: grantctl do this\n", o.err);
  }
}

TEST(an_error_without_words_still_says_something) {
  std::string nul(1, '\0');
  TEST_ASSERT_TRUE(contains(refused_with("{\"error\":\"org.grantd.Access.Busy\"}" + nul).err, "Busy"));
  TEST_ASSERT_TRUE(contains(
      refused_with(
          "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"for_us\"}}" +
          nul)
          .err,
      "\"for_us\""));
}

TEST(an_error_cannot_move_the_terminal) {
  outcome o = refused_with(error("NotAllowed", "\\u001b[2Jgone", "\\u001b]0;x\\u0007"));
  TEST_ASSERT_EQUAL_STRING("grantctl: \\x1b[2Jgone\nhelp: \\x1b]0;x\\x07\n", o.err);
}

TEST(a_reader_who_left_is_no_reason_to_complain) {
  int ends[2];
  TEST_ASSERT_EQUAL_INT(0, pipe2(ends, O_CLOEXEC));
  close(ends[0]);
  stage s;
  s.out_fd = ends[1];
  fake_grantd daemon(by_method({{"List", answer(R"({"grants":[]})")}, {"Status", answer("{}")}}));
  outcome o = run_at(daemon.path(), {"call", "Status"}, s);
  close(ends[1]);
  TEST_ASSERT_EQUAL_INT(0, o.code);
  TEST_ASSERT_EQUAL_STRING("", o.err);
}

TEST(data_that_cannot_be_written_is_said) {
  int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  TEST_ASSERT_TRUE(full >= 0);
  stage s;
  s.out_fd = full;
  fake_grantd daemon(by_method({{"Status", answer("{}")}}));
  outcome o = run_at(daemon.path(), {"call", "Status"}, s);
  close(full);
  TEST_ASSERT_EQUAL_INT(1, o.code);
  TEST_ASSERT_TRUE(contains(o.err, "cannot write"));
}

TEST(colours_are_for_a_terminal_that_wants_them) {
  base::unique_fd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  TEST_ASSERT_TRUE(master.valid() && grantpt(master.get()) == 0 && unlockpt(master.get()) == 0);
  base::unique_fd slave(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  TEST_ASSERT_TRUE(slave.valid());
  fake_grantd daemon(by_method({{"Resources", answer(R"({"resources":[{"name":"web","access":"read-only",)"
                                                     R"("login_points":[],"default_us":0,"max_us":0}]})")}}));
  auto shown = [&](std::map<std::string, std::string> environment) {
    stage s;
    s.environment = std::move(environment);
    s.out_fd = slave.get();
    TEST_ASSERT_EQUAL_INT(0, run_at(daemon.path(), {"resources"}, s).code);
    char buffer[4096];
    ssize_t n = read(master.get(), buffer, sizeof buffer);
    return std::string(buffer, static_cast<size_t>(n > 0 ? n : 0));
  };
  TEST_ASSERT_TRUE(contains(shown({{"TERM", "xterm"}}), "\033["));
  TEST_ASSERT_FALSE(contains(shown({{"TERM", "xterm"}, {"NO_COLOR", "1"}}), "\033["));
  TEST_ASSERT_FALSE(contains(shown({{"TERM", "dumb"}}), "\033["));
  TEST_ASSERT_FALSE(contains(shown({}), "\033["));
}
