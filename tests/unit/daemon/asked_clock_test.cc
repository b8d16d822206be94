// SPDX-License-Identifier: Apache-2.0
// Whether the clock is synchronised, as grantd hears it from somebody else.
#include "daemon/asked_clock.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "support/temp_dir.h"
#include "support/unity.h"

namespace grantd::test {
namespace {

using daemon::asked_clock;

base::clock_reading set_to;
base::clock_reading look() noexcept { return set_to; }

void at(double boot_s, double wall_s) { set_to = {{int64_t(wall_s * 1e6)}, {int64_t(boot_s * 1e9)}, false}; }

// Listens as grantd-clock.socket does. Answers each question with `answer`; 0: not at all; '!': hangs up.
class witness {
 public:
  explicit witness(const std::string& path) : listener_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.c_str(), path.size());
    TEST_ASSERT_EQUAL_INT(0, bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at));
    TEST_ASSERT_EQUAL_INT(0, listen(listener_.get(), 8));
    serving_ = std::thread([this] { serve(); });
  }
  ~witness() {
    over = true;
    serving_.join();
  }
  std::atomic<char> answer = 'y';
  std::atomic<int> questions = 0;
  std::atomic<bool> over = false;

 private:
  void serve() {
    base::unique_fd peer;
    while (!over) {
      pollfd two[] = {{listener_.get(), POLLIN, 0}, {peer.get(), POLLIN, 0}};
      if (poll(two, 2, 10) <= 0) continue;
      if ((two[0].revents & POLLIN) != 0) peer.reset(accept(listener_.get(), nullptr, nullptr));
      char byte = 0;
      if (two[1].revents == 0) continue;
      if (recv(two[1].fd, &byte, 1, MSG_DONTWAIT) != 1) {
        if (two[1].fd == peer.get()) peer.reset();
        continue;
      }
      ++questions;
      byte = answer;
      if (byte == '!') {
        peer.reset();
      } else if (byte != 0) {
        (void)send(peer.get(), &byte, 1, MSG_NOSIGNAL);
      }
    }
  }
  base::unique_fd listener_;
  std::thread serving_;
};

TEST(what_grantd_clock_says_counts) {
  temp_dir dir;
  witness w(dir / "clock.sock");
  asked_clock clock(dir / "clock.sock", look);
  at(100, 1000);
  TEST_ASSERT_TRUE(clock.read().synchronised);
  TEST_ASSERT_EQUAL_INT64(100 * base::ns_per_s, clock.read().boot.ns);
  w.answer = 'n';
  at(102, 1002);
  TEST_ASSERT_FALSE(clock.read().synchronised);
}

TEST(it_is_asked_once_a_second_and_at_once_after_a_step) {
  temp_dir dir;
  witness w(dir / "clock.sock");
  asked_clock clock(dir / "clock.sock", look);
  for (int i = 0; i < 9; ++i) {
    at(100 + i / 10.0, 1000 + i / 10.0);
    TEST_ASSERT_TRUE(clock.read().synchronised);
  }
  TEST_ASSERT_EQUAL_INT(1, w.questions);
  w.answer = 'n';  // somebody set the clock forward by hand
  at(100.9, 4600);
  TEST_ASSERT_FALSE(clock.read().synchronised);
  TEST_ASSERT_EQUAL_INT(2, w.questions);
  w.answer = 'y';  // and back
  at(100.9, 1000.9);
  TEST_ASSERT_TRUE(clock.read().synchronised);
}

TEST(no_answer_is_a_no_in_bounded_time_and_a_late_one_is_not_heard) {
  temp_dir dir;
  witness w(dir / "clock.sock");
  asked_clock clock(dir / "clock.sock", look);
  at(100, 1000);
  TEST_ASSERT_TRUE(clock.read().synchronised);
  w.answer = 0;
  at(102, 1002);
  const auto before = std::chrono::steady_clock::now();
  TEST_ASSERT_FALSE(clock.read().synchronised);
  TEST_ASSERT_TRUE(std::chrono::steady_clock::now() - before < std::chrono::seconds(10));  // not for ever
  at(104, 1004);  // not at once again
  TEST_ASSERT_FALSE(clock.read().synchronised);
  TEST_ASSERT_EQUAL_INT(2, w.questions);
  w.answer = 'y';
  at(113, 1013);
  TEST_ASSERT_TRUE(clock.read().synchronised);
}

TEST(any_other_answer_is_a_no) {
  temp_dir dir;
  witness w(dir / "clock.sock");
  w.answer = 'Y';
  asked_clock clock(dir / "clock.sock", look);
  at(100, 1000);
  TEST_ASSERT_FALSE(clock.read().synchronised);
}

TEST(who_hangs_up_is_asked_once_more_and_then_it_is_a_no) {
  temp_dir dir;
  witness w(dir / "clock.sock");
  w.answer = '!';
  asked_clock clock(dir / "clock.sock", look);
  at(100, 1000);
  TEST_ASSERT_FALSE(clock.read().synchronised);
  TEST_ASSERT_EQUAL_INT(2, w.questions);
}

TEST(where_nobody_listens_the_kernel_is_asked) {
  temp_dir dir;
  asked_clock clock(dir / "clock.sock", look);
  at(100, 1000);
  TEST_ASSERT_TRUE(clock.read().synchronised == base::clock_synchronised());
}

}  // namespace
}  // namespace grantd::test
