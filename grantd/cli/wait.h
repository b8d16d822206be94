// SPDX-License-Identifier: Apache-2.0
// Waiting until a request has ended; and what to say when one was asked or opened.
#pragma once

#include "cli/command.h"
#include "cli/grants.h"
#include "cli/requests.h"

namespace grantd::cli {

// The answer of Request: the grant that opened at once, or what happens next; with `wait` goes on until the
// request has ended. Done when it is open.
[[nodiscard]] result<exit_code> report_asked(const value& answer, bool wait, context& c);

// Returns the request once it is no longer pending. A grantd that goes away is looked for again until
// surroundings::restart_patience_us has passed: unreachable.
[[nodiscard]] result<value> wait_for_end(const access_request& r, context& c);

}  // namespace grantd::cli
