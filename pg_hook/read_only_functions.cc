// SPDX-License-Identifier: Apache-2.0
// Which of the server's own functions a session that is held to reading may call, and that it makes, changes and drops
// nothing in a catalog. Functions of others are not judged by name: what they do comes to the executor, here or to the
// commit.
#include "read_only.h"

extern "C"
{
#include <access/htup_details.h>
#include <access/transam.h>
#include <catalog/objectaccess.h>
#include <catalog/pg_language.h>
#include <catalog/pg_largeobject.h>
#include <catalog/pg_namespace.h>
#include <catalog/pg_proc.h>
#include <utils/syscache.h>
}

namespace grantd::pg_hook
{

namespace
{

object_access_hook_type previous_access = nullptr;

// The server's volatile functions that only read, lock or say something; a '*' at the end stands for any rest. What
// is not volatile reads, but for those below; what is volatile and not here is refused, new ones included.
constexpr const char *reading[] = {"amvalidate",
								   "array_sample",
								   "array_shuffle",
								   "clock_timestamp",
								   "current_query",
								   "currtid*",
								   "currval",
								   "cursor_to_xml*",
								   "gen_random_uuid",
								   "lastval",
								   "lo_close",
								   "lo_get",
								   "lo_lseek*",
								   "lo_open", // to write: then lowrite is refused
								   "lo_tell*",
								   "loread",
								   "pg_advisory_*",
								   "pg_available_wal_summaries",
								   "pg_blocking_pids",
								   "pg_collation_actual_version",
								   "pg_control_*",
								   "pg_current_*",
								   "pg_database_collation_actual_version",
								   "pg_database_size",
								   "pg_export_snapshot", // pg_dump -j
								   "pg_get_*",
								   "pg_hba_file_rules",
								   "pg_ident_file_mappings",
								   "pg_indexes_size",
								   "pg_is_*",
								   "pg_isolation_test_session_is_blocked",
								   "pg_jit_available",
								   "pg_last_*",
								   "pg_lock_status",
								   "pg_ls_*",
								   "pg_notification_queue_usage",
								   "pg_notify",
								   "pg_numa_available",
								   "pg_partition_*",
								   "pg_prepared_xact",
								   "pg_read_*",
								   "pg_relation_size",
								   "pg_safe_snapshot_blocking_pids",
								   "pg_sequence_last_value",
								   "pg_show_*",
								   "pg_sleep",
								   "pg_stat_clear_snapshot",
								   "pg_stat_file",
								   "pg_stat_force_next_flush",
								   "pg_stat_get_*",
								   "pg_stat_have_stats",
								   "pg_table_size",
								   "pg_tablespace_size",
								   "pg_total_relation_size",
								   "pg_try_advisory_*",
								   "pg_wal_summary_contents",
								   "pg_xact_*",
								   "query_to_xml*",
								   "random",
								   "random_normal",
								   "set_config",
								   "setseed",
								   "timeofday",
								   "ts_rewrite",
								   "ts_stat",
								   "txid_status",
								   "uuidv4",
								   "uuidv7"};

// Not volatile, and not reading: they take a transaction id.
constexpr const char *taking[] = {"pg_current_xact_id", "txid_current"};

bool
is_like(const char *name, const char *pattern) noexcept
{
	const size_t length = strlen(pattern);

	return pattern[length - 1] == '*' ? strncmp(name, pattern, length - 1) == 0 : strcmp(name, pattern) == 0;
}

bool
is_in(std::span<const char *const> list, const char *name) noexcept
{
	for (const char *pattern : list)
		if (is_like(name, pattern))
			return true;
	return false;
}

bool
may_call(const FormData_pg_proc &function) noexcept
{
	if (function.prolang != INTERNALlanguageId)
		return true;
	const char *name = NameStr(function.proname);
	if (function.provolatile != PROVOLATILE_VOLATILE)
		return !is_in(taking, name);
	return function.pronamespace == PG_CATALOG_NAMESPACE && is_in(reading, name);
}

// NULL, or the name of what is refused. A function that cannot be looked up is.
const char *
look_up(Oid function)
{
	const HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	const char *refused = nullptr;

	if (!HeapTupleIsValid(tuple))
		return "an unknown function";
	auto *form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
	if (!may_call(*form))
		refused = pstrdup(NameStr(form->proname));
	ReleaseSysCache(tuple);
	return refused;
}

// The server's own never change: asked once each.
uint8_t passed[FirstNormalObjectId / 8];

void
look_at_call(Oid function)
{
	const bool own = function < FirstNormalObjectId;

	if (own && (passed[function / 8] & (1U << function % 8)) != 0)
		return;
	const char *refused = look_up(function);
	if (refused != nullptr)
		refuse_to(psprintf("execute %s()", refused));
	if (own)
		passed[function / 8] = static_cast<uint8_t>(passed[function / 8] | 1U << function % 8);
}

const char *
name_change(ObjectAccessType access, Oid kind)
{
	const char *what = kind == LargeObjectRelationId ? "large object" : "database object";

	if (access == OAT_POST_CREATE)
		return psprintf("create a %s", what);
	return psprintf("%s a %s", access == OAT_DROP ? "drop" : "change", what);
}

void
on_access(ObjectAccessType access, Oid kind, Oid object, int part, void *more)
{
	if (is_held() && access == OAT_FUNCTION_EXECUTE)
	{
		uphold(); // the fast path has no other start
		look_at_call(object);
	}
	else if (is_held() && access != OAT_NAMESPACE_SEARCH)
		refuse_to(name_change(access, kind));
	if (previous_access != nullptr)
		previous_access(access, kind, object, part, more);
}

} // namespace

void
install_read_only_functions()
{
	previous_access = object_access_hook;
	object_access_hook = on_access;
}

} // namespace grantd::pg_hook
