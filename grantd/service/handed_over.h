// SPDX-License-Identifier: Apache-2.0
// Sockets that the service manager opened for us: sd_listen_fds(3), without libsystemd.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace grantd::service {

struct handed_over {
  base::unique_fd fd;  // FD_CLOEXEC and O_NONBLOCK set
  std::string name;    // FileDescriptorName=, by default the socket unit's; may be empty
  int type;            // SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM
  bool listening;
};

// Takes all of them, once: the variables are unset. Refused when one is not a Unix socket: an open descriptor
// is a right. Empty when none were handed over, or they were meant for another process.
[[nodiscard]] std::expected<std::vector<handed_over>, std::string> take_handed_over();

}  // namespace grantd::service
