// SPDX-License-Identifier: Apache-2.0
// Registers a session with the reaper: connect, send, receive, within one absolute deadline. The only wait of
// a guest. No heap, no name service.
#pragma once

#include "guest/check.h"
#include "wire/registration.h"

namespace grantd::guest {

struct registered {
  wire::registration_result result = wire::registration_result::failed;
  answer a{};          // covered and denied: what the reaper decided
  char why[112] = {};  // failed: in words, terminated
};

inline constexpr int64_t registration_patience_ns = 5 * base::ns_per_s;

// `socket_path` absolute. The server must run as root (SO_PEERCRED): anybody else's answer is a failure, and
// so is everything unexpected. `deadline` is absolute.
[[nodiscard]] registered register_session(const char* socket_path, const wire::registration& what,
                                          base::boot_time deadline) noexcept;

// The reaper's answer on the wire, both ways. The views of the first live as long as `a`.
[[nodiscard]] wire::registration_answer flatten(const answer& a, wire::registration_result result) noexcept;
// False when a number means nothing here.
[[nodiscard]] bool unflatten(const wire::registration_answer& in, answer& out) noexcept;

}  // namespace grantd::guest
