// SPDX-License-Identifier: Apache-2.0
// A process that SIGKILL does not get rid of: what hangs in the kernel looks like this.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>

#include "support/unity.h"

namespace grantd::test {

// Traces a process so that it stops where it would be gone.
class hold_at_exit {
 public:
  explicit hold_at_exit(pid_t pid) : pid_(pid) {
    TEST_ASSERT_EQUAL_INT(0, ptrace(PTRACE_SEIZE, pid, nullptr, reinterpret_cast<void*>(PTRACE_O_TRACEEXIT)));
  }
  ~hold_at_exit() { let_go(); }
  hold_at_exit(const hold_at_exit&) = delete;
  hold_at_exit& operator=(const hold_at_exit&) = delete;
  // Once it has stopped: before that the kernel lets nobody detach.
  void let_go() {
    if (held_) (void)wait_until([&] { return ptrace(PTRACE_DETACH, pid_, nullptr, nullptr) == 0; }, 5000);
    held_ = false;
  }

 private:
  pid_t pid_;
  bool held_ = true;
};

}  // namespace grantd::test
