// SPDX-License-Identifier: Apache-2.0
// The end of the window in a backend: a kernel timer on BOOTTIME and a signal whose handler asks the window table
// again, and raises SIGTERM when nothing covers the session any more. The handler is async-signal-safe
// throughout.
#pragma once

#include "guest/check.h"
#include "server.h"
#include "slots.h"

namespace grantd::pg_hook
{

// Timer and pokes: asked again at least so often, so that an end is seen with the worker dead or stopped.
inline constexpr int64_t ask_again_ns = 5 * base::ns_per_s;

// The signal by which the worker pokes, and the timer's.
[[nodiscard]] int poke_signal() noexcept;

// Of this process. `active`: armed. A copy, taken with the signal blocked.
struct standing
{
	bool active;
	bool ended; // as by SIGTERM; `last` says why
	guest::answer last;
	decision::login_point where; // views into static memory
};

// In this order (DESIGN section 9): prepare() installs the handler, holds the signal back and claims the slot,
// then the caller looks up, then arm() starts the timer and lets the signal through, or the caller refuses.
// FATAL, logged, when the handler, the slot or the timer is not to be had. `who` and `cluster` are copied.
// What arm() returns may have ended already: by a poke that waited.
void prepare(const slot &who, const char *cluster);
[[nodiscard]] standing arm(const guest::answer &allowed);

// A language that anybody may write functions in can ignore or take the signal ($SIG{...} of trusted PL/Perl):
// takes it back, and asks for what came meanwhile. A system call when all is well.
void keep_handler() noexcept;

// A backend that is let in without being asked for a grant: in its slot, if there is one.
void note_ungated(const slot &who);

// At exit, before the slot goes: no timer, and a poke does nothing.
void disarm() noexcept;

[[nodiscard]] standing stand() noexcept;

// Asks now, with the resource's name; for what is said to the person. Signal blocked meanwhile.
[[nodiscard]] standing stand_named() noexcept;

// The same at the cost of two loads: the end known of (BOOTTIME), or the smallest number when not armed; and
// whether SIGTERM was raised.
[[nodiscard]] int64_t known_end() noexcept;
[[nodiscard]] bool was_ended() noexcept;

} // namespace grantd::pg_hook
