// SPDX-License-Identifier: Apache-2.0
// Looks at who listens on the agent's socket; says nothing to it.
#include "cli/agent.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/unique_fd.h"

namespace grantd::cli {
namespace {

// "sshd"; empty when it cannot be known.
std::string name_of(pid_t pid) {
  if (pid <= 0) return {};
  std::string path = "/proc/" + std::to_string(pid) + "/comm";
  base::unique_fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char name[64];
  ssize_t n = fd.valid() ? read(fd.get(), name, sizeof name) : -1;
  return n > 0 ? std::string(name, static_cast<size_t>(n)) : std::string();
}

}  // namespace

bool is_forwarded_agent(const std::string& socket_path, bool ssh_session) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (socket_path.empty() || socket_path.size() >= sizeof where.sun_path) return false;
  socket_path.copy(where.sun_path, socket_path.size());
  base::unique_fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ssh_session;
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    return errno == EAGAIN && ssh_session;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return ssh_session;
  std::string name = name_of(peer.pid);
  if (name.empty()) {
    // ssh-agent listens, forks into the background and ends; an sshd that has ended forwards nothing.
    bool ended = peer.pid > 0 && kill(peer.pid, 0) != 0 && errno == ESRCH;
    return !ended && ssh_session;
  }
  return name.starts_with("sshd");  // sshd, and sshd-session since OpenSSH 9.8
}

}  // namespace grantd::cli
