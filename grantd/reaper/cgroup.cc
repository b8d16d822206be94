// SPDX-License-Identifier: Apache-2.0
// One cgroup, held by descriptor and id. What can be read wrongly counts as populated, never as empty.
#include "reaper/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <memory>

#include "reaper/file.h"

extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

namespace grantd::reaper {
namespace {

constexpr unsigned max_depth = 16;
constexpr size_t max_members = 512;     // each costs a read or two before the kill
constexpr unsigned max_cgroups = 1024;  // in one walk: a user with a delegated subtree can make any number

bool is_gone(int error) { return error == ENOENT || error == ENODEV; }

// Calls `each` with every directory directly below, until it says false.
template <typename F>
void each_child(int directory, F each) {
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;
  std::unique_ptr<DIR, close_directory> d(fdopendir(copy));
  if (!d) {
    base::unique_fd closed(copy);
    return;
  }
  while (const dirent* e = readdir(d.get())) {
    const std::string_view name = e->d_name;
    // Others with a leading dot are cgroups like any.
    if (e->d_type == DT_DIR && name != "." && name != ".." && !each(e->d_name)) return;
  }
}

base::unique_fd open_child(int directory, const char* name) {
  return base::unique_fd(openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void collect(int directory, unsigned depth, unsigned& cgroups, std::vector<pid_t>& out) {
  // A threaded cgroup answers EOPNOTSUPP; its processes stand in the cgroup above.
  const std::string text = read_at(directory, "cgroup.procs").value_or("");
  for (size_t at = 0; at < text.size() && out.size() < max_members;) {
    size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    pid_t pid = 0;
    std::from_chars(text.data() + at, text.data() + end, pid);
    if (pid > 0) out.push_back(pid);  // 0: of a PID namespace that we do not see
    at = end + 1;
  }
  if (depth == max_depth) return;
  each_child(directory, [&](const char* name) {
    if (out.size() >= max_members || cgroups >= max_cgroups) return false;
    ++cgroups;
    base::unique_fd child = open_child(directory, name);
    if (child.valid()) collect(child.get(), depth + 1, cgroups, out);
    return true;
  });
}

void remove_below(int directory, unsigned depth) {
  if (depth == max_depth) return;
  each_child(directory, [&](const char* name) {
    base::unique_fd child = open_child(directory, name);
    if (child.valid()) remove_below(child.get(), depth + 1);
    (void)unlinkat(directory, name, AT_REMOVEDIR);
    return true;
  });
}

}  // namespace

bool cgroup::populated() const {
  char text[256];
  ssize_t n = pread(events_.get(), text, sizeof text, 0);
  if (n < 0) return !is_gone(errno);
  return std::string_view(text, static_cast<size_t>(n)).find("populated 0") == std::string_view::npos;
}

std::vector<pid_t> cgroup::members() const {
  std::vector<pid_t> out;
  unsigned cgroups = 0;
  collect(directory_.get(), 0, cgroups, out);
  return out;
}

bool cgroup::holds(pid_t pid) const {
  const auto path = cgroup_path_of(pid);
  if (!path || !path->starts_with(path_)) return false;
  if (path->size() != path_.size() && (*path)[path_.size()] != '/') return false;
  // Ours is still there, so it was when the path was read, and a path names one cgroup at a time: not one
  // made again under the name.
  char byte;
  return pread(events_.get(), &byte, 1, 0) == 1;
}

unsigned cgroup::signal(int signo) const {
  unsigned sent = 0;
  for (pid_t pid : members()) {
    base::unique_fd pinned(pidfd_open(pid, 0));
    // The number may have been somebody else's when it was pinned. Should it change hands after that, the
    // pinned process is dead and the signal reaches nobody.
    if (!pinned.valid() || !holds(pid)) continue;
    if (pidfd_send_signal(pinned.get(), signo, nullptr, 0) == 0) ++sent;
  }
  return sent;
}

int cgroup::kill() const {
  base::unique_fd file(openat(directory_.get(), "cgroup.kill", O_WRONLY | O_CLOEXEC));
  if (file.valid() && write(file.get(), "1", 1) == 1) return 0;
  const int error = errno;
  return is_gone(error) && !populated() ? 0 : error;
}

void cgroup::remove(const hierarchy& from) const {
  remove_below(directory_.get(), 0);
  // By name, and only while the name is still ours.
  if (from.open(path_, id_)) (void)unlinkat(from.root(), path_.c_str() + 1, AT_REMOVEDIR);
}

}  // namespace grantd::reaper
