// SPDX-License-Identifier: Apache-2.0
// What a check asks of the kernel: a child runs it under a filter that kills at any other call, so that a
// lookup reads no other file, forks nothing, waits for nothing and connects to nobody.
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

#include "guest/check.h"
#include "guest/report.h"
#include "guest/words.h"
#include "support/unity.h"
#include "unit/guest/table_fixture.h"

namespace {

using namespace grantd;

// openat, fstat, fstatfs, pread, read (boot_id, when the table is not on tmpfs), close; the report's two; the
// clock, where the kernel has no vdso for it; and the end of the child.
const std::vector<long> allowed = {SYS_openat,        SYS_newfstatat, SYS_fstat,     SYS_fstatfs, SYS_pread64,
                                   SYS_read,          SYS_close,      SYS_getpid,    SYS_socket,  SYS_sendto,
                                   SYS_clock_gettime, SYS_exit,       SYS_exit_group};

bool confine() {
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
int in_confinement(void (*what)(const test::table_fixture&), const test::table_fixture& t) {
  pid_t child = fork();
  if (child == 0) {
    if (!confine()) _exit(99);
    what(t);
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
  int status = in_confinement([](const test::table_fixture&) { (void)getppid(); }, t);
  TEST_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

TEST(a_check_makes_no_other_system_call) {
  if (sanitized()) TEST_IGNORE_MESSAGE("the sanitizer makes calls of its own");
  for (bool memory : {true, false}) {
    test::table_fixture t{memory};
    t.records = {test::pam_window("alice", "sshd", -60, 3600)};
    t.publish();
    int status = in_confinement(whole_check, t);
    TEST_ASSERT_TRUE_MESSAGE(WIFEXITED(status) && WEXITSTATUS(status) == 0, std::to_string(status));
  }
}
