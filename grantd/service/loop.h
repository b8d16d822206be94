// SPDX-License-Identifier: Apache-2.0
// epoll, level-triggered: descriptors go in with a number, numbers come out with what is ready.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/unique_fd.h"

namespace grantd::service {

class loop {
 public:
  loop();
  [[nodiscard]] bool valid() const { return epoll_.valid(); }
  [[nodiscard]] bool add(int fd, uint32_t events, uint64_t number);
  void change(int fd, uint32_t events, uint64_t number);
  // Closing a descriptor takes it out as well.
  // What is ready; nothing after `timeout_ms` (-1: never) or a signal. Lives until the next call.
  [[nodiscard]] std::span<const epoll_event> wait(int timeout_ms);

 private:
  base::unique_fd epoll_;
  std::array<epoll_event, 512> ready_{};
};

}  // namespace grantd::service
