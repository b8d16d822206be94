// SPDX-License-Identifier: Apache-2.0
// What came to report.sock since the start, for the handlers to look at.
#pragma once

#include "daemon/seen_log.h"
#include "daemon/sessions.h"

namespace grantd::daemon {

struct heard {
  seen_log seen;
  sessions inside;
};

}  // namespace grantd::daemon
