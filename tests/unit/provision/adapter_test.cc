// SPDX-License-Identifier: Apache-2.0
// An adapter is held to its deadline and its limits, and gets nothing of ours.
#include "provision/adapter.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "base/clock.h"
#include "support/temp_dir.h"
#include "support/unity.h"

namespace grantd::test {
namespace {

using provision::adapter;
using provision::outcome;

constexpr int64_t ms = 1'000'000;

struct stage {
  stage() { (void)std::signal(SIGPIPE, SIG_IGN); }  // as main() does
  temp_dir dir;
  std::string program(const std::string& body) {
    const std::string path = dir / "adapter";
    {
      std::ofstream f(path);
      f << "#!/bin/bash\n" << body << "\n";
    }
    (void)chmod(path.c_str(), 0755);
    return path;
  }
  // With the real clock, or one that runs `speed` times as fast.
  outcome run(const std::string& body, const std::string& input = "{}", int64_t deadline_ns = 60'000 * ms,
              const std::string& step = "open") {
    const int64_t began = base::boot_now().ns;
    auto a = adapter::start({program(body), step, input, deadline_ns}, {began});
    TEST_ASSERT_TRUE_MESSAGE(a.has_value(), a ? "" : a.error());
    for (;;) {
      if (auto over = a->advance(base::boot_now())) return *over;
      TEST_ASSERT_TRUE_MESSAGE(base::boot_now().ns - began < 30'000 * ms, "it never ends");
      pollfd p{a->fd(), POLLIN, 0};
      const int64_t left = (a->wake().ns - base::boot_now().ns) / ms + 1;
      (void)poll(&p, 1, static_cast<int>(std::clamp<int64_t>(left, 0, 1000)));
    }
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// The process that wrote its number there.
pid_t written_pid(const std::string& path) {
  pid_t pid = 0;
  std::ifstream(path) >> pid;
  TEST_ASSERT_TRUE(pid > 0);
  return pid;
}

bool runs(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  return std::getline(stat, line) && line.find(") Z") == line.npos;
}

}  // namespace

TEST(it_gets_the_step_and_the_input_and_its_answer_comes_back) {
  stage s;
  const std::string big(300'000, 'x');  // more than a pipe holds
  outcome o = s.run("echo \"$1 $#\"; wc -c", big);
  TEST_ASSERT_EQUAL_STRING("", o.trouble);
  TEST_ASSERT_EQUAL_STRING("open 1\n300000\n", o.output);
}

TEST(its_environment_is_path_and_locale_and_nothing_of_ours) {
  stage s;
  (void)setenv("GRANTD_SECRET", "do not tell", 1);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  TEST_ASSERT_EQUAL_INT(77, dup2(null, 77));  // without O_CLOEXEC
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  (void)sigprocmask(SIG_BLOCK, &blocked, nullptr);
  (void)std::signal(SIGHUP, SIG_IGN);
  outcome o = s.run("tr '\\0' '\\n' </proc/$$/environ; pwd; [ ! -e /proc/$$/fd/77 ] || echo leaked");
  outcome signals = s.run("exec grep -E 'SigBlk|SigIgn' /proc/self/status");
  (void)std::signal(SIGHUP, SIG_DFL);
  (void)sigprocmask(SIG_UNBLOCK, &blocked, nullptr);
  (void)close(77);
  (void)close(null);
  TEST_ASSERT_EQUAL_STRING("PATH=/usr/local/bin:/usr/bin:/bin\nLC_ALL=C.UTF-8\n/\n", o.output);
  TEST_ASSERT_TRUE_MESSAGE(signals.output.starts_with("SigBlk:\t0000000000000000\n"), signals.output);
  TEST_ASSERT_TRUE_MESSAGE(signals.output.ends_with("0\n"), signals.output);  // SIGHUP is its last bit
}

TEST(a_failure_says_its_code_and_the_first_line_of_its_complaint) {
  stage s;
  outcome o = s.run("echo first >&2; echo second >&2; exit 3");
  TEST_ASSERT_EQUAL_STRING("it failed with 3: first", o.trouble);
  TEST_ASSERT_EQUAL_STRING("first\nsecond\n", o.complaint);
}

TEST(a_signal_is_a_failure) {
  stage s;
  TEST_ASSERT_EQUAL_STRING("it was ended by signal 9", s.run("kill -9 $$").trouble);
}

TEST(a_program_that_is_not_there_is_said) {
  auto a = adapter::start({"/nonexistent/adapter", "open", "{}", ms}, base::boot_now());
  TEST_ASSERT_FALSE(a.has_value());
  TEST_ASSERT_TRUE_MESSAGE(has(a.error(), "/nonexistent/adapter"), a.error());
}

TEST(at_its_deadline_it_is_told_to_end) {
  stage s;
  outcome o = s.run("trap 'echo {}; exit 0' TERM; while :; do sleep 0.05; done", "{}", 200 * ms);
  TEST_ASSERT_TRUE_MESSAGE(has(o.trouble, "did not end"), o.trouble);
}

TEST(one_that_does_not_hear_it_is_killed_with_its_children) {
  stage s;
  const std::string pid = s.dir / "pid";
  const int64_t began = base::boot_now().ns;
  outcome o = s.run("trap '' TERM; (trap '' TERM; exec sleep 997) & echo $! >" + pid + "; wait; sleep 997",
                    "{}", 300 * ms);
  TEST_ASSERT_TRUE_MESSAGE(has(o.trouble, "did not end"), o.trouble);
  TEST_ASSERT_TRUE(base::boot_now().ns - began >= 1300 * ms);  // SIGTERM had its second
  const pid_t child = written_pid(pid);
  TEST_ASSERT_TRUE(wait_until([&] { return !runs(child); }));
}

TEST(what_it_leaves_in_its_group_is_killed_and_holds_nothing_up) {
  stage s;
  const std::string pid = s.dir / "pid";
  outcome o = s.run("sleep 996 & echo $! >" + pid + "; echo '{}'");
  TEST_ASSERT_EQUAL_STRING("", o.trouble);
  TEST_ASSERT_EQUAL_STRING("{}\n", o.output);
  const pid_t child = written_pid(pid);
  TEST_ASSERT_TRUE(wait_until([&] { return !runs(child); }));
}

TEST(one_that_says_too_much_is_ended) {
  stage s;
  outcome o = s.run("exec yes");
  TEST_ASSERT_TRUE_MESSAGE(has(o.trouble, "more than 1048576 bytes"), o.trouble);
}

TEST(one_that_complains_without_end_still_meets_its_deadline) {
  stage s;
  outcome o = s.run("exec yes >&2", "{}", 200 * ms);
  TEST_ASSERT_TRUE_MESSAGE(has(o.trouble, "did not end"), o.trouble);
  TEST_ASSERT_EQUAL_INT64(provision::max_complaint, o.complaint.size());
}

TEST(one_that_does_not_read_its_input_is_no_trouble) {
  stage s;
  TEST_ASSERT_EQUAL_STRING("", s.run("exec 0<&-; echo '{}'", std::string(300'000, 'x')).trouble);
}

TEST(dropped_while_it_runs_it_is_killed) {
  stage s;
  const std::string pid = s.dir / "pid";
  {
    auto a = adapter::start({s.program("echo $$ >" + pid + ".new; mv " + pid + ".new " + pid + "; sleep 995"),
                             "open", "{}", 60'000 * ms},
                            base::boot_now());
    TEST_ASSERT_TRUE(a.has_value());
    TEST_ASSERT_TRUE(wait_until([&] { return access(pid.c_str(), F_OK) == 0; }));
  }
  TEST_ASSERT_FALSE(runs(written_pid(pid)));
}

}  // namespace grantd::test
