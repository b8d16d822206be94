// SPDX-License-Identifier: Apache-2.0
// Whether one set of scopes gives all that another opened. Pure.
#pragma once

#include "daemon/pool.h"

namespace grantd::daemon {

// What a wider scope contains counts as given.
[[nodiscard]] bool gives_all(const pool& names, scopes_id now, scopes_id opened);

}  // namespace grantd::daemon
