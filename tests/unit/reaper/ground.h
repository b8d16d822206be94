// SPDX-License-Identifier: Apache-2.0
// Real cgroups below one of the test's own, and processes in them. All of it is gone at the end, failed or
// not.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/unique_fd.h"
#include "reaper/cgroup.h"

namespace grantd::test {

class ground {
 public:
  // "/grantd-test-PID". Without a cgroup v2 that can be written the program exits with 77: skipped.
  ground();
  ~ground();
  ground(const ground&) = delete;
  ground& operator=(const ground&) = delete;

  // Below the test's own, made with what is above it: make("user.slice/user-7.slice").
  [[nodiscard]] reaper::cgroup make(const std::string& below) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_there(const std::string& path) const;
  void remove_one(const std::string& path) const;  // throws

  reaper::hierarchy groups;

 private:
  std::string path_;
};

// A forked process; killed and reaped at the end.
class child {
 public:
  // Runs `body` once it is in the cgroup; by default it sleeps.
  child(const ground& in, const reaper::cgroup& group, const std::function<void()>& body = {});
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  // Has it ended? By which signal, or 0 with an exit; -1: it lives.
  [[nodiscard]] int ended_by();
  [[nodiscard]] int exit_code();  // waits for it; -1 after a signal
  void kill() const;

 private:
  pid_t pid_ = -1;
  base::unique_fd pidfd_;
  bool reaped_ = false;
  int status_ = 0;
};

// What a child does that must not be put out politely.
void sleep_for_ever();
void ignore_and_sleep();  // SIGHUP and SIGTERM

// Forks `count` processes that sleep, from within a child; they are the cgroup's to end.
void fork_sleepers(unsigned count);

[[nodiscard]] bool lives(pid_t pid);

}  // namespace grantd::test
