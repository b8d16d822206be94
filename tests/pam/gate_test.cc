// SPDX-License-Identifier: Apache-2.0
// The truth table of pam_grantd.cc, row by row in its order, through the real libpam. grantd runs in none of
// these tests: the table stands without it. What is registered is answered by the same table.
#include <fcntl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <functional>

#include "pam/pam_host.h"
#include "support/unity.h"

namespace {

using namespace grantd;
using test::module_log;
using test::pam_host;
using test::pam_window;
using test::table_fixture;

void expect_all(int account_and_auth, int session, pam_host& host, const char* user = "alice") {
  TEST_ASSERT_EQUAL_STRING(pam_strerror(nullptr, account_and_auth),
                           pam_strerror(nullptr, host.account(user)));
  TEST_ASSERT_EQUAL_STRING(pam_strerror(nullptr, account_and_auth), pam_strerror(nullptr, host.auth(user)));
  TEST_ASSERT_EQUAL_STRING(pam_strerror(nullptr, session), pam_strerror(nullptr, host.open_session(user)));
}

void expect_allowed(pam_host& host, const char* user = "alice") {
  expect_all(PAM_SUCCESS, PAM_SUCCESS, host, user);
}
void expect_denied(pam_host& host, const char* user = "alice") {
  expect_all(PAM_PERM_DENIED, PAM_SESSION_ERR, host, user);
}

void expect_log(std::string_view part) {
  TEST_ASSERT_TRUE_MESSAGE(module_log().find(part) != std::string::npos, module_log());
}
void expect_no_log(std::string_view part) {
  TEST_ASSERT_TRUE_MESSAGE(module_log().find(part) == std::string::npos, module_log());
}

struct open_table : table_fixture {
  open_table() {
    records = {pam_window("alice", "sshd", -60, 3540)};
    publish();
  }
};

struct empty_table : table_fixture {
  empty_table() { publish(); }
};

}  // namespace

// --- allowed if ---

TEST(a_window_is_open_now) {
  open_table t;
  pam_host host{t};
  expect_allowed(host);
  expect_log("info let in: alice: access until ");
}

TEST(and_grantd_is_down) {
  open_table t;
  TEST_ASSERT_TRUE(access((t.dir() / "report.sock").c_str(), F_OK) != 0);
  pam_host host{t};
  expect_allowed(host);
}

TEST(the_account_is_a_service_user) {
  empty_table t;
  pam_host host{t, "service_user=app service_user=alice"};
  expect_allowed(host);
  expect_allowed(host, "app");
  TEST_ASSERT_EQUAL_STRING("", module_log());
  expect_denied(host, "bob");
}

TEST(a_service_user_needs_neither_table_nor_grantd) {
  table_fixture t;
  pam_host host{t, "service_user=app"};
  expect_allowed(host, "app");
}

TEST(the_account_is_an_exempt_user) {
  empty_table t;
  pam_host host{t, "exempt_user=root service_user=root"};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account("root"));
  TEST_ASSERT_EQUAL_STRING("alert break-glass account let in without a grant: root\n", module_log());
  expect_allowed(host, "root");
  unlink(t.path().c_str());
  expect_allowed(host, "root");
  expect_denied(host);
}

TEST(mode_audit_whatever_would_deny) {
  empty_table t;
  pam_host host{t, "mode=audit"};
  expect_allowed(host);
  TEST_ASSERT_TRUE(host.heard.empty());
  expect_log("notice would be denied (mode=audit): alice: no open grant for orders-db");
  unlink(t.path().c_str());
  expect_allowed(host);
  expect_log("err would be denied (mode=audit): alice: the window table cannot be trusted");
  expect_allowed(host, "-x");
}

// --- denied if ---

TEST(no_window_is_open) {
  empty_table t;
  pam_host host{t};
  expect_denied(host);
  expect_log("notice denied: alice: no open grant for orders-db");
  for (auto record : {pam_window("alice", "sshd", 60, 3600), pam_window("alice", "sshd", -3600, -1),
                      test::pam_ended("alice", "sshd", decision::ending::revoked, 60),
                      test::pam_ended("alice", "sshd", decision::ending::given_back, 60),
                      pam_window("alice", "login", -60, 3600), pam_window("bob", "sshd", -60, 3600),
                      pam_window("Alice", "sshd", -60, 3600), pam_window("alice@REALM", {}, -60, 3600)}) {
    t.records = {record};
    t.publish();
    expect_denied(host);
  }
}

TEST(the_account_is_locked) {
  open_table t;
  t.records.push_back(test::pam_lock("alice", "incident 7"));
  t.publish();
  pam_host host{t};
  expect_denied(host);
  expect_log("notice denied: alice: locked: incident 7");
}

TEST(or_the_whole_table) {
  open_table t;
  t.flags = table::flag_locked;
  t.publish();
  pam_host host{t};
  expect_denied(host);
  expect_log("err denied: alice: locked: grantd does not trust its store");
}

TEST(the_table_is_missing) {
  table_fixture t;
  pam_host host{t};
  expect_denied(host);
  expect_log("err denied: alice: the window table cannot be trusted: ");
}

TEST(the_table_cannot_be_trusted) {
  const std::function<void(open_table&)> spoils[] = {
      [](open_table& t) { chmod(t.path().c_str(), 0666); },
      [](open_table& t) { chmod(t.dir().path().c_str(), 0777); },
      [](open_table& t) { t.replace({}); },
      [](open_table& t) { t.write_at(table::header_at::checksum, "xxxxxxxx"); },
      [](open_table& t) { t.write_in_header(table::header_at::version, {"\7\0\0\0", 4}); },
      [](open_table& t) { t.written.ns += 1000 * base::ns_per_s, t.publish(); },
      [](open_table& t) { t.publish_crowd(t.records[0], 65); },
      [](open_table& t) {
        std::string real = t.dir() / "real";
        if (rename(t.path().c_str(), real.c_str()) != 0 || symlink(real.c_str(), t.path().c_str()) != 0)
          abort();
      },
  };
  for (const auto& spoil : spoils) {
    open_table t;
    pam_host host{t};
    TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
    spoil(t);
    expect_denied(host);
    expect_log("err denied: alice: the window table cannot be trusted: ");
  }
}

TEST(the_user_is_missing_or_no_name) {
  open_table t;
  t.records = {pam_window("alice", {}, -60, 3600)};
  t.publish();
  pam_host host{t};
  const std::string huge(100000, 'a'), long_name(64, 'a');
  for (const char* user : {static_cast<const char*>(nullptr), "", "-1", "a/b", "al\x01ice", "alice\n",
                           " alice", "\xff", huge.c_str(), long_name.c_str()}) {
    test::syslog_lines().clear();
    expect_denied(host, user);
    TEST_ASSERT_EQUAL_STRING(
        "notice denied: unknown account: no open grant for the service sshd\n"
        "notice denied: unknown account: no open grant for the service sshd\n"
        "notice denied: unknown account: no open grant for the service sshd\n",
        module_log());
  }
}

TEST(the_service_is_no_name) {
  open_table t;
  t.records = {pam_window("alice", {}, -60, 3600)};
  t.publish();
  pam_host host{t, "service=a/b"};
  expect_denied(host);
  expect_log("denied: alice: no open grant for the service unknown service");
}

// --- the rest ---

TEST(setcred_and_session_close_succeed_and_password_is_not_ours) {
  empty_table t;
  pam_host host{t};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session());
  TEST_ASSERT_EQUAL_INT(PAM_SERVICE_ERR, host.password());
  pam_host exempt{t, "exempt_user=alice"};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, exempt.setcred());
}

TEST(options_that_mean_nothing_are_logged_and_open_nothing) {
  empty_table t;
  for (const char* option : {"mode=of", "nonsense", "exempt_user=-x", "service_user=", "table=windows"}) {
    pam_host host{t, option};
    expect_denied(host);
    expect_log(std::string("err option refused: ") + option);
  }
}

TEST(service_option_names_the_login_point) {
  open_table t;
  pam_host other{t, "", "login"};
  expect_denied(other);
  pam_host named{t, "service=sshd", "login"};
  expect_allowed(named);
}

TEST(root_is_gated_like_anybody) {
  open_table t;
  pam_host host{t};
  expect_denied(host, "root");
}

TEST(before_authentication_an_unknown_name_is_not_logged) {
  empty_table t;
  t.records = {test::pam_ended("bob", "sshd", decision::ending::expired, 60)};
  t.publish();
  pam_host host{t};
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.auth("hunter2"));
  TEST_ASSERT_EQUAL_STRING("notice denied: unknown account: no open grant for orders-db\n", module_log());
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.auth("bob"));
  expect_log("denied: bob: the grant ");
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account("carol"));
  expect_log("denied: carol: ");
}

TEST(the_log_goes_to_authpriv_and_names_where_from) {
  empty_table t;
  pam_host host{t};
  host.rhost = "192.0.2.7";
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account());
  TEST_ASSERT_EQUAL_STRING("notice denied: alice from 192.0.2.7: no open grant for orders-db\n",
                           module_log());
  const test::logged& line = test::syslog_lines().back();
  TEST_ASSERT_EQUAL_INT(LOG_AUTHPRIV | LOG_NOTICE, line.priority);
  TEST_ASSERT_TRUE(line.text.starts_with("pam_grantd(sshd:account): "));
  host.rhost = "evil\nroot: let in";
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account());
  expect_no_log("evil");
}

TEST(debug_says_what_was_looked_at) {
  open_table t;
  pam_host host{t, "debug"};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  expect_log("debug table " + t.path());
  pam_host quiet{t};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, quiet.account());
  expect_no_log("debug ");
}

TEST(a_revocation_is_seen_by_the_next_phase) {
  open_table t;
  pam_host host{t};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  t.records.clear();
  t.publish();
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session());
}
