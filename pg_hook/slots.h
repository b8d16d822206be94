// SPDX-License-Identifier: Apache-2.0
// What of each backend the worker, the exit callback and the next reader must know: one slot for each process
// number, in shared memory. Nothing in it decides anything; a backend decides by the window table.
#pragma once

#include "base/names.h"
#include "decision/scope.h"
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

// Names are terminated. Written by its backend before `pid`, under the lock; `until`, `grant` and `cause` are
// written by the backend's signal handler, with atomic stores, and read without the lock.
struct slot
{
	pid_t pid; // 0: nobody
	slot_state state;
	uint8_t cause; // wire::presence_cause: why it raised SIGTERM; 0: it did not
	uint8_t proved_count;
	uint8_t proved_by[2]; // decision::identity_class
	bool replication;
	uint8_t access; // decision::access: what it was given, fixed (I10)
	uint64_t number; // in this run, from 1
	int64_t since_ns; // BOOTTIME
	int64_t until_ns; // BOOTTIME; of a gated one: when it will ask again at the latest
	uint64_t grant;
	char name[2][base::max_identity + 1];
	char database[NAMEDATALEN];
	char role[NAMEDATALEN];
	char remote[64];
	char left
		[81]; // what outlives it, in words, written by the exit callback ("replication slot \"x\""); or empty
};

inline constexpr unsigned ended_kept = 256;

struct shared
{
	LWLock *lock; // slots[].pid and everything of `ended`; the exit callback takes it, too
	uint64_t run; // random
	uint64_t next_number;
	Latch *worker; // of the worker that runs; NULL: none
	unsigned count; // of slots
	uint64_t ended_count; // how many were put into `ended`, ever; the newest ended_kept are there
	struct
	{
		slot what;
		int64_t at_ns; // BOOTTIME of the exit
	} ended[ended_kept];

	[[nodiscard]] slot *
	slots() noexcept
	{
		return reinterpret_cast<slot *>(this + 1);
	} // `count` of them
};

// Once each, from _PG_init.
void reserve_shared_memory();

// Of this process; NULL before the server has made it.
[[nodiscard]] shared *memory();

// Takes this backend's slot (by its process number) and arranges for its release at exit: on release it moves to
// `ended`, and the worker is woken. FATAL when there is none: nobody is let in who could not be put out.
[[nodiscard]] slot *claim(const slot &filled);

} // namespace grantd::pg_hook
