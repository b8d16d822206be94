// SPDX-License-Identifier: Apache-2.0
// Finds the processes of a cgroup in /proc and ends them. Each is pinned before it is looked at a last time.
#include "reaper/sweep.h"

#include <charconv>
#include <csignal>
#include <memory>
#include <set>
#include <string_view>

#include "base/unique_fd.h"
#include "reaper/cgroup.h"
#include "reaper/file.h"

extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

namespace grantd::reaper {
namespace {

// All of /proc is read each time, while everybody else's ends wait.
constexpr int most_passes = 3;

bool is_in(pid_t pid, const std::string& path) {
  const auto at = shown_cgroup_of(pid);
  return at && at->starts_with(path) && (at->size() == path.size() || (*at)[path.size()] == '/');
}

}  // namespace

void sweep(const std::string& path) {
  std::set<pid_t> found;
  bool more = true;  // as long as a pass finds somebody whom the one before did not see
  for (int pass = 0; more && pass < most_passes; ++pass) {
    more = false;
    std::unique_ptr<DIR, close_directory> d(opendir("/proc"));
    while (const dirent* e = d ? readdir(d.get()) : nullptr) {
      const std::string_view name = e->d_name;
      pid_t pid = 0;
      const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
      if (error != std::errc{} || stop != name.data() + name.size() || !is_in(pid, path)) continue;
      more = found.insert(pid).second || more;
      base::unique_fd pinned(pidfd_open(pid, 0));
      // The number may have changed hands before it was pinned; after that the signal reaches this one or
      // nobody.
      if (pinned.valid() && is_in(pid, path)) (void)pidfd_send_signal(pinned.get(), SIGKILL, nullptr, 0);
    }
  }
}

}  // namespace grantd::reaper
