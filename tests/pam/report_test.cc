// SPDX-License-Identifier: Apache-2.0
// What grantd is told of a login, and that nobody waits for it.
#include "wire/report.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/unique_fd.h"
#include "pam/pam_host.h"
#include "support/unity.h"

namespace {

using namespace grantd;
using test::pam_host;
using test::table_fixture;

struct reported_table : table_fixture {
  reported_table() : fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    records = {test::pam_window("alice", "sshd", -60, 3600, 42)};
    publish();
    sockaddr_un a = address();
    TEST_ASSERT_EQUAL_INT(0, bind(fd.get(), reinterpret_cast<sockaddr*>(&a), sizeof a));
  }
  sockaddr_un address() const {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, (dir() / "report.sock").c_str(), sizeof a.sun_path - 1);
    return a;
  }
  std::optional<wire::report> next() {
    ssize_t n = recv(fd.get(), bytes, sizeof bytes, 0);
    if (n < 0) return {};
    return wire::decode_report({bytes, static_cast<size_t>(n)});
  }
  base::unique_fd fd;
  uint8_t bytes[2048];
};

void expect(wire::outcome outcome, std::string_view name, std::optional<wire::report> r) {
  TEST_ASSERT_TRUE(r.has_value());
  TEST_ASSERT_EQUAL_INT(static_cast<int>(outcome), static_cast<int>(r->outcome));
  TEST_ASSERT_EQUAL_STRING(name, r->name);
  TEST_ASSERT_EQUAL_STRING("sshd", r->place);
}

}  // namespace

TEST(a_login_is_reported) {
  reported_table t;
  pam_host host{t};
  host.rhost = "192.0.2.7";
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  auto r = t.next();
  expect(wire::outcome::allowed, "alice", r);
  TEST_ASSERT_EQUAL_INT64(42, r->grant);
  TEST_ASSERT_EQUAL_STRING("192.0.2.7", r->remote);
}

TEST(a_denial_is_reported) {
  reported_table t;
  pam_host host{t};
  (void)host.account("bob");
  expect(wire::outcome::denied, "bob", t.next());
  (void)host.open_session("bob");
  expect(wire::outcome::denied, "bob", t.next());
}

TEST(what_would_be_denied_is_reported_as_that) {
  reported_table t;
  pam_host host{t, "mode=audit"};
  (void)host.account("bob");
  expect(wire::outcome::would_deny, "bob", t.next());
}

TEST(what_would_be_denied_is_told_once_a_login) {
  reported_table t;
  t.records.push_back(test::pam_ended("bob", "sshd", decision::ending::revoked, 60));
  t.publish();
  pam_host host{t, "mode=audit"};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.login("bob"));  // whom the table knows: auth may name them
  expect(wire::outcome::would_deny, "bob", t.next());
  TEST_ASSERT_FALSE(t.next().has_value());
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.login("carol"));  // whom it does not know is named by account first
  expect(wire::outcome::would_deny, "unknown account", t.next());
  expect(wire::outcome::would_deny, "carol", t.next());
  TEST_ASSERT_FALSE(t.next().has_value());
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.login("bob"));  // each login is one
  expect(wire::outcome::would_deny, "bob", t.next());
  TEST_ASSERT_FALSE(t.next().has_value());
  TEST_ASSERT_EQUAL_INT(4, std::ranges::count(test::module_log(), '\n'));
}

TEST(what_is_denied_is_told_each_time) {
  reported_table t;
  pam_host host{t};
  for (int i = 0; i < 2; ++i) {
    (void)host.account("bob");
    expect(wire::outcome::denied, "bob", t.next());
  }
}

TEST(a_second_try_another_reason_and_another_user_of_one_conversation_are_told) {
  reported_table t;
  pam_host host{t, "mode=audit"};
  const pam_host::phase table_gone = [&](auto...) { return unlink(t.path().c_str()); };
  const pam_host::phase carol = [](pam_handle_t* pamh, int) { return pam_set_item(pamh, PAM_USER, "carol"); };
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.login("bob", {pam_acct_mgmt, pam_open_session, pam_acct_mgmt, carol,
                                                        pam_open_session, table_gone, pam_open_session}));
  for (const char* who : {"bob", "bob", "carol", "carol"}) expect(wire::outcome::would_deny, who, t.next());
  TEST_ASSERT_FALSE(t.next().has_value());
}

TEST(a_break_glass_login_is_reported) {
  reported_table t;
  pam_host host{t, "exempt_user=root"};
  (void)host.account("root");
  expect(wire::outcome::break_glass, "root", t.next());
}

TEST(a_service_account_is_not_reported) {
  reported_table t;
  pam_host host{t, "service_user=app"};
  (void)host.account("app");
  TEST_ASSERT_FALSE(t.next().has_value());
}

TEST(what_may_be_a_password_is_not_reported) {
  reported_table t;
  pam_host host{t};
  (void)host.auth("hunter2");
  expect(wire::outcome::denied, "unknown account", t.next());
  (void)host.account("hunter\n2");
  expect(wire::outcome::denied, "unknown account", t.next());
}

TEST(an_absent_or_full_or_deaf_socket_holds_nobody_up) {
  reported_table t;
  pam_host host{t};
  base::unique_fd out{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_un a = t.address();
  while (sendto(out.get(), "x", 1, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&a), sizeof a) == 1) {
  }
  TEST_ASSERT_EQUAL_INT(EAGAIN, errno);
  alarm(10);  // one that waits would wait for ever
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  t.fd.reset();
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  TEST_ASSERT_EQUAL_INT(0, unlink(a.sun_path));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.account());
  alarm(0);
}
