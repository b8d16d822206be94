// SPDX-License-Identifier: Apache-2.0
// Notices that the table changed: inotify on its *directory* (the file is replaced by rename). Used by enders.
#pragma once

#include "base/unique_fd.h"

namespace grantd::table {

inline constexpr int watch_recheck_ms = 5000;  // read again at least this often, whatever inotify says
inline constexpr int watch_poll_ms = 250;      // ... and this often when inotify is not to be had

class directory_watch {
 public:
  // `directory` absolute. Without inotify it still works, by polling: see timeout_ms().
  void open(const char* directory) noexcept;
  // For poll or epoll; -1 without inotify.
  [[nodiscard]] int fd() const noexcept { return inotify_.get(); }
  // How long a caller may wait for fd() before it reads the table again all the same.
  [[nodiscard]] int timeout_ms() const noexcept { return inotify_.valid() ? watch_recheck_ms : watch_poll_ms; }
  // Takes all waiting events; true when something changed, an overflow or a lost watch included. After a lost
  // watch (directory replaced) it watches anew by name.
  [[nodiscard]] bool drain() noexcept;

 private:
  base::unique_fd inotify_;
  const char* directory_ = nullptr;  // the caller keeps the string alive
};

}  // namespace grantd::table
