// SPDX-License-Identifier: Apache-2.0
// Pins the process at the other end of a socket.
#include "reaper/peer.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

namespace grantd::reaper {
namespace {

#ifdef SO_PEERPIDFD
constexpr int peer_pidfd = SO_PEERPIDFD;
#else
constexpr int peer_pidfd = 77;  // asm-generic/socket.h of Linux 6.5
#endif

bool hung_up(int socket) {
  pollfd one{socket, 0, 0};
  return poll(&one, 1, 0) != 0;
}

}  // namespace

std::optional<pinned_peer> pin_peer(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.pid <= 0) return {};
  int fd = -1;
  size = sizeof fd;
  if (getsockopt(socket, SOL_SOCKET, peer_pidfd, &fd, &size) != 0) {
    if (errno != ENOPROTOOPT) return {};  // it is gone
    fd = pidfd_open(who.pid, 0);
    base::unique_fd opened(fd);
    // While its end is open the process lives, and the number is its own.
    if (!opened.valid() || hung_up(socket)) return {};
    fd = opened.release();
  }
  return pinned_peer{who.pid, who.uid, base::unique_fd(fd)};
}

}  // namespace grantd::reaper
