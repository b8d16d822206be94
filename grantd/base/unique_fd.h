// SPDX-License-Identifier: Apache-2.0
// Owns one file descriptor. Closing happens here and nowhere else; errno survives it.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace grantd::base {

class unique_fd {
 public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  unique_fd(const unique_fd&) = delete;
  unique_fd& operator=(const unique_fd&) = delete;
  ~unique_fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
  // Gives the descriptor away; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept {
    int old = std::exchange(fd_, fd);
    if (old < 0) return;
    int saved = errno;
    ::close(old);  // Linux frees the descriptor even on EINTR: never retried
    errno = saved;
  }

 private:
  int fd_ = -1;
};

}  // namespace grantd::base
