// SPDX-License-Identifier: Apache-2.0
// Watches a directory by inotify, by name again and again. Never waits; when in doubt it says "changed".
#include "table/watch.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace grantd::table {
namespace {

// IN_CREATE and IN_MODIFY are left out: the publisher's temporary file would wake everybody for nothing.
constexpr uint32_t mask = IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_ATTRIB |
                          IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

constexpr unsigned max_reads = 64;  // a writer at full speed must not keep drain() busy for ever

bool is_unfinished(std::string_view name) { return name.ends_with(".new"); }

// Does a buffer of events hold one that is not about the publisher's unfinished file?
bool tells_of_change(const char* buffer, size_t size) {
  size_t at = 0;
  while (size - at >= sizeof(inotify_event)) {
    inotify_event event;
    std::memcpy(&event, buffer + at, sizeof event);
    if (size - at - sizeof event < event.len) return true;
    const char* name = buffer + at + sizeof event;
    if (event.len == 0 || !is_unfinished({name, strnlen(name, event.len)})) return true;
    at += sizeof event + event.len;
  }
  return false;
}

}  // namespace

void directory_watch::open(const char* directory) noexcept {
  directory_ = directory;
  watch_ = -1;
  inotify_.reset();
  (void)watch_by_name();
}

// True when another directory than before is watched, or none.
bool directory_watch::watch_by_name() noexcept {
  if (!inotify_.valid()) inotify_.reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify_.valid() || directory_ == nullptr) return true;
  // The same directory gives the same number; one renamed, mounted or made in its place another.
  const int now = inotify_add_watch(inotify_.get(), directory_, mask);
  if (now >= 0 && now == watch_) return false;
  if (watch_ >= 0) (void)inotify_rm_watch(inotify_.get(), watch_);
  watch_ = now;
  return true;
}

bool directory_watch::drain() noexcept {
  bool changed = false;
  if (inotify_.valid()) {
    alignas(inotify_event) char buffer[4096];
    unsigned reads = 0;
    for (; reads < max_reads; ++reads) {
      const ssize_t n = read(inotify_.get(), buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      if (tells_of_change(buffer, static_cast<size_t>(n))) changed = true;
    }
    if (reads == max_reads) changed = true;
  }
  // After reading and before the caller looks: what changes from here on is an event of the new watch.
  return watch_by_name() || changed;
}

}  // namespace grantd::table
