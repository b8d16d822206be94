// SPDX-License-Identifier: Apache-2.0
// What systemd would run for a user: ended with the last window; linger put aside and back, never lost.
#include "reaper/user_services.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <vector>

#include "own_groups.h"
#include "support/temp_dir.h"
#include "unit/reaper/bare_root.h"

using namespace grantd;
using namespace grantd::test;
using reaper::cgroup;
using reaper::user_services;

namespace {

constexpr uid_t uid = 4242;

bool there(const std::string& path) {
  struct stat s{};
  return lstat(path.c_str(), &s) == 0;
}

void touch(const std::string& path) {
  base::unique_fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  TEST_ASSERT_TRUE(fd.valid());
}

bool yes(uint64_t) { return true; }
bool no(uint64_t) { return false; }

// user-4242.slice as logind has it: a session, the user's manager with an application, something beside them.
struct slice {
  own_groups g;
  cgroup top = g.make("user-4242.slice");
  cgroup scope = g.make("session-3.scope", "/user-4242.slice");
  cgroup manager = g.make("user@4242.service", "/user-4242.slice");
  cgroup application = g.make("app.slice", "/user-4242.slice/user@4242.service");
  cgroup beside = g.make("user-runtime-dir@4242.service", "/user-4242.slice");
  process in_scope{g, scope};
  process in_application{g, application};
  process in_beside{g, beside};
  temp_dir root;
  std::string linger = root / "linger";
  std::string kept = root / "kept";
  user_services services{g.all(), linger, kept};
  slice() { TEST_ASSERT_TRUE(mkdir(linger.c_str(), 0755) == 0); }
};

bool gone(const process& p) {
  return wait_until([&] { return !p.alive(); });
}

// No SIGKILL is on its way to it: it can still be stopped.
bool spared(const process& p) {
  siginfo_t info{};
  return kill(p.pid(), SIGSTOP) == 0 &&
         waitid(P_PID, static_cast<id_t>(p.pid()), &info, WEXITED | WSTOPPED | WNOWAIT) == 0 &&
         info.si_code == CLD_STOPPED;
}

}  // namespace

TEST(the_manager_is_ended_and_a_session_that_is_not_registered_lives) {
  slice s;
  auto e = s.services.end(uid, "alice", s.scope.path(), no);
  TEST_ASSERT_EQUAL_UINT64(0, e.troubles.size());
  TEST_ASSERT_EQUAL_UINT64(1, e.killed.size());
  TEST_ASSERT_TRUE(gone(s.in_application));
  TEST_ASSERT_TRUE(wait_until([&] { return !e.killed[0].populated(); }));
  TEST_ASSERT_TRUE(s.in_scope.alive() && s.in_beside.alive());
  TEST_ASSERT_FALSE(e.lingered);
}

TEST(the_slice_is_ended_when_each_of_its_sessions_is_registered) {
  slice s;
  std::vector<uint64_t> asked;
  auto e = s.services.end(uid, "alice", s.scope.path(), [&](uint64_t id) {
    asked.push_back(id);
    return id == s.scope.id();
  });
  TEST_ASSERT_TRUE(asked == std::vector<uint64_t>{s.scope.id()});
  TEST_ASSERT_EQUAL_UINT64(0, e.troubles.size());
  TEST_ASSERT_TRUE(gone(s.in_scope) && gone(s.in_application) && gone(s.in_beside));
}

TEST(one_session_of_the_slice_that_is_not_registered_saves_the_slice) {
  slice s;
  cgroup second = s.g.make("session-4.scope", "/user-4242.slice");
  process p(s.g, second);
  auto e = s.services.end(uid, "alice", s.scope.path(), [&](uint64_t id) { return id == s.scope.id(); });
  TEST_ASSERT_EQUAL_UINT64(1, e.killed.size());
  TEST_ASSERT_TRUE(gone(s.in_application));
  TEST_ASSERT_TRUE(p.alive() && s.in_scope.alive() && s.in_beside.alive());
}

TEST(a_slice_that_cannot_be_listed_is_not_ended) {
  slice s;
  int denied = 0;
  faults f;  // at the slice's listing; to be killed it could be opened
  f.openat = [&](const std::string& name) {
    return name == s.top.path().substr(1) && denied == 0 ? ++denied, EMFILE : 0;
  };
  f.arm();
  auto e = s.services.end(uid, "alice", s.scope.path(), yes);
  TEST_ASSERT_EQUAL_INT(1, denied);
  TEST_ASSERT_EQUAL_UINT64(1, e.killed.size());  // the manager
  TEST_ASSERT_TRUE(gone(s.in_application) && s.in_scope.alive());
}

TEST(a_scope_that_cannot_be_looked_at_saves_the_slice) {
  slice s;
  int denied = 0;
  faults f;
  f.fstatat = [&](const std::string& name) { return name == "session-3.scope" ? ++denied, EACCES : 0; };
  f.arm();
  auto e = s.services.end(uid, "alice", s.scope.path(), yes);
  TEST_ASSERT_EQUAL_INT(1, denied);
  TEST_ASSERT_EQUAL_UINT64(1, e.killed.size());
  TEST_ASSERT_TRUE(gone(s.in_application) && s.in_scope.alive());
}

TEST(nobody_is_ended_for_root_another_uid_a_strange_path_or_a_strange_name) {
  slice s;
  touch(s.linger + "/alice");
  touch(s.root / "outside");
  TEST_ASSERT_TRUE(mkdir(s.kept.c_str(), 0700) == 0);
  const std::string scope = s.scope.path();
  struct {
    uid_t who;
    std::string name, beside;
  } const bad[] = {{0, "alice", scope},
                   {uid + 1, "alice", scope},
                   {uid, "alice", s.top.path()},
                   {uid, "alice", s.manager.path()},
                   {uid, "alice", ""},
                   {uid, "alice", "/.." + scope},
                   {uid, "alice", s.g.path() + "/x/../user-4242.slice/session-3.scope"},
                   {uid, "", scope},
                   {uid, ".", scope},
                   {uid, "..", scope},
                   {uid, "../outside", scope},
                   {uid, "a/b", scope}};
  for (const auto& b : bad) {
    auto e = s.services.end(b.who, b.name, b.beside, yes);
    TEST_ASSERT_TRUE_MESSAGE(e.killed.empty() && e.troubles.size() == 1 && !e.lingered,
                             b.name + " " + b.beside);
  }
  for (const char* name : {"", ".", "..", "../outside", "a/b"}) TEST_ASSERT_FALSE(s.services.restore(name));
  TEST_ASSERT_TRUE(s.in_scope.alive() && s.in_application.alive() && s.in_beside.alive());
  TEST_ASSERT_TRUE(there(s.linger + "/alice") && there(s.root / "outside"));
}

TEST(a_manager_that_does_not_run_is_no_trouble) {
  own_groups g;
  (void)g.make("user-4242.slice");
  cgroup scope = g.make("session-3.scope", "/user-4242.slice");
  temp_dir root;
  user_services services(g.all(), root / "absent", root / "kept");
  auto e = services.end(uid, "alice", scope.path(), no);
  TEST_ASSERT_TRUE(e.killed.empty() && e.troubles.empty() && !e.lingered);
}

TEST(a_manager_that_runs_and_cannot_be_opened_is_a_trouble_whatever_became_of_it) {
  slice s;
  int denied = 0;
  faults f;
  f.openat = [&](const std::string& name) {
    return name == s.manager.path().substr(1) ? ++denied, EMFILE : 0;
  };
  f.arm();
  auto e = s.services.end(uid, "alice", s.scope.path(), no);
  TEST_ASSERT_TRUE(denied > 0);
  TEST_ASSERT_EQUAL_UINT64(1, e.troubles.size());
  TEST_ASSERT_TRUE(e.troubles[0].find("user@4242.service") != std::string::npos);
}

TEST(a_manager_whose_user_shut_the_directory_is_ended_from_outside) {
  slice s;
  cgroup odd = s.g.make("x (deleted)", "/user-4242.slice/user@4242.service");
  cgroup longer = s.g.make("user@4242.service-not", "/user-4242.slice");
  process in_odd(s.g, odd);
  process in_manager(s.g, s.manager);
  process in_longer(s.g, longer);
  TEST_ASSERT_EQUAL_INT(0, fchmodat(s.g.all().root(), s.manager.path().c_str() + 1, 0, 0));
  {
    bare_root us;
    TEST_ASSERT_FALSE(s.g.all().open(s.manager.path()).has_value());  // the fault happened
    auto e = s.services.end(uid, "alice", s.scope.path(), no);
    TEST_ASSERT_TRUE(e.killed.empty());
    TEST_ASSERT_EQUAL_UINT64(1, e.troubles.size());  // who is in it now cannot be told
    TEST_ASSERT_TRUE(e.troubles[0].find("user@4242.service: cannot be opened: Permission") !=
                     std::string::npos);
  }
  TEST_ASSERT_TRUE(gone(in_manager) && gone(s.in_application) && gone(in_odd));
  TEST_ASSERT_TRUE(spared(s.in_scope) && spared(s.in_beside) && spared(in_longer));
}

TEST(a_manager_shut_between_its_opening_and_the_kill_is_ended_from_outside) {
  slice s;
  int shut = 0;
  faults f;
  f.openat = [&](const std::string& name) {
    if (name == "cgroup.kill") shut += fchmodat(s.g.all().root(), s.manager.path().c_str() + 1, 0, 0) == 0;
    return 0;
  };
  f.arm();
  bare_root us;
  auto e = s.services.end(uid, "alice", s.scope.path(), no);
  TEST_ASSERT_EQUAL_INT(1, shut);
  TEST_ASSERT_EQUAL_UINT64(1, e.troubles.size());
  TEST_ASSERT_EQUAL_UINT64(1, e.killed.size());  // and this one can be watched
  TEST_ASSERT_TRUE(gone(s.in_application) && s.in_scope.alive());
  TEST_ASSERT_TRUE(wait_until([&] { return !e.killed[0].populated(); }));
}

TEST(a_sweep_spares_a_stranger_that_got_the_number_of_one_it_found) {
  slice s;
  const pid_t number = s.in_application.pid();
  std::unique_ptr<process> stranger;
  faults f;
  f.openat = [&](const std::string& name) { return name == s.manager.path().substr(1) ? EMFILE : 0; };
  f.pidfd_open = [&](pid_t pid) {
    if (pid != number || stranger) return;
    s.in_application.end();
    stranger = process::with_number(number);
  };
  f.arm();
  (void)s.services.end(uid, "alice", s.scope.path(), no);
  TEST_ASSERT_TRUE(stranger != nullptr);  // the fault happened
  TEST_ASSERT_TRUE(spared(*stranger));
}

TEST(a_sweep_comes_again_for_whom_it_has_passed_and_not_for_ever) {
  std::vector<pid_t> free;  // numbers below those of the slice
  for (int i = 0; i < 4; ++i) {
    process p;
    free.push_back(p.pid());
    p.end();
  }
  slice s;
  std::vector<pid_t> last = {s.in_application.pid()};
  if (!std::ranges::is_sorted(free) || free.back() > last[0])
    TEST_IGNORE_MESSAGE("process numbers began anew");
  std::vector<std::unique_ptr<process>> forked;
  faults f;
  f.openat = [&](const std::string& name) { return name == s.manager.path().substr(1) ? EMFILE : 0; };
  f.pidfd_open = [&](pid_t pid) {  // each that is found has forked, to a number that the pass is beyond
    if (pid != last.back() || free.empty()) return;
    last.push_back(free.back());
    free.pop_back();
    forked.push_back(process::with_number(
        last.back(), [&] { TEST_ASSERT_TRUE(s.g.all().move(s.manager, getpid()).has_value()); }));
  };
  f.arm();
  (void)s.services.end(uid, "alice", s.scope.path(), no);
  TEST_ASSERT_EQUAL_UINT64(3, forked.size());
  TEST_ASSERT_TRUE(gone(s.in_application) && gone(*forked[0]) && gone(*forked[1]));
  TEST_ASSERT_TRUE(spared(*forked[2]));
}

TEST(linger_is_put_aside_and_back) {
  slice s;
  touch(s.linger + "/alice");
  touch(s.linger + "/bob");
  TEST_ASSERT_FALSE(s.services.restore("alice"));  // nothing was taken yet
  TEST_ASSERT_TRUE(s.services.end(uid, "alice", s.scope.path(), no).lingered);
  TEST_ASSERT_TRUE(!there(s.linger + "/alice") && there(s.kept + "/alice") && there(s.linger + "/bob"));
  struct stat d{};
  TEST_ASSERT_TRUE(stat(s.kept.c_str(), &d) == 0 && (d.st_mode & 07777) == 0700);
  TEST_ASSERT_TRUE(s.services.restore("alice"));
  TEST_ASSERT_TRUE(there(s.linger + "/alice") && !there(s.kept + "/alice"));
  TEST_ASSERT_FALSE(s.services.restore("alice"));
}

TEST(linger_of_a_name_that_logind_escapes_is_put_aside_and_back) {
  slice s;
  struct {
    std::string name, marker;
  } const people[] = {{R"(CORP\alice)", R"(CORP\\alice)"},
                      {"jos\u00e9", R"(jos\303\251)"},
                      {"\u65e5\u672c", R"(\346\227\245\346\234\254)"},
                      {R"(o'neil "x")", R"(o\'neil \"x\")"},
                      {"a b~!$@x", "a b~!$@x"}};
  for (const auto& [name, marker] : people) {
    touch(s.linger + "/" + marker);
    TEST_ASSERT_TRUE_MESSAGE(s.services.end(uid, name, s.scope.path(), no).lingered, name);
    TEST_ASSERT_TRUE_MESSAGE(!there(s.linger + "/" + marker) && there(s.kept + "/" + marker), name);
    TEST_ASSERT_TRUE_MESSAGE(s.services.restore(name), name);
    TEST_ASSERT_TRUE_MESSAGE(there(s.linger + "/" + marker) && !there(s.kept + "/" + marker), name);
  }
}

TEST(linger_crosses_file_systems_both_ways) {
  slice s;
  temp_dir memory(true);
  struct stat a{};
  struct stat b{};
  TEST_ASSERT_TRUE(stat(s.linger.c_str(), &a) == 0 && stat(memory.path().c_str(), &b) == 0);
  if (a.st_dev == b.st_dev) TEST_IGNORE_MESSAGE("TMPDIR and /dev/shm are one file system");
  user_services across(s.g.all(), s.linger, memory / "kept");
  touch(s.linger + "/alice");
  TEST_ASSERT_TRUE(across.end(uid, "alice", s.scope.path(), no).lingered);
  TEST_ASSERT_TRUE(!there(s.linger + "/alice") && there(memory / "kept/alice"));
  TEST_ASSERT_TRUE(across.restore("alice"));
  TEST_ASSERT_TRUE(there(s.linger + "/alice") && !there(memory / "kept/alice"));
}

TEST(a_move_interrupted_in_the_middle_loses_nothing) {
  slice s;
  temp_dir memory(true);
  user_services across(s.g.all(), s.linger, memory / "kept");
  touch(s.linger + "/alice");
  struct stat a{};
  struct stat b{};
  TEST_ASSERT_TRUE(stat(s.linger.c_str(), &a) == 0 && stat(memory.path().c_str(), &b) == 0);
  if (a.st_dev == b.st_dev) TEST_IGNORE_MESSAGE("TMPDIR and /dev/shm are one file system");
  {
    int failed = 0;
    faults f;
    f.unlink = [&](const std::string& name) { return name == s.linger + "/alice" ? ++failed, EIO : 0; };
    f.arm();
    auto e = across.end(uid, "alice", s.scope.path(), no);
    TEST_ASSERT_EQUAL_INT(1, failed);
    TEST_ASSERT_EQUAL_UINT64(1, e.troubles.size());  // it still lingers
    TEST_ASSERT_TRUE(e.lingered);                    // what is kept counts
  }
  TEST_ASSERT_TRUE(there(s.linger + "/alice") && there(memory / "kept/alice"));
  auto again = across.end(uid, "alice", s.scope.path(), no);
  TEST_ASSERT_TRUE(again.lingered && again.troubles.empty());
  TEST_ASSERT_TRUE(!there(s.linger + "/alice") && there(memory / "kept/alice"));
  // Taken, and the reaper was ended before it noted that.
  TEST_ASSERT_TRUE(across.end(uid, "alice", s.scope.path(), no).lingered);
  TEST_ASSERT_TRUE(across.restore("alice"));
  TEST_ASSERT_TRUE(there(s.linger + "/alice") && !there(memory / "kept/alice"));
}
