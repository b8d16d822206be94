// SPDX-License-Identifier: Apache-2.0
// The shared memory: one slot for each backend. Whoever holds its lock takes no other, and neither waits nor
// reports errors.
#include "slots.h"

#include "base/clock.h"
#include "base/siphash.h"
#include "session.h"

#include <algorithm>

extern "C"
{
#include <postmaster/autovacuum.h>
#include <replication/slot.h>
#include <storage/ipc.h>
#include <storage/proc.h>
#include <storage/shmem.h>
}

namespace grantd::pg_hook
{

namespace
{

constexpr const char *tranche = "pg_grantd";

shmem_startup_hook_type previous_startup = nullptr;
#if PG_VERSION_NUM >= 150000
shmem_request_hook_type previous_request = nullptr;
#endif

shared *there = nullptr;
unsigned reserved = 0; // slots that memory was asked for
slot *mine = nullptr;

// Replication slots that were there when the session began, each by its place; those behind are not looked at.
uint64_t seen[256];
char held[NAMEDATALEN];

// Every backend with a client has a process number below MaxBackends.
unsigned
slots_needed() noexcept
{
#if PG_VERSION_NUM >= 150000
	return static_cast<unsigned>(MaxBackends);
#else
	// Not computed yet: its parts, and room for what a later library adds.
	return static_cast<unsigned>(MaxConnections + autovacuum_max_workers + 1 + max_worker_processes +
								 max_wal_senders) +
		   64;
#endif
}

size_t
size_for(unsigned slots) noexcept
{
	return sizeof(shared) + slots * sizeof(slot);
}

void
request()
{
#if PG_VERSION_NUM >= 150000
	if (previous_request != nullptr)
		previous_request();
#endif
	reserved = slots_needed();
	RequestAddinShmemSpace(size_for(reserved));
	RequestNamedLWLockTranche(tranche, 1);
}

void
start_up()
{
	bool found = false;

	if (previous_startup != nullptr)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	there = static_cast<shared *>(ShmemInitStruct(tranche, size_for(reserved), &found));
	if (!found)
	{
		memset(static_cast<void *>(there), 0, size_for(reserved));
		there->lock = &GetNamedLWLockTranche(tranche)[0].lock;
		there->next_number = 1;
		there->count = reserved;
		while (there->run == 0)
		{
			if (!pg_strong_random(&there->run, sizeof(there->run)))
				ereport(FATAL, (errmsg("pg_grantd could not get random bytes")));
		}
	}
	LWLockRelease(AddinShmemInitLock);
}

unsigned
process_number() noexcept
{
#if PG_VERSION_NUM >= 170000
	return static_cast<unsigned>(MyProcNumber);
#else
	return MyProc == nullptr ? UINT_MAX : static_cast<unsigned>(MyProc->pgprocno);
#endif
}

// Under the lock. `soon`: it looks by itself soon enough.
void
wake_worker(bool soon) noexcept
{
	const int64_t looks_ns = __atomic_load_n(&there->looks_ns, __ATOMIC_ACQUIRE);

	if (there->worker != nullptr && (!soon || looks_ns > base::boot_now().ns + look_every_ns))
		SetLatch(there->worker);
}

uint64_t
hash_of(const ReplicationSlot &s) noexcept
{
	base::siphash13 h({});
	h.add(NameStr(s.data.name), strlen(NameStr(s.data.name)));
	return h.finish();
}

std::span<ReplicationSlot>
replication_slots() noexcept
{
	if (ReplicationSlotCtl == nullptr || max_replication_slots <= 0)
		return {};
	return {ReplicationSlotCtl->replication_slots, static_cast<size_t>(max_replication_slots)};
}

void
remember_replication_slots()
{
	unsigned i = 0;

	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (const ReplicationSlot &s :
		 replication_slots().first(std::min(std::size(seen), replication_slots().size())))
		seen[i++] = s.in_use ? hash_of(s) : 0;
	LWLockRelease(ReplicationSlotControlLock);
}

// Nobody knows who made a replication slot: one that was not there when the session began, that nobody else
// uses and that this session could have made is taken for its own.
bool
is_left(const ReplicationSlot &s, unsigned i) noexcept
{
	if (!s.in_use || s.data.persistency != RS_PERSISTENT)
		return false;
	if (held[0] != '\0' && strcmp(NameStr(s.data.name), held) == 0)
		return true;
	return i < std::size(seen) && seen[i] != hash_of(s) && (s.active_pid == 0 || s.active_pid == MyProcPid) &&
		   (s.data.database == InvalidOid || s.data.database == MyDatabaseId);
}

void
note_what_is_left(char (&out)[81])
{
	size_t used = 0;
	unsigned i = 0;

	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (const ReplicationSlot &s : replication_slots())
	{
		if (!is_left(s, i++) || used >= sizeof(out))
			continue;
		const int n = snprintf(out + used, sizeof(out) - used, "%s%s", used == 0 ? "replication slot " : ", ",
							   NameStr(s.data.name));
		used += n > 0 ? static_cast<size_t>(n) : sizeof(out);
	}
	LWLockRelease(ReplicationSlotControlLock);
}

// Before the server lets go of it.
void
note_held(int, Datum)
{
	if (MyReplicationSlot != nullptr)
		snprintf(held, sizeof(held), "%s", NameStr(MyReplicationSlot->data.name));
}

void
release(int, Datum)
{
	// As the server does at an abort: a FATAL may have come while one was held, and here two are taken.
	LWLockReleaseAll();
	disarm();
	if (mine->state == slot_state::gated && mine->number != 0)
		note_what_is_left(mine->left);

	LWLockAcquire(there->lock, LW_EXCLUSIVE);
	if (mine->number != 0)
	{
		auto &last = there->ended[there->ended_count++ % ended_kept];
		last.what = *mine;
		last.at_ns = base::boot_now().ns;
		if (last.what.cause == static_cast<uint8_t>(wire::presence_cause::none))
			last.what.cause = static_cast<uint8_t>(wire::presence_cause::closed);
		wake_worker(there->ended_count % (ended_kept / 4) != 0); // or the oldest would be overwritten
	}
	mine->pid = 0;
	mine->state = slot_state::empty;
	LWLockRelease(there->lock);
	mine = nullptr;
}

} // namespace

void
reserve_shared_memory()
{
#if PG_VERSION_NUM >= 150000
	previous_request = shmem_request_hook;
	shmem_request_hook = request;
#else
	request();
#endif
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = start_up;
}

shared *
memory()
{
	return there;
}

slot *
claim(const slot &filled)
{
	const unsigned i = process_number();

	if (there == nullptr || i >= there->count || mine != nullptr)
		return nullptr;
	if (filled.state == slot_state::gated)
		remember_replication_slots();

	// Registered first: whatever comes, what is taken is given back.
	mine = &there->slots()[i];
	before_shmem_exit(note_held, 0);
	on_shmem_exit(release, 0);
	LWLockAcquire(there->lock, LW_EXCLUSIVE);
	*mine = filled;
	mine->number = 0;
	mine->pid = MyProcPid;
	LWLockRelease(there->lock);
	return mine;
}

const slot *
slot_of_leader() noexcept
{
	const PGPROC *leader = MyProc == nullptr ? nullptr : MyProc->lockGroupLeader;

	if (there == nullptr || leader == nullptr)
		return nullptr;
#if PG_VERSION_NUM >= 170000
	const auto i = static_cast<unsigned>(GetNumberFromPGProc(leader));
#else
	const auto i = static_cast<unsigned>(leader->pgprocno);
#endif
	return i < there->count ? &there->slots()[i] : nullptr;
}

void
admit(slot *taken, decision::access access, int64_t until_ns, uint64_t grant)
{
	LWLockAcquire(there->lock, LW_EXCLUSIVE);
	taken->access = static_cast<uint8_t>(access);
	__atomic_store_n(&taken->until_ns, until_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&taken->grant, grant, __ATOMIC_RELAXED);
	taken->number = there->next_number++;
	wake_worker(true);
	LWLockRelease(there->lock);
}

} // namespace grantd::pg_hook
