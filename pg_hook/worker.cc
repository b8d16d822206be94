// SPDX-License-Identifier: Apache-2.0
// The background worker's life: started by the postmaster, waits for the window table, for backends and for its
// settings, and starts a round. No database, no decision.
#include "worker.h"

#include "base/clock.h"
#include "estate.h"
#include "leftover.h"
#include "module_name.h"
#include "presence.h"
#include "sentry.h"
#include "settings.h"
#include "slots.h"
#include "table/watch.h"

#include <new>

extern "C"
{
#include <pgstat.h>
#include <postmaster/bgworker.h>
#include <postmaster/interrupt.h>
#include <storage/ipc.h>
}

namespace grantd::pg_hook
{

namespace
{

constexpr int64_t recheck_ns = table::watch_recheck_ms * (base::ns_per_s / 1000);

constexpr int exit_and_start_again = 1; // 0 would be for good, anything else restarts the cluster

char directory[MAXPGPATH]; // that is watched

// Never destroyed: what is watched is let go of by the end of the process.
table::directory_watch &
watch() noexcept
{
	alignas(table::directory_watch) static unsigned char place[sizeof(table::directory_watch)];
	static auto *const made = new (place) table::directory_watch;

	return *made;
}

void
watch_directory_of(const char *table) noexcept
{
	char wanted[MAXPGPATH];

	const char *slash = strrchr(table, '/'); // it is absolute: the setting's check hook
	const size_t length = slash == table ? 1 : static_cast<size_t>(slash - table);
	memcpy(wanted, table, length);
	wanted[length] = '\0';
	if (strcmp(wanted, directory) == 0)
		return;
	memcpy(directory, wanted, length + 1);
	watch().open(directory);
}

void
read_settings_again(shared *m)
{
	const int before = current.mode;
	const int enforce = static_cast<int>(gate_mode::enforce);

	ProcessConfigFile(PGC_SIGHUP);
	watch_directory_of(current.table);
	if (before != enforce && current.mode == enforce)
		list_ungated(m, base::boot_now().ns);
}

void
retire(int, Datum) noexcept
{
	shared *m = memory();

	LWLockAcquire(m->lock, LW_EXCLUSIVE);
	if (m->worker == MyLatch)
		m->worker = nullptr;
	LWLockRelease(m->lock);
}

void
report_for_duty(shared *m)
{
	watch_sessions(m);
	make_room_for_estates();
	before_shmem_exit(retire, 0);
	LWLockAcquire(m->lock, LW_EXCLUSIVE);
	m->worker = MyLatch;
	__atomic_store_n(&m->looks_ns, INT64_MAX, __ATOMIC_RELEASE);
	LWLockRelease(m->lock);
	watch_directory_of(current.table);
}

// Until something happens, or `until_ns`.
void
wait_until(int64_t until_ns)
{
	const int64_t left_ms =
		(until_ns - base::boot_now().ns + base::ns_per_s / 1000 - 1) / (base::ns_per_s / 1000);
	int timeout_ms = watch().timeout_ms();
	int events = WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH;

	if (left_ms < timeout_ms)
		timeout_ms = left_ms < 0 ? 0 : static_cast<int>(left_ms);
	if (watch().fd() >= 0)
		events |= WL_SOCKET_READABLE;
	(void)WaitLatchOrSocket(MyLatch, events, watch().fd() >= 0 ? watch().fd() : PGINVALID_SOCKET, timeout_ms,
							PG_WAIT_EXTENSION);
}

[[noreturn]] void
run(shared *m)
{
	int64_t asked_ns = 0;

	for (;;)
	{
		__atomic_store_n(&m->looks_ns, INT64_MAX, __ATOMIC_RELEASE); // who comes during a round wakes it
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ShutdownRequestPending)
			proc_exit(exit_and_start_again);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			read_settings_again(m);
			asked_ns = 0;
		}

		wake next;
		const bool changed = watch().drain(); // before the table is read
		const int64_t now_ns = base::boot_now().ns;
		const bool ask = changed || asked_ns == 0 || now_ns - asked_ns >= recheck_ns;
		if (ask)
			asked_ns = now_ns;
		next.by(asked_ns + recheck_ns);
		pace_telling(changed, now_ns, next);
		look_at_sessions(m, ask, now_ns, next);
		settle_estates(m, ask, now_ns, next);
		tell_of_ended(m, now_ns, next);
		__atomic_store_n(&m->looks_ns, next.at_ns, __ATOMIC_RELEASE);
		wait_until(next.at_ns);
	}
}

} // namespace

void
register_worker()
{
	BackgroundWorker worker{};

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
	worker.bgw_start_time = BgWorkerStart_ConsistentState; // a standby has its own grantd
	worker.bgw_restart_time = 1;
	name_module(worker);
	snprintf(worker.bgw_function_name, sizeof worker.bgw_function_name, "%s", "grantd_worker_main");
	snprintf(worker.bgw_name, sizeof worker.bgw_name, "%s", "grantd");
	snprintf(worker.bgw_type, sizeof worker.bgw_type, "%s", "grantd");
	RegisterBackgroundWorker(&worker);
}

} // namespace grantd::pg_hook

void
grantd_worker_main(unsigned long)
{
	using namespace grantd::pg_hook;

	// Not the default handler of SIGTERM, which raises an error wherever it interrupts.
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	shared *m = memory();
	if (m == nullptr)
		ereport(ERROR, (errmsg("pg_grantd has no shared memory")));
	report_for_duty(m);
	run(m);
}
