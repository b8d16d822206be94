// SPDX-License-Identifier: Apache-2.0
// What of each backend the worker, the exit callback and the next reader must know: one slot for each process
// number, in shared memory. Nothing in it decides anything; a backend decides by the window table.
#pragma once

#include "base/names.h"
#include "base/time.h"
#include "decision/scope.h"
#include "inquiry.h"
#include "server.h"
#include "wire/presence.h"

namespace grantd::pg_hook
{

enum class slot_state : uint8_t
{
	empty,
	gated, // asked for a grant: has a timer, takes pokes
	ungated, // let in while grantd.mode was off or audit: listed, not put out
};

// Names are terminated. Written by its backend under the lock; `until_ns`, `grant` and `cause` also by its
// signal handler, with atomic stores: read those atomically.
struct slot
{
	pid_t pid; // 0: nobody
	slot_state state;
	uint8_t cause; // wire::presence_cause: why it raised SIGTERM; 0: it did not
	uint8_t proved_count;
	uint8_t proved_by[2]; // decision::identity_class
	bool replication;
	uint8_t access; // decision::access: what it was given, fixed (I10)
	uint64_t number; // in this run, from 1; 0: not let in yet (poke it, but do not list it)
	int64_t since_ns; // BOOTTIME
	int64_t until_ns; // BOOTTIME; of a gated one: the end known of. It asks again by then, and every 5 s
	uint64_t grant;
	char name[2][base::max_identity + 1];
	char database[NAMEDATALEN]; // empty: physical replication
	char role[NAMEDATALEN];
	char remote[64];
	// What outlives it, in words ("replication slot x, y"), or empty. Written at exit, before it is released.
	char left[81];
};

inline constexpr unsigned ended_kept = 256;

// While somebody is inside the worker looks so often, and is not woken for each who comes or goes: that would
// be the dearest part of a connection.
inline constexpr int64_t look_every_ns = base::ns_per_s / 2;

struct shared
{
	LWLock *lock; // slots[].pid and everything of `ended`; the exit callback takes it, too
	uint64_t run; // random, not 0; a new one with new memory (after a crash)
	uint64_t next_number;
	Latch *worker; // of the worker that runs; NULL: none. Under the lock
	int64_t looks_ns; // BOOTTIME, atomic: when the worker looks by itself; INT64_MAX: it must be woken
	unsigned count; // of slots
	uint64_t ended_count; // how many were put into `ended`, ever; number n (from 0) stands at n % ended_kept
	struct
	{
		slot what; // cause `closed` where it raised nothing
		int64_t at_ns; // BOOTTIME of the exit
	} ended[ended_kept];
	inquiry asked; // there is one at a time

	[[nodiscard]] slot *
	slots() noexcept
	{
		return reinterpret_cast<slot *>(this + 1);
	} // `count` of them
};
static_assert(alignof(shared) % alignof(slot) == 0); // slots()

// Once each, from _PG_init.
void reserve_shared_memory();

// Of this process; NULL before the server has made it.
[[nodiscard]] shared *memory();

// Takes this backend's slot (by its process number) and arranges for its release at exit; NULL when there is
// none. From here on it can be poked; nobody lists it before admit().
[[nodiscard]] slot *claim(const slot &filled);

// That of the backend whose parallel worker this is; NULL when there is none. Not to be written.
[[nodiscard]] const slot *slot_of_leader() noexcept;

// The session was let in, with `access`, until `until_ns`: gives it its number. On its release it moves to
// `ended`. The worker sees both within look_every_ns.
void admit(slot *mine, decision::access access, int64_t until_ns, uint64_t grant);

} // namespace grantd::pg_hook
