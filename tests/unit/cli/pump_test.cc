// SPDX-License-Identifier: Apache-2.0
// stdio carries bytes both ways, to the last one, whoever stops first.
#include "cli/pump.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <csignal>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "support/unity.h"

using namespace grantd;
using base::unique_fd;

namespace {

struct pair {
  unique_fd a, b;
};

pair sockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) TEST_FAIL_MESSAGE("socketpair");
  return {unique_fd(ends[0]), unique_fd(ends[1])};
}
pair pipes() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) TEST_FAIL_MESSAGE("pipe2");
  return {unique_fd(ends[0]), unique_fd(ends[1])};
}

std::string read_all(int fd) {
  std::string text;
  char buffer[65536];
  for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  return text;
}
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = write(fd, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

// A pump on a thread, between a caller (input, output) and a daemon's end of a socket.
struct running {
  pair input = pipes(), output = pipes(), socket = sockets();
  bool delivered = false;
  std::thread thread;
  explicit running(std::string first = {}) {
    (void)signal(SIGPIPE, SIG_IGN);
    thread = std::thread([this, first = std::move(first)] {
      delivered = cli::pump(input.a.get(), output.b.get(), socket.a.get(), first);
      output.b.reset();
    });
  }
  ~running() {
    input.b.reset();
    socket.b.reset();
    output.a.reset();
    if (thread.joinable()) thread.join();
  }
};

}  // namespace

TEST(a_half_close_goes_through_and_the_answer_still_comes_back) {
  running r("first ");
  write_all(r.input.b.get(), "question");
  r.input.b.reset();
  TEST_ASSERT_EQUAL_STRING("question", read_all(r.socket.b.get()));  // to its end: the half-close came
  write_all(r.socket.b.get(), "answer");
  r.socket.b.reset();
  TEST_ASSERT_EQUAL_STRING("first answer", read_all(r.output.a.get()));
  r.thread.join();
  TEST_ASSERT_TRUE(r.delivered);
}

TEST(more_than_any_buffer_holds_arrives_whole_both_ways_at_once) {
  std::string there(3'000'000, 'q');
  std::string back(5'000'000, 'a');
  running r;
  std::string got_there;
  std::thread asker([&] {
    write_all(r.input.b.get(), there);
    r.input.b.reset();
  });
  std::thread daemon_writes([&] {
    write_all(r.socket.b.get(), back);
    (void)shutdown(r.socket.b.get(), SHUT_WR);
  });
  std::thread daemon_reads([&] { got_there = read_all(r.socket.b.get()); });
  asker.join();
  daemon_reads.join();
  std::string got_back = read_all(r.output.a.get());
  daemon_writes.join();
  r.thread.join();
  TEST_ASSERT_TRUE(got_there == there);
  TEST_ASSERT_TRUE(got_back == back);
}

TEST(an_asker_who_does_not_read_holds_up_only_the_way_back) {
  running r;
  std::string back(1'000'000, 'a');
  std::thread daemon_writes([&] { write_all(r.socket.b.get(), back); });
  write_all(r.input.b.get(), "question");
  char buffer[8] = {};
  TEST_ASSERT_EQUAL_INT(8, recv(r.socket.b.get(), buffer, sizeof buffer, MSG_WAITALL));
  TEST_ASSERT_EQUAL_STRING("question", std::string_view(buffer, sizeof buffer));
  r.output.a.reset();  // and now the asker is gone for good
  r.thread.join();
  TEST_ASSERT_FALSE(r.delivered);
  r.socket.a.reset();
  daemon_writes.join();
}

TEST(the_daemons_end_ends_the_pump_though_the_asker_says_nothing) {
  running r;
  r.socket.b.reset();
  TEST_ASSERT_EQUAL_STRING("", read_all(r.output.a.get()));
  r.thread.join();
}

TEST(an_asker_who_leaves_while_nothing_is_said_ends_the_pump) {
  running r;
  r.output.a.reset();
  r.thread.join();
  TEST_ASSERT_FALSE(r.delivered);
}

TEST(descriptors_are_put_back_as_they_were) {
  running r;
  int before = fcntl(r.input.a.get(), F_GETFL) & ~O_NONBLOCK;
  r.socket.b.reset();
  r.thread.join();
  TEST_ASSERT_EQUAL_INT(before, fcntl(r.input.a.get(), F_GETFL));
}
