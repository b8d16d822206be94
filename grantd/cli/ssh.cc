// SPDX-License-Identifier: Apache-2.0
// Starts and reaps the caller's ssh. No shell is between: arguments go as they are.
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "base/clock.h"
#include "cli/connection.h"

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgets that C++ reads it
}

extern char** environ;

namespace grantd::cli {
namespace {

constexpr int64_t goodbye_ns = 2 * base::ns_per_s;  // how long ssh may take to end once its input has ended

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    if (end > 0) all.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

// `args` with both ends of its standard input and output on `fd`; 0 or an errno.
int start(const std::vector<std::string>& args, int fd, pid_t& pid) {
  std::vector<char*> argv;
  for (const std::string& a : args) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
  sigset_t broken_pipe;  // ignored in grantctl; ssh wants its own
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  int rc = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return rc;
}

// Reaps `pid` if it ends before `deadline_ns`; what it still says is thrown away.
bool ended_within(pid_t pid, int said, int64_t deadline_ns) {
  base::unique_fd process(pidfd_open(pid, 0));
  bool listening = true;
  for (;;) {
    if (waitpid(pid, nullptr, WNOHANG) != 0) return true;  // reaped, or no child of ours
    int64_t left_ms = (deadline_ns - base::boot_now().ns) / 1'000'000;
    if (left_ms <= 0) return false;
    pollfd waits[] = {{process.get(), POLLIN, 0}, {listening ? said : -1, POLLIN, 0}};
    // Without a pidfd (an old kernel) the child is looked at every 20 ms.
    (void)poll(waits, 2, static_cast<int>(process.valid() ? left_ms : std::min<int64_t>(left_ms, 20)));
    if (waits[1].revents == 0) continue;
    char buffer[4096];
    ssize_t n = recv(said, buffer, sizeof buffer, MSG_DONTWAIT);
    listening = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
  }
}

}  // namespace

result<connection> connection::through_ssh(const std::string& program, const address& to, int64_t timeout_us,
                                           int64_t patience_us) {
  std::vector<std::string> args = words(program);
  if (args.empty()) return refuse(exit_code::usage, "GRANTD_SSH names no program", "grantctl --help");
  for (std::string& a : ssh_arguments(to)) args.push_back(std::move(a));
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return refuse(exit_code::unreachable, fmt::format("cannot start ssh: {}", std::strerror(errno)));
  }
  base::unique_fd ours(ends[0]);
  base::unique_fd theirs(ends[1]);
  std::string help = fmt::format("{} -v -T{} {}@{}", program,
                                 to.port == 0 ? "" : fmt::format(" -p {}", to.port), to.user, to.host);
  connection c(std::move(ours), fmt::format("ssh://{}@{}", to.user, to.host), std::move(help), timeout_us);
  c.first_timeout_us_ = patience_us;
  if (int rc = start(args, theirs.get(), c.ssh_); rc != 0) {
    c.ssh_ = -1;
    return refuse(exit_code::unreachable, fmt::format("cannot start {}: {}", program, std::strerror(rc)),
                  "apt-get install openssh-client");
  }
  return c;
}

connection::~connection() {
  if (ssh_ <= 0) return;
  (void)shutdown(fd_.get(), SHUT_WR);
  for (int signal : {0, SIGTERM, SIGKILL}) {  // asked by the end of its input, then told, then made to
    if (signal != 0) (void)kill(ssh_, signal);
    if (ended_within(ssh_, fd_.get(), base::boot_now().ns + goodbye_ns)) break;
  }
}

}  // namespace grantd::cli
