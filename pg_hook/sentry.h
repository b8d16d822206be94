// SPDX-License-Identifier: Apache-2.0
// The worker's look at those who are inside: whose account the window table says something new about, who should be
// gone and is not. It pokes and raises the alarm; it decides nothing and ends nobody.
#pragma once

#include "slots.h"
#include "wake.h"

namespace grantd::pg_hook
{

// Once, in the worker. Allocates.
void watch_sessions(shared *memory);

// Once a round. `ask`: asks the window table about each gated one and pokes those that it concerns.
void look_at_sessions(shared *memory, bool ask, int64_t now_ns, wake &next);

// To the log, those who are inside without having been asked for a grant.
void list_ungated(shared *memory, int64_t now_ns);

} // namespace grantd::pg_hook
