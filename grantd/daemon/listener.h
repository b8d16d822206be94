// SPDX-License-Identifier: Apache-2.0
// api.sock and report.sock: bound here, or handed over by the service manager (sd_listen_fds(3)) and checked.
#pragma once

#include <expected>
#include <string>

#include "base/unique_fd.h"

namespace grantd::daemon {

struct listeners {
  base::unique_fd api;     // SOCK_STREAM, listening
  base::unique_fd report;  // SOCK_DGRAM, SO_PASSCRED
};

// The directory that holds table and sockets: there, ours to write, and nobody else's. Empty: fine.
[[nodiscard]] std::string check_run_directory(const std::string& path);

// What LISTEN_FDS does not bring is bound in `run`; a socket file left behind there is replaced. Both are
// 0666.
[[nodiscard]] std::expected<listeners, std::string> open_listeners(const std::string& run);

}  // namespace grantd::daemon
