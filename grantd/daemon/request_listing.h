// SPDX-License-Identifier: Apache-2.0
// Requests as one caller sees them. No I/O.
#pragma once

#include "daemon/dispatch.h"

namespace grantd::daemon {

[[nodiscard]] json::value described(const request& r, const store::request& q);
// A pending request that the caller may still approve.
[[nodiscard]] bool waits_for(const request& r, const store::request& q);

}  // namespace grantd::daemon
