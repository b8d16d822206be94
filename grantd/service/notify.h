// SPDX-License-Identifier: Apache-2.0
// Tells the service manager how it goes (sd_notify(3)) without libsystemd. Silent when nobody wants to know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace grantd::service {

class notify {
 public:
  notify();  // reads and unsets NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID
  void send(std::string_view state) const;
  // Half of the watchdog's limit; 0: none is set.
  [[nodiscard]] int64_t watchdog_ns() const { return watchdog_ns_; }

 private:
  std::string path_;
  int64_t watchdog_ns_ = 0;
};

}  // namespace grantd::service
