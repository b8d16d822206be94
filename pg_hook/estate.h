// SPDX-License-Identifier: Apache-2.0
// Sessions that ended and whose role may have left something: kept by the worker, in its own memory, until others
// need the room. The newest of each kind, and each that leaves something.
#pragma once

#include "inquiry.h"
#include "presence.h"
#include "slots.h"

namespace grantd::pg_hook
{

enum class phase : uint8_t
{
	none,
	waiting, // a window covers the role
	wanted, // none does: to be looked into when `look_ns` has come
	settled, // looked into, nothing (more) is left
};

enum class cover : uint8_t
{
	open,
	over,
	unknown, // the table is not to be believed
};

struct estate
{
	slot what; // the newest session of its kind that ended
	int64_t at_ns; // when it ended
	phase is;
	cover alone; // what the table says of it, whoever else shares the role
	uint8_t failures;
	bool slot_logged;
	bool was_left; // told of as left over, ever
	int64_t look_ns;
	int64_t settled_ns;
	char found[max_found]; // by the inquiry
	told before;
};

// Once, in the worker. Allocates.
void make_room_for_estates();

// All places, those of `phase::none` included. None before there is room.
[[nodiscard]] std::span<estate> all_estates() noexcept;

// What two sessions leave is one if it is: the same role in the same database.
[[nodiscard]] bool same_owner(const slot &a, const slot &b) noexcept;

// May it leave anything that concerns us? Not the sessions of exempt and service roles. May ereport.
[[nodiscard]] bool may_leave(const slot &who);

// Takes in what ended since the last time; true when there was anything. May ereport.
[[nodiscard]] bool take_in(shared *memory);

// Is one of the replication slots that the exit callback named (slots.h) still there?
[[nodiscard]] bool slot_is_left(const char *words) noexcept;

[[nodiscard]] bool leaves_something(const estate &e) noexcept;

} // namespace grantd::pg_hook
