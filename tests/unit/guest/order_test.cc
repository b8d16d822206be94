// SPDX-License-Identifier: Apache-2.0
// When the clock is read: only once the table is open. Stands before libc's clock_gettime to see it.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>

#include "guest/check.h"
#include "support/unity.h"
#include "unit/guest/table_fixture.h"

namespace {

std::string watched;  // the table, while a check runs
unsigned readings = 0;
unsigned readings_without_table = 0;

bool is_open(const std::string& path) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) == path) return true;
  }
  return false;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t clock, timespec* out) noexcept {
  if (!watched.empty() && clock == CLOCK_BOOTTIME) {
    ++readings;
    if (!is_open(watched)) ++readings_without_table;
  }
  return static_cast<int>(syscall(SYS_clock_gettime, clock, out));
}

TEST(the_clock_is_read_once_and_only_with_the_table_open) {
  using namespace grantd;
  test::table_fixture t;
  t.records = {test::pam_window("alice", "sshd", -60, 3600)};
  t.publish();
  decision::account alice{decision::identity_class::os, "alice"};
  decision::login_point sshd{decision::point_kind::pam, "sshd", {}};
  watched = std::filesystem::canonical(t.path()).string();
  guest::answer a = guest::check(t.path().c_str(), {.proved = {&alice, 1}, .where = sshd, .role = {}});
  watched.clear();
  TEST_ASSERT_TRUE(a.verdict.allows());
  TEST_ASSERT_EQUAL_INT(1, readings);
  TEST_ASSERT_EQUAL_INT(0, readings_without_table);
}
