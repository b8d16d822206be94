// SPDX-License-Identifier: Apache-2.0
// BOOTTIME for real: in a time namespace (time_namespaces(7)) the clock is hours ahead, the wall clock is
// not. The decision must follow BOOTTIME. Leaves nothing behind: the namespace ends with its processes.
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "decision/decide.h"
#include "decision/mapping.h"
#include "support/unity.h"

using namespace grantd::base;
using namespace grantd::decision;

namespace {

constexpr int64_t hour = 3600;
constexpr account alice{identity_class::os, "alice"};
constexpr login_point sshd{point_kind::pam, "sshd", ""};

record window(boot_time start, boot_time end) {
  record r{};
  r.kind = record_kind::window;
  r.who = alice;
  r.where = {point_kind::pam, "sshd", ""};
  r.access = access::read_only;
  r.start = start;
  r.end = end;
  r.grant = 7;
  return r;
}

verdict ask(const record& r) { return decide({&r, 1}, {alice, sshd, ""}, boot_now()); }

// What a process sees whose BOOTTIME is `offset_s` ahead of ours.
struct seen {
  clock_pair clocks;
  reason why;
  boot_time until;
};

int enter_and_look(int out, int64_t offset_s, const record& r) {
  if (unshare(CLONE_NEWTIME) != 0 && (errno != EPERM || unshare(CLONE_NEWUSER | CLONE_NEWTIME) != 0))
    return errno;
  const int offsets = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  const std::string line = "boottime " + std::to_string(offset_s) + " 0\n";
  if (offsets < 0 || write(offsets, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return errno;
  const pid_t inside = fork();  // only children are in it
  if (inside < 0) return errno;
  if (inside == 0) {
    const clock_reading now = read_clocks();
    const verdict v = ask(r);
    const seen s{{now.utc, now.boot}, v.why, v.until};
    _exit(write(out, &s, sizeof s) == sizeof s ? 0 : 1);
  }
  int status = 0;
  return waitpid(inside, &status, 0) == inside && status == 0 ? 0 : ECHILD;
}

seen look_from(int64_t offset_s, const record& r) {
  int ends[2];
  TEST_ASSERT_EQUAL_INT(0, pipe2(ends, O_CLOEXEC));
  const pid_t child = fork();
  TEST_ASSERT_TRUE(child >= 0);
  if (child == 0) _exit(enter_and_look(ends[1], offset_s, r));
  close(ends[1]);
  seen s{};
  const ssize_t got = read(ends[0], &s, sizeof s);
  close(ends[0]);
  int status = 0;
  TEST_ASSERT_EQUAL_INT(child, waitpid(child, &status, 0));
  const int why = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  if (why == EPERM || why == ENOSYS || why == EINVAL || why == ENOENT || why == ENOSPC) {
    TEST_IGNORE_MESSAGE(std::string("no time namespace here: ") + std::strerror(why));
  }
  TEST_ASSERT_EQUAL_INT(0, why);
  TEST_ASSERT_EQUAL_INT(sizeof s, got);
  return s;
}

boot_time in(int64_t seconds) { return {boot_now().ns + seconds * ns_per_s}; }

// The namespace's clock really was ahead: by no less than said, and by no more than this took.
void assert_ahead(int64_t offset_s, boot_time before, const seen& s) {
  TEST_ASSERT_TRUE(s.clocks.boot.ns - before.ns >= offset_s * ns_per_s);
  TEST_ASSERT_TRUE(s.clocks.boot.ns - boot_now().ns <= offset_s * ns_per_s);
}

}  // namespace

TEST(a_waiting_window_is_open_where_boottime_is_inside_it) {
  const record r = window(in(hour), in(3 * hour));
  TEST_ASSERT_TRUE(ask(r).why == reason::not_yet);
  const boot_time before = boot_now();
  const seen s = look_from(2 * hour, r);
  assert_ahead(2 * hour, before, s);
  TEST_ASSERT_TRUE(s.why == reason::allowed);
  TEST_ASSERT_EQUAL_INT64(r.end.ns, s.until.ns);
  TEST_ASSERT_TRUE(ask(r).why == reason::not_yet);  // and still waiting here
}

TEST(an_open_window_is_over_where_boottime_is_past_it_whatever_the_wall_clock_says) {
  const record r = window(in(-1), in(hour));
  TEST_ASSERT_TRUE(ask(r).why == reason::allowed);
  const boot_time before = boot_now();
  const utc_time wall = utc_now();
  const seen s = look_from(2 * hour, r);
  assert_ahead(2 * hour, before, s);
  TEST_ASSERT_TRUE(s.clocks.utc.us - wall.us < hour * us_per_s);  // it was told no other wall clock
  TEST_ASSERT_TRUE(s.why == reason::ended);
  TEST_ASSERT_EQUAL_INT64(r.end.ns, s.until.ns);
  TEST_ASSERT_TRUE(ask(r).why == reason::allowed);
}

TEST(a_window_is_mapped_to_the_boottime_of_where_it_is_mapped) {
  const utc_time wall = utc_now();
  const utc_window next_hour{wall, {wall.us + hour * us_per_s}};
  const boot_time before = boot_now();
  const seen s = look_from(5 * hour, window(in(0), in(hour)));
  assert_ahead(5 * hour, before, s);
  const boot_window there = map_first(next_hour, s.clocks);
  TEST_ASSERT_TRUE(there.start <= s.clocks.boot && s.clocks.boot < there.end);
  TEST_ASSERT_EQUAL_INT64(hour * ns_per_s, there.end.ns - there.start.ns);
  // To ours that jump is BOOTTIME without wall clock: a wall clock that fell back, which gives nobody more
  // time.
  const clock_pair here{wall, before};
  TEST_ASSERT_TRUE(stepped_us(here, s.clocks) < -4 * hour * us_per_s);
  const boot_window ours = map_first(next_hour, here);
  TEST_ASSERT_TRUE(map_again(next_hour, ours, s.clocks, trust::synchronised) == ours);
  TEST_ASSERT_TRUE(end_reached(next_hour, ours, s.clocks));
}
