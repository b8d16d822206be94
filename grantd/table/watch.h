// SPDX-License-Identifier: Apache-2.0
// Notices that the table changed: inotify on its *directory* (the file is replaced by rename). Used by
// enders.
#pragma once

#include "base/unique_fd.h"

namespace grantd::table {

inline constexpr int watch_recheck_ms = 5000;  // read again at least this often, whatever inotify says
inline constexpr int watch_poll_ms = 250;      // ... and this often when inotify is not to be had

class directory_watch {
 public:
  // `directory` absolute. Without inotify it still works, by polling: see timeout_ms().
  void open(const char* directory) noexcept;
  // For poll or epoll; -1 without inotify. It does not change while it is valid, but drain() may find inotify
  // where there was none: after a -1 ask again.
  [[nodiscard]] int fd() const noexcept { return inotify_.get(); }
  // How long a caller may wait for fd() before it calls drain() and reads the table again all the same.
  [[nodiscard]] int timeout_ms() const noexcept { return watch_ >= 0 ? watch_recheck_ms : watch_poll_ms; }
  // Takes all waiting events; true when something changed, an overflow or a lost watch included, and always
  // while nothing is watched. Watches by name again each time: a directory renamed, removed, mounted over or
  // made anew is followed. Call it before reading the table, never after.
  [[nodiscard]] bool drain() noexcept;

 private:
  bool watch_by_name() noexcept;
  base::unique_fd inotify_;
  int watch_ = -1;
  const char* directory_ = nullptr;  // the caller keeps the string alive
};

}  // namespace grantd::table
