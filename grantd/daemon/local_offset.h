// SPDX-License-Identifier: Apache-2.0
// The host's offset from UTC, for times shown to people. Display only: no decision may depend on it.
#pragma once

#include <cstdint>

namespace grantd::daemon {

// Seconds east of UTC now, by /etc/localtime (TZ is not looked at). 0 when that is not to be had.
[[nodiscard]] int32_t local_offset_s();

}  // namespace grantd::daemon
