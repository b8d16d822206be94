// SPDX-License-Identifier: Apache-2.0
// Cgroups below one of the test's own, processes and terminals in them; all gone with the object. And faults
// put between two system calls of the code under test.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "reaper/cgroup.h"
#include "support/unity.h"

namespace grantd::test {

class own_groups {
 public:
  // "/grantd-test-PID-N" of the version 2 hierarchy; without one that we can write to, the test is skipped.
  own_groups();
  ~own_groups();
  own_groups(const own_groups&) = delete;
  own_groups& operator=(const own_groups&) = delete;

  [[nodiscard]] const reaper::hierarchy& all() const { return all_; }
  [[nodiscard]] const std::string& path() const { return parent_.path(); }
  // Below ours: make("a"), make("b", "/a"). Fails the test when it cannot be made.
  [[nodiscard]] reaper::cgroup make(const std::string& name, const std::string& below = "") const;

 private:
  reaper::hierarchy all_;
  reaper::cgroup parent_;
};

// A process of the test's own; killed and reaped with the object.
class process {
 public:
  static void sleeps() {}
  // `body` runs in it, inside `in` already; then it sleeps until it is killed.
  explicit process(const std::function<void()>& body = sleeps);
  process(const own_groups& groups, const reaper::cgroup& in, const std::function<void()>& body = sleeps);
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool alive() const;  // neither gone nor a zombie
  void end();                        // killed and reaped: its number is free
  // A stranger that has the number of one that was reaped.
  [[nodiscard]] static std::unique_ptr<process> with_number(pid_t number,
                                                            const std::function<void()>& body = sleeps);

 private:
  struct adopted {};
  process(adopted, pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

class terminal {
 public:
  terminal();
  // For a process's body: a session of its own with this as its controlling terminal.
  void take() const;
  [[nodiscard]] unsigned number() const { return number_; }
  [[nodiscard]] unsigned device() const;
  [[nodiscard]] std::string said() const;  // what was written to it since
  void fill() const;                       // nobody reads: until not one byte more fits

 private:
  base::unique_fd master_;
  base::unique_fd slave_;
  unsigned number_ = 0;
};

// Runs in a child; a failed check there fails the test here.
void in_child(const std::function<void()>& body);

// Called before the call itself; errno to fail with, 0 to go on. Set to nothing afterwards.
struct faults {
  std::function<int(const std::string& name)> openat;
  std::function<void(pid_t)> pidfd_open;
  std::function<int(const std::string& name)> fstatat;
  std::function<int(const std::string& name)> unlink;
  faults() = default;
  ~faults();
  faults(const faults&) = delete;
  faults& operator=(const faults&) = delete;
  void arm();
};

}  // namespace grantd::test
