// SPDX-License-Identifier: Apache-2.0
// Entries for the journal: the form it reads, and never a wait for it.
#include "service/journal.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "support/temp_dir.h"
#include "support/unity.h"

using namespace grantd;
using namespace grantd::service;
using namespace grantd::test;

namespace {

struct reader {
  temp_dir dir{true};
  std::string path = dir / "socket";
  base::unique_fd fd;
  void listen() {
    unlink(path.c_str());
    fd.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.c_str(), path.size() + 1);
    TEST_ASSERT_TRUE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  }
  [[nodiscard]] std::string next() const {
    std::array<char, 65536> room;
    ssize_t n = recv(fd.get(), room.data(), room.size(), MSG_DONTWAIT);
    return n < 0 ? "" : std::string(room.data(), static_cast<size_t>(n));
  }
};

const journal_field one[] = {{"MESSAGE", "hello"}};

}  // namespace

TEST(a_value_with_newlines_cannot_begin_a_field_of_its_own) {
  const journal_field fields[] = {
      {"MESSAGE", "plain=text"}, {"GRANTD_REASON", "x\nPRIORITY=0\n"}, {"EMPTY", ""}};
  using namespace std::string_literals;
  TEST_ASSERT_TRUE(encode_entry(fields) ==
                   "MESSAGE=plain=text\nGRANTD_REASON\n\x0d\0\0\0\0\0\0\0x\nPRIORITY=0\n\nEMPTY=\n"s);
}

TEST(an_entry_is_one_datagram) {
  reader r;
  r.listen();
  journal j(r.path);
  TEST_ASSERT_TRUE(j.open());
  TEST_ASSERT_TRUE(j.send(one) == journal::outcome::sent);
  TEST_ASSERT_EQUAL_STRING("MESSAGE=hello\n", r.next());
}

TEST(without_its_socket_there_is_no_journal) {
  reader r;
  TEST_ASSERT_FALSE(journal(r.path).open());
  TEST_ASSERT_FALSE(journal(r.path + std::string(200, 'x')).open());
  TEST_ASSERT_FALSE(journal(r.dir.path()).open());
}

TEST(a_journal_that_does_not_read_is_not_waited_for) {
  reader r;
  r.listen();
  journal j(r.path);
  int sent = 0;
  while (sent < 100'000 && j.send(one) == journal::outcome::sent) ++sent;
  TEST_ASSERT_TRUE(sent > 0 && sent < 100'000);
  TEST_ASSERT_TRUE(j.send(one) == journal::outcome::later);
  while (!r.next().empty()) --sent;
  TEST_ASSERT_EQUAL_INT(0, sent);
  TEST_ASSERT_TRUE(j.send(one) == journal::outcome::sent);
}

TEST(a_journal_that_was_started_again_is_found_again) {
  reader r;
  r.listen();
  journal j(r.path);
  r.fd.reset();
  TEST_ASSERT_TRUE(j.send(one) == journal::outcome::later);
  r.listen();
  TEST_ASSERT_TRUE(j.send(one) == journal::outcome::sent);
  TEST_ASSERT_EQUAL_STRING("MESSAGE=hello\n", r.next());
}

TEST(an_entry_larger_than_any_datagram_is_given_up) {
  reader r;
  r.listen();
  journal j(r.path);
  const journal_field large[] = {{"MESSAGE", std::string(16 << 20, 'x')}};
  TEST_ASSERT_TRUE(j.send(large) == journal::outcome::never);
}

TEST(only_the_stream_that_is_stderr_makes_it_the_journal) {
  struct stat s{};
  TEST_ASSERT_TRUE(fstat(STDERR_FILENO, &s) == 0);
  unsetenv("JOURNAL_STREAM");
  TEST_ASSERT_FALSE(stderr_is_journal());
  setenv("JOURNAL_STREAM", "1:2", 1);
  TEST_ASSERT_FALSE(stderr_is_journal());
  setenv("JOURNAL_STREAM", (std::to_string(s.st_dev) + ":" + std::to_string(s.st_ino)).c_str(), 1);
  TEST_ASSERT_TRUE(stderr_is_journal());
  unsetenv("JOURNAL_STREAM");
}
