// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of session.sock: pinned, so that its number cannot become somebody else's.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/unique_fd.h"

namespace grantd::reaper {

struct pinned_peer {
  pid_t pid;
  uid_t uid;
  base::unique_fd pidfd;
};

// SO_PEERPIDFD (Linux 6.5), else pidfd_open(2) of SO_PEERCRED's number while the peer has not hung up.
// Nothing when it is gone, or is in a PID namespace that we do not see.
[[nodiscard]] std::optional<pinned_peer> pin_peer(int socket);

}  // namespace grantd::reaper
