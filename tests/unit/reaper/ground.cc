// SPDX-License-Identifier: Apache-2.0
// Makes and clears the test's own cgroups.
#include "unit/reaper/ground.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "support/unity.h"

extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

namespace grantd::test {
namespace {

constexpr int exit_skipped = 77;

reaper::hierarchy find() {
  auto h = reaper::hierarchy::find();
  if (!h || faccessat(h->root(), ".", W_OK, 0) != 0 || geteuid() != 0) {
    std::fprintf(stderr, "skipped: %s\n", h ? "cgroup v2 cannot be written" : h.error().c_str());
    std::exit(exit_skipped);
  }
  return std::move(*h);
}

}  // namespace

ground::ground() : groups(find()), path_("/grantd-test-" + std::to_string(getpid())) {
  if (mkdirat(groups.root(), path_.c_str() + 1, 0755) != 0) {
    std::fprintf(stderr, "skipped: no cgroup can be made\n");
    std::exit(exit_skipped);
  }
}

ground::~ground() {
  auto mine = groups.open(path_);
  if (!mine) return;
  (void)mine->kill();
  (void)wait_until([&] { return !mine->populated(); });
  mine->remove(groups);
}

reaper::cgroup ground::make(const std::string& below) const {
  size_t at = 0;
  for (; (at = below.find('/', at)) != std::string::npos; ++at) {
    (void)mkdirat(groups.root(), (path_ + "/" + below.substr(0, at)).c_str() + 1, 0755);
  }
  const size_t last = below.rfind('/');
  const std::string parent = last == std::string::npos ? path_ : path_ + "/" + below.substr(0, last);
  auto made = groups.make(parent, last == std::string::npos ? below : below.substr(last + 1));
  if (!made) throw std::runtime_error(made.error());
  return std::move(*made);
}

bool ground::is_there(const std::string& path) const {
  struct stat s{};
  return fstatat(groups.root(), path.c_str() + 1, &s, AT_SYMLINK_NOFOLLOW) == 0;
}

void ground::remove_one(const std::string& path) const {
  if (!wait_until([&] { return unlinkat(groups.root(), path.c_str() + 1, AT_REMOVEDIR) == 0; }, 2000)) {
    throw std::runtime_error(path + " cannot be removed");
  }
}

child::child(const ground& in, const reaper::cgroup& group, const std::function<void()>& body) {
  std::array<int, 2> go{};
  if (pipe2(go.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  base::unique_fd hear(go[0]);
  base::unique_fd say(go[1]);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    say.reset();
    char byte = 0;
    if (read(hear.get(), &byte, 1) != 1) _exit(3);
    hear.reset();
    body ? body() : sleep_for_ever();
    _exit(0);
  }
  pidfd_.reset(pidfd_open(pid_, 0));
  auto moved = in.groups.move(group, pid_);
  const bool told = moved && write(say.get(), "g", 1) == 1;
  if (told) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  throw std::runtime_error(moved ? "write" : moved.error());
}

child::~child() {
  if (reaped_) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

int child::ended_by() {
  if (!reaped_) reaped_ = waitpid(pid_, &status_, WNOHANG) == pid_;
  if (!reaped_) return -1;
  return WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
}

int child::exit_code() {
  if (!reaped_) reaped_ = waitpid(pid_, &status_, 0) == pid_;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
}

void child::kill() const {
  if (!reaped_) ::kill(pid_, SIGKILL);
}

void sleep_for_ever() {
  for (;;) pause();
}

void ignore_and_sleep() {
  (void)std::signal(SIGHUP, SIG_IGN);
  (void)std::signal(SIGTERM, SIG_IGN);
  sleep_for_ever();
}

void fork_sleepers(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    if (fork() == 0) sleep_for_ever();
  }
}

bool lives(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace grantd::test
