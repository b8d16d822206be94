// SPDX-License-Identifier: Apache-2.0
// What a session leaves behind when no window covers its role any more: prepared transactions, replication slots,
// subscriptions. Reported, never touched.
#pragma once

#include "slots.h"
#include "wake.h"

namespace grantd::pg_hook
{

// Once a round: takes in what ended since, asks the window table of each (when `ask`), has somebody look what is
// left (at most one dynamic background worker at a time), logs and tells. May ereport.
void settle_estates(shared *memory, bool ask, int64_t now_ns, wake &next);

// Is the session of this number told of as left over (or just settled), so that nobody else shall say it ended?
[[nodiscard]] bool is_estate_told(uint64_t number) noexcept;

} // namespace grantd::pg_hook
