// SPDX-License-Identifier: Apache-2.0
// Whether one set of scopes gives all that another opened. Pure.
#pragma once

#include "daemon/pool.h"
#include "policy/policy.h"
#include "store/store.h"

namespace grantd::daemon {

// What a wider scope contains counts as given.
[[nodiscard]] bool gives_all(const pool& names, scopes_id now, scopes_id opened);

// Would the rule it was asked by still let it be asked for?
[[nodiscard]] bool still_asked(const policy::policy& p, const store::request& r);

}  // namespace grantd::daemon
