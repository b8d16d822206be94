// SPDX-License-Identifier: Apache-2.0
// Hosts that are not as they should be: environment, descriptors, conversations, and ten thousand logins.
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <ctime>

#include "base/unique_fd.h"
#include "pam/pam_host.h"
#include "support/unity.h"

extern "C" size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace {

using namespace grantd;
using test::pam_host;
using test::pam_window;
using test::table_fixture;

struct open_table : table_fixture {
  open_table() {
    records = {pam_window("alice", "sshd", -60, 3590, 42)};
    publish();
  }
};

// What a login looks like from outside: results, sentences, log.
std::string everything(pam_host& host) {
  test::syslog_lines().clear();
  std::string out;
  for (const char* user : {"alice", "bob"}) {
    for (int (pam_host::*phase)(const char*, int) :
         {&pam_host::account, &pam_host::auth, &pam_host::open_session}) {
      out += std::to_string((host.*phase)(user, 0)) + "\n";
      for (const test::said& s : host.heard) out += s.text + "\n";
    }
  }
  return out + test::module_log();
}

// Puts the environment back as it was.
class saved_environment {
 public:
  saved_environment() {
    for (char** e = environ; *e != nullptr; ++e) kept_.emplace_back(*e);
  }
  ~saved_environment() {
    clearenv();
    for (std::string& e : kept_) {
      size_t equals = e.find('=');
      setenv(e.substr(0, equals).c_str(), e.c_str() + equals + 1, 1);
    }
    tzset();
    setlocale(LC_ALL, "C");
  }

 private:
  std::vector<std::string> kept_;
};

size_t allocated() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
  return mallinfo2().uordblks;
}

}  // namespace

TEST(environment_locale_zone_and_directory_change_nothing) {
  open_table t;
  t.records[0].start.ns = 0;  // so that nothing said depends on the second it is said in
  t.publish();
  pam_host host{t};
  std::string before = everything(host);
  test::temp_dir elsewhere;
  saved_environment environment;
  base::unique_fd here{open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  for (const char* name :
       {"TZ", "LC_ALL", "LANG", "LANGUAGE", "TMPDIR", "GRANTD_HOST", "GRANTD_TABLE", "PATH", "HOME"}) {
    setenv(name, "/nonexistent/%s%n:Pacific/Kiritimati", 1);
  }
  setenv("TZ", "XXX-13:37YYY,J1,J365", 1);
  tzset();
  bool turkish = setlocale(LC_ALL, "tr_TR.UTF-8") != nullptr || setlocale(LC_ALL, "C.UTF-8") != nullptr;
  bool moved = chdir(elsewhere.path().c_str()) == 0;
  mode_t mask = umask(0);
  std::string after = everything(host);
  umask(mask);
  bool back = fchdir(here.get()) == 0;
  clearenv();
  std::string without = everything(host);
  TEST_ASSERT_TRUE(turkish && moved && back);
  TEST_ASSERT_EQUAL_STRING(before, after);
  TEST_ASSERT_EQUAL_STRING(before, without);
}

TEST(closed_standard_descriptors_do_no_harm) {
  open_table t;
  pam_host host{t};
  base::unique_fd saved[3];
  for (int fd = 0; fd < 3; ++fd) saved[fd].reset(fcntl(fd, F_DUPFD_CLOEXEC, 100));
  for (int fd = 0; fd < 3; ++fd) close(fd);
  int let_in = host.account();
  int refused = host.account("bob");
  bool still_closed = fcntl(0, F_GETFD) == -1 && fcntl(1, F_GETFD) == -1 && fcntl(2, F_GETFD) == -1;
  for (int fd = 0; fd < 3; ++fd) {
    if (saved[fd].valid()) dup2(saved[fd].get(), fd);
  }
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, let_in);
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, refused);
  TEST_ASSERT_TRUE(still_closed);
}

TEST(without_a_conversation_the_answer_is_the_same) {
  open_table t;
  pam_host host{t};
  host.converse = false;
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session());
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account("bob"));
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session("bob"));
}

TEST(huge_and_odd_names_are_denied) {
  open_table t;
  pam_host host{t};
  std::string huge(1 << 20, 'x');
  for (const char* user :
       {huge.c_str(), "%n%n%n%s", "alice ", "ALICE", "alice@REALM", "\xc3\xa4", "$(id)", "*", "..", "0"}) {
    TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account(user));
  }
  std::string long_host(1000, 'h');  // libpam's own audit record has room for no more than some thousand
  host.rhost = long_host.c_str();
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account("bob"));
}

TEST(a_lock_text_is_not_a_format) {
  table_fixture t;
  t.records = {test::pam_lock("alice", "%s%s%n")};
  t.publish();
  pam_host host{t};
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account());
  TEST_ASSERT_EQUAL_STRING("locked: %s%s%n; see: grantctl status", host.heard_one(PAM_ERROR_MSG));
}

TEST(ten_thousand_logins_leak_nothing) {
  open_table t;
  pam_host host{t};
  size_t before = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (i == 100) before = allocated();
    const char* user = i % 2 == 0 ? "alice" : "bob";
    int expected = i % 2 == 0 ? PAM_SUCCESS : PAM_PERM_DENIED;
    if (host.account(user) != expected) TEST_FAIL_MESSAGE("login " + std::to_string(i));
    host.heard.clear();
    test::syslog_lines().clear();
  }
  size_t after = allocated();
  TEST_ASSERT_TRUE(before > 0);
  TEST_ASSERT_TRUE_MESSAGE(after <= before + 10'000, std::to_string(before) + " -> " + std::to_string(after));
  base::unique_fd next{open("/dev/null", O_RDONLY | O_CLOEXEC)};
  TEST_ASSERT_TRUE_MESSAGE(next.get() < 20, std::to_string(next.get()) + " descriptors");
}
