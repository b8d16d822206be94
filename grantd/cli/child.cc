// SPDX-License-Identifier: Apache-2.0
// Spawns, feeds, reads and reaps. The input is a file in memory, so that a child that does not read it holds
// nobody up.
#include "cli/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/unique_fd.h"

extern char** environ;

namespace grantd::cli {
namespace {

std::expected<base::unique_fd, int> file_of(std::string_view bytes) {
  base::unique_fd fd(memfd_create("input", MFD_CLOEXEC));
  if (!fd.valid()) return std::unexpected(errno);
  while (!bytes.empty()) {
    ssize_t n = write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  if (lseek(fd.get(), 0, SEEK_SET) != 0) return std::unexpected(errno);
  return fd;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const std::string& w : words) all.push_back(const_cast<char*>(w.c_str()));
  all.push_back(nullptr);
  return all;
}

int start(const program& p, int in, int out, pid_t& pid) {
  std::vector<char*> argv = pointers(p.argv);
  std::vector<char*> own = pointers(p.environment);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, p.err, STDERR_FILENO);
  sigset_t broken_pipe;  // ignored in grantctl
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  int rc = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(),
                        p.environment.empty() ? environ : own.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return rc;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[16384];
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n == 0 || (n < 0 && errno != EINTR)) return text;
    if (n > 0 && text.size() < max_kept) text.append(buffer, static_cast<size_t>(n));
  }
}

}  // namespace

std::expected<ended_program, int> run_program(const program& p) {
  auto in = file_of(p.input);
  if (!in) return std::unexpected(in.error());
  base::unique_fd ours;
  base::unique_fd theirs;
  if (p.out < 0) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(errno);
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
  }
  pid_t pid = -1;
  if (int rc = start(p, in->get(), p.out < 0 ? theirs.get() : p.out, pid); rc != 0)
    return std::unexpected(rc);
  theirs.reset();
  ended_program done;
  if (p.out < 0) done.out = read_all(ours.get());
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return std::unexpected(errno);
  }
  done.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return done;
}

std::vector<std::string> environment_with_agent(std::string_view socket) {
  std::vector<std::string> all;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    if (!std::string_view(*at).starts_with("SSH_AUTH_SOCK=")) all.emplace_back(*at);
  }
  if (!socket.empty()) all.push_back("SSH_AUTH_SOCK=" + std::string(socket));
  return all;
}

}  // namespace grantd::cli
