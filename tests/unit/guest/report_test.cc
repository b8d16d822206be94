// SPDX-License-Identifier: Apache-2.0
// The datagram: sent when somebody listens, lost without a word or a wait when nobody can.
#include "guest/report.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"
#include "support/temp_dir.h"
#include "support/unity.h"

namespace {

using namespace grantd;

struct listener {
  test::temp_dir dir;
  std::string path = dir / "report.sock";
  base::unique_fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};

  listener() {
    sockaddr_un a = address();
    TEST_ASSERT_EQUAL_INT(0, bind(fd.get(), reinterpret_cast<sockaddr*>(&a), sizeof a));
  }
  sockaddr_un address() const {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
    return a;
  }
};

decision::account alice{decision::identity_class::os, "alice"};

guest::login login() {
  return {.proved = {&alice, 1}, .where = {decision::point_kind::pam, "sshd", {}}, .role = {}};
}

void send(const std::string& path, std::string_view remote = "192.0.2.1", const guest::login& who = login()) {
  guest::answer a{};
  a.verdict.why = decision::reason::revoked;
  a.verdict.grant = 42;
  a.now.ns = 99;
  guest::send_report(path.c_str(), who, a, wire::outcome::denied, remote);
}

std::optional<wire::report> receive(const listener& l, std::vector<uint8_t>& bytes) {
  bytes.resize(2048);
  ssize_t n = recv(l.fd.get(), bytes.data(), bytes.size(), 0);
  if (n < 0) return {};
  bytes.resize(static_cast<size_t>(n));
  return wire::decode_report(bytes);
}

}  // namespace

TEST(a_report_says_who_where_and_what) {
  listener l;
  send(l.path);
  std::vector<uint8_t> bytes;
  auto r = receive(l, bytes);
  TEST_ASSERT_TRUE(r.has_value());
  TEST_ASSERT_TRUE(r->outcome == wire::outcome::denied);
  TEST_ASSERT_EQUAL_INT(static_cast<int>(decision::reason::revoked), r->reason);
  TEST_ASSERT_EQUAL_INT(static_cast<int>(decision::identity_class::os), r->proved_by);
  TEST_ASSERT_EQUAL_INT(static_cast<int>(decision::point_kind::pam), r->point);
  TEST_ASSERT_EQUAL_INT64(42, r->grant);
  TEST_ASSERT_EQUAL_INT64(99, r->boot_ns);
  TEST_ASSERT_EQUAL_INT64(getpid(), r->pid);
  TEST_ASSERT_EQUAL_STRING("alice", r->name);
  TEST_ASSERT_EQUAL_STRING("sshd", r->place);
  TEST_ASSERT_EQUAL_STRING("192.0.2.1", r->remote);
}

TEST(a_long_remote_is_cut_to_fit) {
  listener l;
  send(l.path, std::string(62, 'h') + "\xc3\xa4.example");
  std::vector<uint8_t> bytes;
  auto r = receive(l, bytes);
  TEST_ASSERT_TRUE(r.has_value());
  TEST_ASSERT_EQUAL_STRING(std::string(62, 'h'), r->remote);
}

TEST(nobody_listening_is_no_trouble) {
  test::temp_dir dir;
  send(dir / "report.sock");
  std::string gone;
  {
    listener l;
    gone = l.path;
    l.fd.reset();
    send(gone);  // the socket's file is there, nobody behind it
  }
  send("");
  send("relative.sock");
  send("/" + std::string(200, 'x'));
  guest::send_report(nullptr, login(), guest::answer{}, wire::outcome::denied, {});
}

TEST(a_path_too_long_is_not_cut_to_another) {
  test::temp_dir dir;
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::string longest = dir / std::string(sizeof a.sun_path - dir.path().size() - 1, 's');
  TEST_ASSERT_EQUAL_INT(sizeof a.sun_path, longest.size());
  std::memcpy(a.sun_path, longest.data(), longest.size());  // the kernel needs no terminator
  base::unique_fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  TEST_ASSERT_EQUAL_INT(0, bind(fd.get(), reinterpret_cast<sockaddr*>(&a), sizeof a));
  send(longest + "-of-somebody-else");
  char byte;
  TEST_ASSERT_EQUAL_INT(-1, recv(fd.get(), &byte, 1, 0));
  TEST_ASSERT_EQUAL_INT(EAGAIN, errno);
}

TEST(a_full_socket_is_not_waited_for) {
  listener l;
  base::unique_fd out{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_un a = l.address();
  int sent = 0;
  while (sendto(out.get(), "x", 1, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&a), sizeof a) == 1) ++sent;
  TEST_ASSERT_EQUAL_INT(EAGAIN, errno);
  TEST_ASSERT_TRUE(sent > 0);
  alarm(10);  // a report that waits would wait for ever
  send(l.path);
  alarm(0);
  std::vector<uint8_t> bytes;
  for (int i = 0; i < sent; ++i) (void)receive(l, bytes);
  TEST_ASSERT_TRUE(recv(l.fd.get(), bytes.data(), bytes.size(), 0) == -1 && errno == EAGAIN);
}

TEST(a_name_too_long_for_a_report_sends_nothing) {
  listener l;
  std::string name(200, 'n');
  decision::account long_name{decision::identity_class::os, name};
  guest::login who = login();
  who.proved = {&long_name, 1};
  send(l.path, {}, who);
  who.proved = {};
  send(l.path, {}, who);
  std::vector<uint8_t> bytes;
  TEST_ASSERT_FALSE(receive(l, bytes).has_value());
  TEST_ASSERT_EQUAL_INT(EAGAIN, errno);
}

TEST(no_descriptor_is_left_open) {
  listener l;
  int before = dup(l.fd.get());
  close(before);
  for (int i = 0; i < 3; ++i) send(l.path);
  int after = dup(l.fd.get());
  close(after);
  TEST_ASSERT_EQUAL_INT(before, after);
}
