// SPDX-License-Identifier: Apache-2.0
// The terminals of a session are told, all of them, once, without waiting; nobody else's is.
#include "reaper/terminal.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "own_groups.h"
#include "support/temp_dir.h"

using namespace grantd;
using namespace grantd::test;
using reaper::cgroup;
using reaper::tell_terminals;
using reaper::write_terminal;

namespace {

bool heard(const terminal& t, const std::string& what) {
  std::string all;
  return wait_until([&] { return (all += t.said()).find(what) != std::string::npos; });
}

}  // namespace

TEST(a_line_stands_alone_on_the_terminal_of_a_member) {
  own_groups g;
  cgroup c = g.make("a");
  terminal t;
  process p(g, c, [&] { t.take(); });
  TEST_ASSERT_EQUAL_INT(1, tell_terminals(c, "5 minutes left \xc3\xa9"));
  TEST_ASSERT_TRUE(heard(t, "\r\n5 minutes left \xc3\xa9\r"));
}

TEST(a_name_full_of_parentheses_hides_no_terminal) {
  own_groups g;
  cgroup c = g.make("a");
  terminal t;
  process p(g, c, [&] {
    t.take();
    prctl(PR_SET_NAME, "a) S 1 1 1 (b");
  });
  TEST_ASSERT_EQUAL_INT(1, tell_terminals(c, "end"));
  TEST_ASSERT_TRUE(heard(t, "end"));
}

TEST(two_processes_on_one_terminal_are_told_once_and_two_terminals_both) {
  own_groups g;
  cgroup c = g.make("a");
  terminal one;
  terminal two;
  process first(g, c, [&] {
    one.take();
    while (fork() == 0) pause();  // ends with its cgroup
  });
  process second(g, c, [&] { two.take(); });
  TEST_ASSERT_TRUE(wait_until([&] { return c.members().size() == 3; }));
  TEST_ASSERT_EQUAL_INT(2, tell_terminals(c, "end"));
  TEST_ASSERT_TRUE(heard(one, "end") && heard(two, "end"));
}

TEST(processes_without_a_terminal_and_terminals_of_others_get_nothing) {
  own_groups g;
  cgroup c = g.make("a");
  cgroup other = g.make("other");
  terminal t;
  process outside(g, other, [&] { t.take(); });
  process without(g, c, [] { setsid(); });
  TEST_ASSERT_EQUAL_INT(0, tell_terminals(c, "end"));
  TEST_ASSERT_EQUAL_STRING("", t.said());
}

TEST(a_full_terminal_costs_nothing_and_keeps_nobody_else_waiting) {
  own_groups g;
  cgroup c = g.make("a");
  terminal full;
  terminal open;
  process deaf(g, c, [&] { full.take(); });
  process p(g, c, [&] { open.take(); });
  full.fill();
  auto before = std::chrono::steady_clock::now();
  TEST_ASSERT_EQUAL_INT(2, tell_terminals(c, "end"));
  TEST_ASSERT_FALSE(write_terminal(full.device(), "end"));
  auto took = std::chrono::steady_clock::now() - before;
  TEST_ASSERT_TRUE(heard(open, "end"));
  TEST_ASSERT_TRUE(took < std::chrono::seconds(10));  // a terminal that is waited for is one forever
}

// Whose terminal it is can hold up its opener (TIOCSETD beside a read that does not end): not the reaper's
// loop.
TEST(a_terminal_that_holds_up_its_opener_holds_up_nobody_else) {
  own_groups g;
  cgroup c = g.make("a");
  terminal t;
  process p(g, c, [&] { t.take(); });
  std::atomic<bool> reached = false;
  std::atomic<bool> released = false;
  faults f;
  f.openat = [&](const std::string& name) {
    if (name != "/dev/pts/" + std::to_string(t.number())) return 0;
    reached = true;
    (void)wait_until([&] { return released.load(); }, 20'000);
    return 0;
  };
  f.arm();
  TEST_ASSERT_EQUAL_INT(1, tell_terminals(c, "end"));
  TEST_ASSERT_TRUE(wait_until([&] { return reached.load(); }));
  TEST_ASSERT_EQUAL_INT(1, tell_terminals(c, "again"));  // comes back, though that one hangs
  TEST_ASSERT_EQUAL_STRING("", t.said());
  released = true;
  TEST_ASSERT_TRUE(heard(t, "again"));
}

TEST(bytes_that_a_terminal_obeys_are_replaced) {
  own_groups g;
  cgroup c = g.make("a");
  terminal t;
  process p(g, c, [&] { t.take(); });
  TEST_ASSERT_EQUAL_INT(1, tell_terminals(c, "a\x1b[2J\nb\x9b"));
  TEST_ASSERT_TRUE(heard(t, "a?[2J?b?"));
}

TEST(a_stranger_that_got_the_number_of_a_listed_process_is_not_told) {
  own_groups g;
  cgroup c = g.make("a");
  terminal theirs;
  terminal stranger_s;
  process p(g, c, [&] { theirs.take(); });
  const pid_t number = p.pid();
  std::unique_ptr<process> stranger;
  faults f;
  f.openat = [&](const std::string& name) {
    if (stranger == nullptr && name == "/proc/" + std::to_string(number) + "/stat") {
      p.end();
      stranger = process::with_number(number, [&] { stranger_s.take(); });
    }
    return 0;
  };
  f.arm();
  TEST_ASSERT_EQUAL_INT(0, tell_terminals(c, "end"));
  TEST_ASSERT_TRUE(stranger != nullptr && stranger->alive());
  TEST_ASSERT_EQUAL_STRING("", stranger_s.said());
}

TEST(a_name_in_dev_pts_that_leads_elsewhere_gets_nothing) {
  own_groups g;
  cgroup c = g.make("a");
  terminal t;
  process p(g, c, [&] { t.take(); });
  temp_dir aside;
  in_child([&] {
    const std::string name = "/dev/pts/" + std::to_string(t.number());
    const std::string real = aside.path() + "/" + std::to_string(t.number());
    TEST_ASSERT_TRUE(unshare(CLONE_NEWNS) == 0);
    TEST_ASSERT_TRUE(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    TEST_ASSERT_TRUE(mount("/dev/pts", aside.path().c_str(), nullptr, MS_BIND, nullptr) == 0);
    TEST_ASSERT_TRUE(mount("none", "/dev/pts", "tmpfs", 0, nullptr) == 0);
    TEST_ASSERT_FALSE(write_terminal(t.device(), "absent"));
    TEST_ASSERT_TRUE(symlink(real.c_str(), name.c_str()) == 0);
    TEST_ASSERT_FALSE(write_terminal(t.device(), "link"));
    TEST_ASSERT_TRUE(unlink(name.c_str()) == 0 && mknod(name.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0);
    TEST_ASSERT_FALSE(write_terminal(t.device(), "null"));
    TEST_ASSERT_TRUE(unlink(name.c_str()) == 0 && mknod(name.c_str(), S_IFREG | 0600, 0) == 0);
    TEST_ASSERT_FALSE(write_terminal(t.device(), "file"));
    struct stat s{};
    TEST_ASSERT_TRUE(stat(name.c_str(), &s) == 0 && s.st_size == 0);
  });
  TEST_ASSERT_EQUAL_STRING("", t.said());
  TEST_ASSERT_EQUAL_INT(1, tell_terminals(c, "end"));
}
