// SPDX-License-Identifier: Apache-2.0
// What goes to the log and to terminals: never a wait for the journal, never a byte a terminal obeys.
#include "service/log.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/unique_fd.h"
#include "daemon/json.h"
#include "support/unity.h"

using namespace grantd;
using namespace grantd::daemon;
using namespace grantd::service;

namespace {

std::string all_of(int fd) {
  std::string got;
  std::array<char, 65536> room;
  for (ssize_t n = 0; (n = recv(fd, room.data(), room.size(), MSG_DONTWAIT)) > 0;)
    got.append(room.data(), static_cast<size_t>(n));
  return got;
}

}  // namespace

TEST(a_journal_that_does_not_read_costs_lines_and_never_a_wait) {
  int pair[2];
  TEST_ASSERT_TRUE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  base::unique_fd reader(pair[0]);
  base::unique_fd writer(pair[1]);
  log_sink sink(writer.get(), true);
  std::string line(10000, 'x');
  for (int i = 0; i < 1000; ++i) sink.put(level::info, line);
  std::string got = all_of(reader.get());
  TEST_ASSERT_TRUE(got.size() < 1000 * line.size());  // some were dropped
  sink.put(level::info, "after");
  got += all_of(reader.get());
  TEST_ASSERT_TRUE(got.find(" lines were not logged") != std::string::npos);
  TEST_ASSERT_TRUE(got.ends_with("\n<6>after\n"));
  for (size_t at = 0; at < got.size(); at = got.find('\n', at) + 1)
    TEST_ASSERT_EQUAL_INT('<', got[at]);  // no line begins inside another
}

TEST(what_is_not_printable_is_escaped_in_the_log) {
  int ends[2];
  TEST_ASSERT_TRUE(pipe(ends) == 0);
  base::unique_fd reader(ends[0]);
  base::unique_fd writer(ends[1]);
  log_sink sink(writer.get(), false);
  sink.put(level::info, "a\x1b\x7f\xc2\x9b\x9b\xff\xc3\xa9\n");
  std::array<char, 200> room;
  ssize_t n = read(reader.get(), room.data(), room.size());
  TEST_ASSERT_EQUAL_STRING("service_log_test: a\\x1b\\x7f\\xc2\\x9b\\x9b\\xff\xc3\xa9\\x0a\n",
                           std::string(room.data(), static_cast<size_t>(n)));
}

TEST(controls_beyond_ascii_are_escaped_in_json) {
  json::value v(std::string("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"));
  TEST_ASSERT_EQUAL_STRING("\"\\u0080\\u009b\\u009f\xc2\xa0\"", v.print());
  TEST_ASSERT_EQUAL_STRING(*v.text(), *json::parse(v.print())->text());
}
