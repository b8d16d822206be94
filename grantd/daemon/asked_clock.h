// SPDX-License-Identifier: Apache-2.0
// The kernel's clocks, and grantd-clock's word on whether they are synchronised: grantd's own unit may not
// ask.
#pragma once

#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "daemon/timekeeper.h"

namespace grantd::daemon {

// Asks once a second at most, and at once when the wall clock stepped: after the step, so that nobody's
// `date` is taken for the network's. No answer in time is a no. Where nobody listens at `socket` the kernel
// is asked directly.
class asked_clock : public clock_source {
 public:
  using clocks = base::clock_reading (*)() noexcept;
  explicit asked_clock(std::string socket, clocks look = base::read_clocks)
      : socket_(std::move(socket)), look_(look) {}
  [[nodiscard]] base::clock_reading read() override;

 private:
  enum class word : uint8_t { yes, no, none, nobody };
  [[nodiscard]] word ask();
  [[nodiscard]] bool connect();

  std::string socket_;
  clocks look_;
  base::unique_fd to_;
  bool synchronised_ = false;
  bool answered_ = false;   // the first answer may take as long as a process takes to start
  base::boot_time next_{};  // when it is asked again
  decision::clock_pair asked_{};
};

}  // namespace grantd::daemon
