// SPDX-License-Identifier: Apache-2.0
// What the person reads, and when nothing is said.
#include "base/ident.h"
#include "pam/pam_host.h"
#include "support/unity.h"

namespace {

using namespace grantd;
using test::pam_host;
using test::pam_window;
using test::table_fixture;

// Begins and ends so; what is between depends on the time of day.
void expect_between(std::string_view begin, std::string_view end, const std::string& text) {
  TEST_ASSERT_TRUE_MESSAGE(text.starts_with(begin) && text.ends_with(end), text);
}

std::string denied(pam_host& host) {
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account());
  std::string text = host.heard_one(PAM_ERROR_MSG);
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session());
  TEST_ASSERT_EQUAL_STRING(text, host.heard_one(PAM_ERROR_MSG));
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.auth());
  TEST_ASSERT_EQUAL_STRING(text, host.heard_one(PAM_ERROR_MSG));
  return text;
}

}  // namespace

TEST(session_open_says_until_when) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3590)};
  t.publish();
  pam_host host{t};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session());
  expect_between("access to orders-db until ", " +0100 (59 min left)", host.heard_one(PAM_TEXT_INFO));
}

TEST(account_and_auth_say_nothing_when_they_let_in) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3590)};
  t.publish();
  pam_host host{t};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  TEST_ASSERT_TRUE(host.heard.empty());
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.auth());
  TEST_ASSERT_TRUE(host.heard.empty());
}

TEST(a_denial_is_one_line_with_the_reason_and_the_command_that_helps) {
  table_fixture t;
  t.publish();
  pam_host host{t};
  TEST_ASSERT_EQUAL_STRING(
      "no open grant for orders-db; ask for one: grantctl request orders-db --for 1h --reason \"...\"",
      denied(host));
}

TEST(without_a_resource_the_service_is_named) {
  table_fixture t;
  t.points.clear();
  t.publish();
  pam_host host{t};
  TEST_ASSERT_EQUAL_STRING("no open grant for the service sshd; see: grantctl resources", denied(host));
}

TEST(a_revoked_grant_is_named) {
  table_fixture t;
  t.records = {test::pam_ended("alice", "sshd", decision::ending::revoked, 600, 42)};
  t.publish();
  pam_host host{t};
  expect_between(
      "the grant " + std::string(base::print_id('g', 42).view()) + " for orders-db was revoked at ",
      " +0100; ask for one: grantctl request orders-db --for 1h --reason \"...\"", denied(host));
}

TEST(a_future_grant_says_when) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", 1800, 5400, 42)};
  t.publish();
  pam_host host{t};
  expect_between("the grant " + std::string(base::print_id('g', 42).view()) + " for orders-db opens at ",
                 " +0100; see: grantctl status", denied(host));
}

TEST(a_bad_table_sends_to_the_administrator) {
  table_fixture t;
  pam_host host{t};
  expect_between("the window table cannot be trusted: ", "; tell the administrator: grantctl status",
                 denied(host));
}

TEST(silent_is_silent) {
  table_fixture t;
  t.publish();
  pam_host host{t};
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.account("alice", PAM_SILENT));
  TEST_ASSERT_TRUE(host.heard.empty());
  TEST_ASSERT_EQUAL_INT(PAM_PERM_DENIED, host.auth("alice", PAM_SILENT));
  TEST_ASSERT_TRUE(host.heard.empty());
  t.records = {pam_window("alice", "sshd", -60, 3600)};
  t.publish();
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session("alice", PAM_SILENT));
  TEST_ASSERT_TRUE(host.heard.empty());
}

TEST(nothing_is_ever_asked) {
  table_fixture t;
  t.publish();
  pam_host host{t};
  for (const char* user : {static_cast<const char*>(nullptr), "alice"}) {
    for (int (pam_host::*phase)(const char*, int) :
         {&pam_host::account, &pam_host::auth, &pam_host::open_session}) {
      (void)(host.*phase)(user, 0);
      for (const test::said& s : host.heard) {
        TEST_ASSERT_TRUE(s.style == PAM_ERROR_MSG || s.style == PAM_TEXT_INFO);
      }
    }
  }
}
