// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a connection.
#include "daemon/peer.h"

#include <sys/socket.h>

namespace grantd::daemon {

std::optional<uid_t> peer_uid(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || size != sizeof who)
    return std::nullopt;
  if (who.uid == static_cast<uid_t>(-1)) return std::nullopt;
  return who.uid;
}

}  // namespace grantd::daemon
