// SPDX-License-Identifier: Apache-2.0
// Calls keep_handler() after each function of a language that could have touched signals, before what such a
// function runs through the server, and at the end of each transaction (for DO). Raises no errors of its own.
#include "keeper.h"

#include "server.h"
#include "session.h"

extern "C"
{
#include <access/xact.h>
#include <catalog/pg_language.h>
#include <catalog/pg_proc.h>
#include <commands/proclang.h>
#include <executor/executor.h>
#include <tcop/utility.h>
#include <utils/lsyscache.h>
#include <utils/syscache.h>
}

namespace grantd::pg_hook
{

namespace
{

needs_fmgr_hook_type previous_needs = nullptr;
fmgr_hook_type previous_call = nullptr;
ExecutorStart_hook_type previous_start = nullptr;
ExecutorRun_hook_type previous_run = nullptr;

Oid
language_of(Oid function)
{
	const HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	const Oid language = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang;
	ReleaseSysCache(tuple);
	return language;
}

// C is for superusers; SQL and PL/pgSQL know no signals, and are called too often to be wrapped.
bool
could_touch_signals(Oid language)
{
	return language != INTERNALlanguageId && language != ClanguageId && language != SQLlanguageId &&
		   language != get_language_oid("plpgsql", true);
}

bool
needs(Oid function)
{
	return (previous_needs != nullptr && previous_needs(function)) ||
		   could_touch_signals(language_of(function));
}

void
call(FmgrHookEventType event, FmgrInfo *function, Datum *arg)
{
	if (event != FHET_START)
		keep_handler();
	if (previous_call != nullptr)
		previous_call(event, function, arg);
}

auto
start(QueryDesc *query, int flags)
{
	keep_handler();
	return previous_start != nullptr ? previous_start(query, flags) : standard_ExecutorStart(query, flags);
}

#if PG_VERSION_NUM >= 180000
void
run(QueryDesc *query, ScanDirection direction, uint64 count)
{
	keep_handler();
	(previous_run != nullptr ? previous_run : standard_ExecutorRun)(query, direction, count);
}
#else
void
run(QueryDesc *query, ScanDirection direction, uint64 count, bool once)
{
	keep_handler();
	(previous_run != nullptr ? previous_run : standard_ExecutorRun)(query, direction, count, once);
}
#endif

void
at_end(XactEvent, void *)
{
	keep_handler();
}

} // namespace

void
install_keeper()
{
	previous_needs = needs_fmgr_hook;
	needs_fmgr_hook = needs;
	previous_call = fmgr_hook;
	fmgr_hook = call;
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = start;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = run;
	RegisterXactCallback(at_end, nullptr);
}

} // namespace grantd::pg_hook
