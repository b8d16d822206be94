// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a connection, as the kernel says (SO_PEERCRED, unix(7)).
#pragma once

#include <sys/types.h>

#include <optional>

namespace grantd::daemon {

// The uid that connected; pids are decoration and not asked for.
[[nodiscard]] std::optional<uid_t> peer_uid(int socket);

}  // namespace grantd::daemon
