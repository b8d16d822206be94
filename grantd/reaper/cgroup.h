// SPDX-License-Identifier: Apache-2.0
// cgroups of the version 2 hierarchy (cgroups(7)): found by a process, made, looked into, killed. Held by
// descriptor and id: a cgroup removed and made again under the same name is another one and is never touched.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace grantd::reaper {

class hierarchy;

// As /proc/PID/cgroup has it ("0::": of the version 2 hierarchy); nothing for a process that is gone.
[[nodiscard]] std::optional<std::string> shown_cgroup_of(pid_t pid);
// The same, where it can be opened: nothing for a cgroup that was removed, and for a path that leads out of
// our cgroup namespace ("/..").
[[nodiscard]] std::optional<std::string> cgroup_path_of(pid_t pid);

class cgroup {
 public:
  // The kernel's number for it (its inode): not given out again in this boot.
  [[nodiscard]] uint64_t id() const { return id_; }
  // Below the hierarchy's root, "/user.slice/...": for the log, and to find it again after a restart.
  [[nodiscard]] const std::string& path() const { return path_; }
  // cgroup.events: EPOLLPRI when `populated` may have changed.
  [[nodiscard]] int events_fd() const { return events_.get(); }

  // A live process in it or below. A cgroup that is gone is empty; what cannot be read is populated.
  [[nodiscard]] bool populated() const;
  // Processes in it and below, at most 512 of at most 1024 cgroups (somebody can make more; it is for
  // signals and terminals only, kill() has no bounds).
  [[nodiscard]] std::vector<pid_t> members() const;
  // To each member: pins it by pidfd, looks whether it is still inside, then sends. How many got it.
  unsigned signal(int signo) const;
  // Is this process in it or below? Asked of the process, by path; never for a cgroup that is gone.
  [[nodiscard]] bool holds(pid_t pid) const;
  // cgroup.kill: everything in it and below, forks included. errno, or 0 (a cgroup that is gone is 0). Before
  // Linux 5.14 there is none: ENOENT while somebody is inside, and nobody is ended.
  [[nodiscard]] int kill() const;
  // Removes what is empty: it and what is below. For cgroups of our own making only.
  void remove(const hierarchy& from) const;

 private:
  friend class hierarchy;
  base::unique_fd directory_;
  base::unique_fd events_;
  std::string path_;
  uint64_t id_ = 0;
};

class hierarchy {
 public:
  // Where cgroup2 is mounted: /sys/fs/cgroup, or in the hybrid layout /sys/fs/cgroup/unified.
  [[nodiscard]] static std::expected<hierarchy, std::string> find();

  // cgroup_path_of, or why not.
  [[nodiscard]] std::expected<std::string, std::string> path_of(pid_t pid) const;
  // `id` given: refused unless it is that very one.
  [[nodiscard]] std::expected<cgroup, std::string> open(const std::string& path,
                                                        std::optional<uint64_t> id = {}) const;
  // Was removed, or made again under the same name. False when that cannot be told.
  [[nodiscard]] bool gone(const std::string& path, uint64_t id) const;
  // A new one below `parent`; refused when there is one of that name.
  [[nodiscard]] std::expected<cgroup, std::string> make(const std::string& parent,
                                                        const std::string& name) const;
  // Moves one process. The caller holds it by pidfd and sees afterwards that it is still alive.
  [[nodiscard]] std::expected<void, std::string> move(const cgroup& into, pid_t pid) const;
  // Ids of the cgroup at `path` and of all above it, innermost first; the root is left out.
  [[nodiscard]] std::vector<uint64_t> ids_up(const std::string& path) const;
  // It and all above it belong to root: nobody else made them, or can move what is in them.
  [[nodiscard]] bool is_roots(const std::string& path) const;
  // For *at() calls.
  [[nodiscard]] int root() const { return root_.get(); }

 private:
  base::unique_fd root_;
};

// "/user.slice/user-1000.slice/session-3.scope" (below anything) is 1000's; nothing for any other shape, and
// for 0.
[[nodiscard]] std::optional<uid_t> owner_of_scope(std::string_view path);

}  // namespace grantd::reaper
