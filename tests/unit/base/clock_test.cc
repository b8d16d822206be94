// SPDX-License-Identifier: Apache-2.0
// The clocks that exist, and the kernel's word on them. No assertion about how fast anything is.
#include "base/clock.h"

#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

#include "base/boot_id.h"
#include "support/unity.h"

using namespace grantd::base;

TEST(boot_time_is_the_kernels_and_moves_forward) {
  timespec before{}, after{};
  TEST_ASSERT_EQUAL_INT(0, clock_gettime(CLOCK_BOOTTIME, &before));
  boot_time now = boot_now();
  TEST_ASSERT_EQUAL_INT(0, clock_gettime(CLOCK_BOOTTIME, &after));
  TEST_ASSERT_TRUE(before.tv_sec * ns_per_s + before.tv_nsec <= now.ns);
  TEST_ASSERT_TRUE(now.ns <= after.tv_sec * ns_per_s + after.tv_nsec);
}

TEST(both_clocks_are_read_as_one) {
  boot_time before = boot_now();
  clock_reading r = read_clocks();
  boot_time after = boot_now();
  TEST_ASSERT_TRUE(before <= r.boot && r.boot <= after);
  TEST_ASSERT_TRUE(r.utc.us > 1'700'000'000 * us_per_s);
}

TEST(the_boot_id_is_the_kernels) {
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  auto id = read_boot_id();
  TEST_ASSERT_TRUE(id.has_value());
  std::string shown;
  for (size_t i = 0; i < id->size(); ++i) {
    char two[3];
    (void)std::snprintf(two, sizeof two, "%02x", (*id)[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) shown += '-';
    shown += two;
  }
  TEST_ASSERT_EQUAL_STRING(text, shown);
}
