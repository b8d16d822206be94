// SPDX-License-Identifier: Apache-2.0
// epoll, level-triggered.
#include "service/loop.h"

namespace grantd::service {

loop::loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

bool loop::add(int fd, uint32_t events, uint64_t number) {
  epoll_event e{};
  e.events = events;
  e.data.u64 = number;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) == 0;
}

void loop::change(int fd, uint32_t events, uint64_t number) {
  epoll_event e{};
  e.events = events;
  e.data.u64 = number;
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &e);
}

std::span<const epoll_event> loop::wait(int timeout_ms) {
  int n = epoll_wait(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()), timeout_ms);
  return {ready_.data(), n > 0 ? static_cast<size_t>(n) : 0};
}

}  // namespace grantd::service
