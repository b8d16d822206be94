// SPDX-License-Identifier: Apache-2.0
// cgroups as the reaper holds them: which one, who is in it, what it may do to whom.
#include "reaper/cgroup.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "support/unity.h"
#include "unit/reaper/ground.h"

namespace grantd::test {
namespace {

using reaper::owner_of_scope;

bool holds_pid(const std::vector<pid_t>& list, pid_t pid) {
  return std::ranges::find(list, pid) != list.end();
}

// A child is ready once it has done what its signals need.
bool ignores_term(pid_t pid) {
  const std::string file = "/proc/" + std::to_string(pid) + "/status";
  FILE* f = std::fopen(file.c_str(), "re");
  if (f == nullptr) return false;
  char line[256];
  unsigned long long ignored = 0;
  while (std::fgets(line, sizeof line, f) != nullptr) (void)std::sscanf(line, "SigIgn: %llx", &ignored);
  (void)std::fclose(f);
  return (ignored >> (SIGTERM - 1) & 1) != 0;
}

}  // namespace

TEST(only_a_session_scope_of_a_user_has_an_owner) {
  const auto owner = [](const char* path) { return static_cast<int64_t>(owner_of_scope(path).value_or(0)); };
  TEST_ASSERT_EQUAL_INT(1000, owner("/user.slice/user-1000.slice/session-3.scope"));
  TEST_ASSERT_EQUAL_INT(1000, owner("/machine/payload/user.slice/user-1000.slice/session-c12.scope"));
  TEST_ASSERT_EQUAL_INT(7, owner("/user-7.slice/session-1.scope"));
  for (const char* path : {"",
                           "/",
                           "session-1.scope",
                           "/session-1.scope",
                           "user-7.slice/session-1.scope",
                           "/user.slice/user-0.slice/session-1.scope",
                           "/user.slice/user-00.slice/session-1.scope",
                           "/user.slice/user-01000.slice/session-1.scope",
                           "/user.slice/user-1000.slice/session-.scope",
                           "/user.slice/user-1000.slice/session-1.service",
                           "/user.slice/user-1000.slice/session-1.scope/x",
                           "/user.slice/user-1000.slice/user@1000.service",
                           "/user.slice/user-1000.slice/xsession-1.scope",
                           "/user.slice/user-.slice/session-1.scope",
                           "/user.slice/user-1000x.slice/session-1.scope",
                           "/user.slice/user--1.slice/session-1.scope",
                           "/user.slice/user-+5.slice/session-1.scope",
                           "/user.slice/user-4294967295.slice/session-1.scope",
                           "/user.slice/user-4294967296.slice/session-1.scope",
                           "/user.slice/user-99999999999999999999.slice/session-1.scope",
                           "/user.slice/user-1000.slice/session-1 2.scope",
                           "/user.slice/user-1000.slice/session-1\n.scope",
                           "/system.slice/ssh.service",
                           "/user.slice/user-1000.slice/session-1.scope (deleted)",
                           "/system.slice/user-1000.slice.d/session-1.scope"}) {
    TEST_ASSERT_TRUE_MESSAGE(!owner_of_scope(path), path);
  }
}

TEST(a_cgroup_is_made_opened_and_removed) {
  ground g;
  auto made = g.make("one");
  TEST_ASSERT_EQUAL_STRING(g.path() + "/one", made.path());
  TEST_ASSERT_TRUE(made.id() != 0);
  TEST_ASSERT_TRUE(made.events_fd() >= 0);
  auto again = g.groups.open(made.path(), made.id());
  TEST_ASSERT_TRUE(again.has_value());
  TEST_ASSERT_EQUAL_UINT64(made.id(), again->id());
  TEST_ASSERT_FALSE(g.groups.make(g.path(), "one").has_value());
  TEST_ASSERT_FALSE(made.populated());
  made.remove(g.groups);
  TEST_ASSERT_FALSE(g.is_there(made.path()));
  TEST_ASSERT_FALSE(g.groups.open(made.path()).has_value());
  TEST_ASSERT_FALSE(made.populated());  // gone is empty
  TEST_ASSERT_EQUAL_INT(0, made.kill());
}

TEST(no_path_leads_elsewhere) {
  ground g;
  (void)g.make("one");
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("one"), g.path() + "/", g.path() + "//one",
        g.path() + "/../" + g.path().substr(1) + "/one", g.path() + "/./one", g.path() + "/one/..",
        std::string("/.."), std::string("/../.."), g.path() + "/nothing", g.path() + "/cgroup.procs",
        g.path() + std::string("/one\0x", 6)}) {
    TEST_ASSERT_TRUE_MESSAGE(!g.groups.open(path).has_value(), path);
  }
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("a/b"),
                                  std::string("/a"), std::string("../x"), std::string("a\0b", 3)}) {
    TEST_ASSERT_TRUE_MESSAGE(!g.groups.make(g.path(), name).has_value(), name);
  }
  TEST_ASSERT_FALSE(g.groups.make(g.path() + "/..", "x").has_value());
  TEST_ASSERT_TRUE(g.groups.ids_up(g.path() + "/../x").empty());
}

TEST(a_cgroup_made_again_under_the_same_name_is_another) {
  ground g;
  auto old = g.make("one");
  const uint64_t id = old.id();
  g.remove_one(old.path());
  auto fresh = g.make("one");
  TEST_ASSERT_TRUE_MESSAGE(fresh.id() != id, "the kernel gave the number out again: nothing is tested");
  TEST_ASSERT_FALSE(g.groups.open(fresh.path(), id).has_value());
  TEST_ASSERT_TRUE(g.groups.open(fresh.path(), fresh.id()).has_value());
  child inside(g, fresh);
  TEST_ASSERT_EQUAL_INT(0, old.kill());
  TEST_ASSERT_EQUAL_UINT64(0, old.signal(SIGKILL));
  TEST_ASSERT_TRUE(old.members().empty());
  TEST_ASSERT_FALSE(old.populated());
  old.remove(g.groups);
  TEST_ASSERT_TRUE(g.is_there(fresh.path()));
  TEST_ASSERT_EQUAL_INT(-1, inside.ended_by());
  inside.kill();
  TEST_ASSERT_TRUE(wait_until([&] { return !fresh.populated(); }));
  old.remove(g.groups);  // empty now, and still not the old one's to remove
  TEST_ASSERT_TRUE(g.is_there(fresh.path()));
}

TEST(members_are_those_inside_and_below_and_nobody_else) {
  ground g;
  auto outer = g.make("outer");
  auto inner = g.make("outer/inner/innermost");
  auto beside = g.make("outer2");
  child a(g, outer);
  child b(g, inner);
  child c(g, beside);
  TEST_ASSERT_EQUAL_INT(2, outer.members().size());
  TEST_ASSERT_TRUE(holds_pid(outer.members(), a.pid()));
  TEST_ASSERT_TRUE(holds_pid(outer.members(), b.pid()));
  TEST_ASSERT_TRUE(outer.holds(a.pid()));
  TEST_ASSERT_TRUE(outer.holds(b.pid()));
  TEST_ASSERT_FALSE(outer.holds(c.pid()));  // whose path begins with the same letters
  TEST_ASSERT_FALSE(inner.holds(a.pid()));
  TEST_ASSERT_FALSE(outer.holds(getpid()));
  TEST_ASSERT_TRUE(outer.populated());
  const auto up = g.groups.ids_up(inner.path());
  TEST_ASSERT_EQUAL_INT(4, up.size());
  TEST_ASSERT_EQUAL_UINT64(inner.id(), up[0]);
  TEST_ASSERT_EQUAL_UINT64(outer.id(), up[2]);
  TEST_ASSERT_EQUAL_INT(0, outer.kill());
  TEST_ASSERT_TRUE(wait_until([&] { return !outer.populated(); }));
  TEST_ASSERT_TRUE(wait_until([&] { return a.ended_by() == SIGKILL && b.ended_by() == SIGKILL; }));
  TEST_ASSERT_EQUAL_INT(-1, c.ended_by());
  TEST_ASSERT_FALSE(outer.holds(b.pid()));
  outer.remove(g.groups);
  TEST_ASSERT_FALSE(g.is_there(outer.path()));
  TEST_ASSERT_TRUE(g.is_there(beside.path()));
}

TEST(a_cgroup_with_somebody_inside_is_not_removed) {
  ground g;
  auto one = g.make("one");
  child a(g, one);
  one.remove(g.groups);
  TEST_ASSERT_TRUE(g.is_there(one.path()));
  TEST_ASSERT_EQUAL_INT(-1, a.ended_by());
}

TEST(a_signal_reaches_members_only) {
  ground g;
  auto one = g.make("one");
  auto two = g.make("one/two");
  auto beside = g.make("beside");
  child a(g, one);
  child b(g, two);
  child c(g, beside);
  child stubborn(g, one, ignore_and_sleep);
  TEST_ASSERT_TRUE(wait_until([&] { return ignores_term(stubborn.pid()); }));
  TEST_ASSERT_EQUAL_INT(3, one.signal(SIGTERM));
  TEST_ASSERT_TRUE(wait_until([&] { return a.ended_by() == SIGTERM && b.ended_by() == SIGTERM; }));
  TEST_ASSERT_EQUAL_INT(-1, c.ended_by());
  TEST_ASSERT_EQUAL_INT(-1, stubborn.ended_by());
  TEST_ASSERT_TRUE(one.populated());
  TEST_ASSERT_EQUAL_INT(0, one.kill());
  TEST_ASSERT_TRUE(wait_until([&] { return stubborn.ended_by() == SIGKILL; }));
}

// Stops the sender where it pins the process, and moves that process out of the cgroup there.
TEST(a_process_that_left_after_the_listing_is_spared) {
  ground g;
  auto one = g.make("one");
  auto elsewhere = g.make("elsewhere");
  child victim(g, one);
  const pid_t sender = fork();
  if (sender == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    _exit(static_cast<int>(one.signal(SIGKILL)));
  }
  TEST_ASSERT_TRUE(sender > 0);
  bool moved = false;
  int status = 0;
  while (waitpid(sender, &status, 0) == sender && WIFSTOPPED(status)) {
    __ptrace_syscall_info info{};
    if (!moved && WSTOPSIG(status) == (SIGTRAP | 0x80) &&
        ptrace(PTRACE_GET_SYSCALL_INFO, sender, sizeof info, &info) > 0 &&
        info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_pidfd_open &&
        static_cast<pid_t>(info.entry.args[0]) == victim.pid()) {
      moved = g.groups.move(elsewhere, victim.pid()).has_value();
    }
    if (WSTOPSIG(status) == SIGSTOP) {
      ptrace(PTRACE_SETOPTIONS, sender, nullptr, reinterpret_cast<void*>(PTRACE_O_TRACESYSGOOD));
    }
    ptrace(PTRACE_SYSCALL, sender, nullptr, nullptr);
  }
  TEST_ASSERT_TRUE_MESSAGE(moved, "the process was not moved in between: nothing is tested");
  TEST_ASSERT_TRUE(WIFEXITED(status));
  TEST_ASSERT_EQUAL_INT(0, WEXITSTATUS(status));
  TEST_ASSERT_EQUAL_INT(-1, victim.ended_by());
  TEST_ASSERT_TRUE(elsewhere.holds(victim.pid()));
}

TEST(a_storm_of_200_is_gone_at_once) {
  ground g;
  auto one = g.make("one");
  child storm(g, one, [] {
    fork_sleepers(199);
    ignore_and_sleep();
  });
  TEST_ASSERT_TRUE(wait_until([&] { return one.members().size() == 200; }));
  TEST_ASSERT_EQUAL_INT(0, one.kill());
  TEST_ASSERT_TRUE(wait_until([&] { return !one.populated(); }, 1000));
  TEST_ASSERT_TRUE(one.members().empty());
}

// As it does: each fork is killed with the rest, however fast they come.
TEST(a_fork_bomb_does_not_outrun_the_kill) {
  ground g;
  auto one = g.make("one");
  child bomb(g, one, [] {
    for (unsigned i = 0; i < 200; ++i) {
      if (fork() == 0) {  // each forks on for ever, and its children end at once
        (void)std::signal(SIGCHLD, SIG_IGN);
        for (;;) {
          if (fork() == 0) _exit(0);
          usleep(1000);
        }
      }
    }
    sleep_for_ever();
  });
  TEST_ASSERT_TRUE(wait_until([&] { return one.members().size() > 150; }));
  TEST_ASSERT_EQUAL_INT(0, one.kill());
  TEST_ASSERT_TRUE(wait_until([&] { return !one.populated(); }, 5000));
}

TEST(the_path_of_a_process_is_the_kernels_word) {
  ground g;
  auto one = g.make("one");
  auto lost = g.make("lost");
  child a(g, one);
  TEST_ASSERT_EQUAL_STRING(one.path(), reaper::cgroup_path_of(a.pid()).value_or(""));
  TEST_ASSERT_EQUAL_STRING(one.path(), g.groups.path_of(a.pid()).value_or(""));
  // A zombie's cgroup may be removed beneath it: "/... (deleted)".
  pid_t dead = fork();
  if (dead == 0) sleep_for_ever();
  TEST_ASSERT_TRUE(g.groups.move(lost, dead).has_value());
  ::kill(dead, SIGKILL);
  TEST_ASSERT_TRUE(wait_until([&] { return !lost.populated(); }));
  g.remove_one(lost.path());
  TEST_ASSERT_FALSE(reaper::cgroup_path_of(dead).has_value());
  waitpid(dead, nullptr, 0);
  TEST_ASSERT_FALSE(reaper::cgroup_path_of(dead).has_value());
  TEST_ASSERT_FALSE(g.groups.path_of(dead).has_value());
}

TEST(a_name_that_ends_in_deleted_is_nobodys) {
  ground g;
  auto odd = g.make("one (deleted)");
  child a(g, odd);
  TEST_ASSERT_FALSE(reaper::cgroup_path_of(a.pid()).has_value());
}

}  // namespace grantd::test
