// SPDX-License-Identifier: Apache-2.0
// The dynamic background worker that reads pg_prepared_xacts and pg_subscription for one role. Read only, one
// transaction; every name is qualified, since whoever owns the database chose its search_path.
#include "inquiry.h"

#include "guest/line.h"
#include "module_name.h"
#include "slots.h"
#include "worker.h"

extern "C"
{
#include <access/xact.h>
#include <catalog/pg_type.h>
#include <executor/spi.h>
#include <pgstat.h>
#include <postmaster/bgworker.h>
#include <storage/ipc.h>
#include <tcop/tcopprot.h>
#include <utils/builtins.h>
#include <utils/snapmgr.h>
}

namespace grantd::pg_hook
{

namespace
{

// What bgw_extra has room for, exactly.
struct subject
{
	char role[NAMEDATALEN];
	char database[NAMEDATALEN];
};
static_assert(sizeof(subject) <= BGW_EXTRALEN);

BackgroundWorkerHandle *running = nullptr;

// One column of text for (role).
void
query(const char *sql, const char *role)
{
	Oid types[] = {NAMEOID};
	Datum values[] = {CStringGetDatum(role)}; // NAMEDATALEN bytes: subject

	pgstat_report_activity(STATE_RUNNING, sql);
	if (SPI_execute_with_args(sql, 1, types, values, nullptr, true, 0) != SPI_OK_SELECT)
		ereport(ERROR, (errmsg("pg_grantd cannot see what role \"%s\" left", role)));
}

const char *
value(uint64 row)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1);
}

void
note(guest::line &summary, bool &first, const char *kind, const char *name)
{
	summary.add(first ? "" : ", ").add(kind).add(" \"").add(name).add("\"");
	first = false;
}

// Its owner is the role that logged in: prepared.cc.
constexpr char prepared_sql[] =
	"select x.gid from pg_catalog.pg_prepared_xacts x where x.owner "
	"operator(pg_catalog.=) $1 and x.database operator(pg_catalog.=) "
	"pg_catalog.current_database() order by x.prepared";
// One that another role was made the owner of is not found: pg_grantd(7).
constexpr char subscriptions_sql[] =
	"select s.subname from pg_catalog.pg_subscription s join pg_catalog.pg_roles r on r.oid "
	"operator(pg_catalog.=) s.subowner join pg_catalog.pg_database d on d.oid operator(pg_catalog.=) "
	"s.subdbid "
	"where r.rolname operator(pg_catalog.=) $1 and d.datname operator(pg_catalog.=) "
	"pg_catalog.current_database() order by s.subname";

// Once, unless it was asked about anew.
void
log_left(const char *known, const char *kind, const char *name, const subject &of, const char *help)
{
	if (strstr(known, psprintf("%s \"%s\"", kind, name)) != nullptr)
		return;
	ereport(
		log_min_messages > WARNING ? LOG : WARNING,
		(errmsg("left over: %s \"%s\" of role \"%s\" in database \"%s\"", kind, name, of.role, of.database),
		 errdetail("No window covers the role any more."), errhint("%s", help)));
}

void
look(const subject &of, inquiry &asked)
{
	bool first = true;
	guest::line summary{asked.found};

	query(prepared_sql, of.role);
	for (uint64 i = 0; i < SPI_processed; ++i)
	{
		const char *gid = value(i);
		note(summary, first, "prepared transaction", gid);
		log_left(asked.known, "prepared transaction", gid, of,
				 psprintf("ROLLBACK PREPARED %s", quote_literal_cstr(gid)));
	}
	query(subscriptions_sql, of.role);
	for (uint64 i = 0; i < SPI_processed; ++i)
	{
		const char *name = value(i);
		note(summary, first, "subscription", name);
		log_left(asked.known, "subscription", name, of,
				 psprintf("ALTER SUBSCRIPTION %s DISABLE", quote_identifier(name)));
	}
}

void
wake_the_worker(int, Datum) noexcept
{
	shared *m = memory();

	LWLockAcquire(m->lock, LW_SHARED);
	if (m->worker != nullptr)
		SetLatch(m->worker);
	LWLockRelease(m->lock);
}

} // namespace

bool
start_inquiry(const char *role, const char *database, const char *known)
{
	BackgroundWorker worker{};
	subject of{};

	snprintf(of.role, sizeof of.role, "%s", role);
	snprintf(of.database, sizeof of.database, "%s", database);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	name_module(worker);
	snprintf(worker.bgw_function_name, sizeof worker.bgw_function_name, "%s", "grantd_leftover_main");
	snprintf(worker.bgw_name, sizeof worker.bgw_name, "%s", "grantd leftover");
	snprintf(worker.bgw_type, sizeof worker.bgw_type, "%s", "grantd leftover");
	memcpy(worker.bgw_extra, &of, sizeof of);

	inquiry &asked = memory()->asked;
	asked = {};
	snprintf(asked.known, sizeof asked.known, "%s", known);
	return RegisterDynamicBackgroundWorker(&worker, &running);
}

inquiry_state
finish_inquiry(char (&found)[max_found])
{
	pid_t pid = 0;

	if (running == nullptr)
		return inquiry_state::none;
	const BgwHandleStatus is = GetBackgroundWorkerPid(running, &pid);
	if (is == BGWH_STARTED || is == BGWH_NOT_YET_STARTED)
		return inquiry_state::running;
	pfree(running);
	running = nullptr;
	const inquiry &asked = memory()->asked;
	if (__atomic_load_n(&asked.done, __ATOMIC_ACQUIRE) == 0)
		return inquiry_state::failed;
	memcpy(found, asked.found, sizeof found);
	return inquiry_state::done;
}

} // namespace grantd::pg_hook

void
grantd_leftover_main(unsigned long)
{
	using namespace grantd::pg_hook;
	subject of;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	memcpy(&of, MyBgworkerEntry->bgw_extra, sizeof of);
	before_shmem_exit(wake_the_worker, 0);
	BackgroundWorkerInitializeConnection(of.database, nullptr, 0);

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	XactReadOnly = true;
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	inquiry &asked = memory()->asked;
	look(of, asked);
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, nullptr);
	__atomic_store_n(&asked.done, 1, __ATOMIC_RELEASE);
	proc_exit(0);
}
