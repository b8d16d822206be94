// SPDX-License-Identifier: Apache-2.0
// Carries bytes both ways between two streams; looks into none of them.
#pragma once

#include <string>

namespace grantd::cli {

// From `in` to `socket` and from `socket` to `out`, until the socket's peer has ended and all it said is
// written, or `out` or the socket fails. The end of `in` is passed on (shutdown), the other way goes on.
// `first` goes to `out` before anything else. Neither way waits for the other; at most 64 KiB are held each
// way. The descriptors are set non-blocking and put back. False when bytes of the socket could not be
// delivered.
[[nodiscard]] bool pump(int in, int out, int socket, std::string first = {});

}  // namespace grantd::cli
