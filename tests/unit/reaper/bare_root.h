// SPDX-License-Identifier: Apache-2.0
// Root as grantd-reaper.service leaves it: with CAP_KILL alone, so that modes of files count.
#pragma once

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/unity.h"

namespace grantd::test {

// This thread, until the end.
class bare_root {
 public:
  bare_root() {
    TEST_ASSERT_EQUAL_INT(0, syscall(SYS_capget, &head_, before_));
    __user_cap_data_struct bare[2] = {before_[0], before_[1]};
    bare[0].effective &= 1U << CAP_KILL;
    bare[1].effective = 0;
    TEST_ASSERT_EQUAL_INT(0, syscall(SYS_capset, &head_, bare));
  }
  ~bare_root() { (void)syscall(SYS_capset, &head_, before_); }
  bare_root(const bare_root&) = delete;
  bare_root& operator=(const bare_root&) = delete;

 private:
  __user_cap_header_struct head_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[2]{};
};

}  // namespace grantd::test
