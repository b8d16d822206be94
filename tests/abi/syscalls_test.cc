// SPDX-License-Identifier: Apache-2.0
// What a check asks of the kernel: a child runs it under a filter that kills at any other call, so that a
// lookup reads no other file, forks nothing, waits for nothing and connects to nobody. Asking again asks no
// more than that; registering opens no file.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "guest/check.h"
#include "guest/live.h"
#include "guest/registration.h"
#include "guest/report.h"
#include "guest/words.h"
#include "support/unity.h"
#include "unit/guest/fake_reaper.h"
#include "unit/guest/table_fixture.h"

namespace {

using namespace grantd;

// openat, fstat, fstatfs, pread, read (boot_id, when the table is not on tmpfs), close; the report's two; the
// clock, where the kernel has no vdso for it; and the end of the child.
const std::vector<long> checking = {
    SYS_openat, SYS_newfstatat, SYS_fstat,  SYS_fstatfs,       SYS_pread64, SYS_read,      SYS_close,
    SYS_getpid, SYS_socket,     SYS_sendto, SYS_clock_gettime, SYS_exit,    SYS_exit_group};

#ifdef SYS_poll
constexpr long polls = SYS_poll;
#else
constexpr long polls = SYS_ppoll;
#endif

// Registering: one socket, one frame each way, one wait.
const std::vector<long> registering = {SYS_socket,     SYS_connect, SYS_getsockopt,    SYS_sendto,
                                       polls,          SYS_recvmsg, SYS_clock_gettime, SYS_close,
                                       SYS_exit_group, SYS_exit};

bool confine(const std::vector<long>& allowed) {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (long nr : allowed) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(nr), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// The child's wait status.
template <class About>
int in_confinement(const std::vector<long>& allowed, void (*what)(const About&), const About& about) {
  pid_t child = fork();
  if (child == 0) {
    if (!confine(allowed)) _exit(99);
    what(about);
    _exit(0);
  }
  int status = -1;
  TEST_ASSERT_EQUAL_INT64(child, waitpid(child, &status, 0));
  return status;
}

void whole_check(const test::table_fixture& t) {
  decision::login_point where{decision::point_kind::pam, "sshd", {}};
  char words[256];
  for (const char* name : {"alice", "bob"}) {
    decision::account who{decision::identity_class::os, name};
    guest::login login{.proved = {&who, 1}, .where = where, .role = {}, .name_resource = true};
    guest::answer a = guest::check(t.path().c_str(), login);
    guest::say_denied(a, where, words);
    guest::say_allowed(a, words);
    guest::send_report("/nonexistent/report.sock", login, a, wire::outcome::denied, {});
    if (a.verdict.allows() != (name[0] == 'a')) _exit(98);
  }
}

void whole_life(const test::table_fixture& t) {
  decision::login_point where{decision::point_kind::pam, "sshd", {}};
  char words[256];
  for (const char* name : {"alice", "bob"}) {
    decision::account who{decision::identity_class::os, name};
    guest::login login{.proved = {&who, 1},
                       .where = where,
                       .role = {},
                       .at_least = decision::access::read_write,
                       .live = true};
    guest::answer last{};
    const guest::fate f = guest::ask_again(t.path().c_str(), login, last);
    guest::say_ended(last, where, words);
    guest::say_warning(last, words);
    // Only reading is left to alice: the table was opened twice.
    if (f != guest::fate::ends || last.narrower_left != (name[0] == 'a')) _exit(98);
  }
}

void whole_registration(const test::fake_reaper& reaper) {
  const guest::registered r = guest::register_session(
      reaper.path().c_str(), {wire::registration_kind::open, "sshd", "alice", "192.0.2.1", "ssh"},
      {base::boot_now().ns + guest::registration_patience_ns});
  if (r.result != wire::registration_result::covered) _exit(98);
}

void expect_unharmed(int status) {
  TEST_ASSERT_TRUE_MESSAGE(WIFEXITED(status) && WEXITSTATUS(status) == 0, std::to_string(status));
}

bool sanitized() {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#else
  return false;
#endif
}

}  // namespace

TEST(the_filter_kills) {
  test::table_fixture t;
  int status =
      in_confinement<test::table_fixture>(checking, [](const test::table_fixture&) { (void)getppid(); }, t);
  TEST_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

TEST(a_check_and_asking_again_make_no_other_system_call) {
  if (sanitized()) TEST_IGNORE_MESSAGE("the sanitizer makes calls of its own");
  for (bool memory : {true, false}) {
    test::table_fixture t{memory};
    t.records = {test::pam_window("alice", "sshd", -60, 3600)};
    t.publish();
    int status = in_confinement(checking, whole_check, t);
    expect_unharmed(status);
    expect_unharmed(in_confinement(checking, whole_life, t));
  }
}

TEST(registering_makes_no_other_system_call) {
  if (sanitized()) TEST_IGNORE_MESSAGE("the sanitizer makes calls of its own");
  test::fake_reaper reaper(test::fake_reaper::always(test::frame_of(
      wire::registration_answer{.result = wire::registration_result::covered, .resource = "orders-db"})));
  expect_unharmed(in_confinement(registering, whole_registration, reaper));
  TEST_ASSERT_EQUAL_INT(1, reaper.heard().size());
}
