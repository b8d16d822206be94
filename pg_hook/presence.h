// SPDX-License-Identifier: Apache-2.0
// Tells grantd how sessions stand (PROTOCOL.md, "Presence"): news at once, the rest again and again. Never waits.
#pragma once

#include "slots.h"
#include "wake.h"

namespace grantd::pg_hook
{

// What was said of one session last; all zero: nothing yet.
struct told
{
	uint64_t number;
	uint64_t digest;
	int64_t at_ns;
};

struct status
{
	wire::presence_state state;
	wire::presence_cause cause = wire::presence_cause::none;
	int64_t until_ns = 0;
	const char *text = "";
};

// Once a round, before anything is told: after a change of the window table all is told again, at most once a second.
void pace_telling(bool table_changed, int64_t now_ns, wake &next) noexcept;

// Sends one datagram to grantd.report if it is news or its turn has come. What could not be sent is tried again.
void tell(told &before, const slot &who, const status &how, int64_t now_ns, wake &next) noexcept;

// Tells of those in `ended`, for as long as PROTOCOL.md says, but for those that leave something behind.
void tell_of_ended(shared *memory, int64_t now_ns, wake &next) noexcept;

} // namespace grantd::pg_hook
