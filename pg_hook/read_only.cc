// SPDX-License-Identifier: Apache-2.0
// Whether this session is held to reading, and the last door: its commit. No object with a destructor is alive where
// ereport can jump.
#include "read_only.h"

#include "guest/words.h"
#include "powers.h"
#include "session.h"
#include "slots.h"

extern "C"
{
#include <access/parallel.h>
#include <access/xact.h>
#include <utils/inval.h>
#include <utils/syscache.h>
}

namespace grantd::pg_hook
{

namespace
{

bool held = false;
bool worker_asked = false;
Oid held_role = InvalidOid;
bool roles_changed = false;

emit_log_hook_type previous_emit_log = nullptr;

// A parallel worker has no login: its leader's slot says what it is held to. Without one it is held.
bool
is_leader_held() noexcept
{
	const slot *leader = slot_of_leader();

	return leader == nullptr || (leader->state == slot_state::gated &&
								 leader->access != static_cast<uint8_t>(decision::access::read_write));
}

void
on_role_change(Datum, int, uint32) noexcept
{
	roles_changed = true;
}

// Made a superuser, or given a role that is, while it is inside.
void
look_at_role_again()
{
	roles_changed = false; // first: what is looked up may tell of another change
	const char *why = too_powerful(held_role);
	if (why == nullptr)
		return;
	ereport(FATAL,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("terminating connection: a read-only grant can no longer hold this role"),
			 errdetail("Since it was let in it was given more: %s.", why), errhint("%s", help_to_write())));
}

// Whatever took a transaction id has written, or asked for the id itself. NOTIFY takes its own after this.
void
at_commit(XactEvent event, void *)
{
	if (event == XACT_EVENT_PRE_COMMIT && is_held() && TransactionIdIsValid(GetTopTransactionIdIfAny()))
		refuse_to("commit what was written");
}

// The server's own refusals get the same help as ours, and those of parallel workers, which know of no grant.
void
add_help(ErrorData *error)
{
	if (held && !IsParallelWorker() && error->elevel == ERROR &&
		error->sqlerrcode == ERRCODE_READ_ONLY_SQL_TRANSACTION && error->hint == nullptr)
		error->hint = help_to_write();
	if (previous_emit_log != nullptr)
		previous_emit_log(error);
}

} // namespace

void
install_read_only()
{
	install_read_only_settings();
	install_read_only_statements();
	install_read_only_functions();
	RegisterXactCallback(at_commit, nullptr);
	previous_emit_log = emit_log_hook;
	emit_log_hook = add_help;
}

void
hold_to_reading(Oid role)
{
	held = true;
	held_role = role;
	CacheRegisterSyscacheCallback(AUTHOID, on_role_change, 0);
	CacheRegisterSyscacheCallback(AUTHMEMMEMROLE, on_role_change, 0);
	roles_changed = true; // perhaps, and before these were told: the first statement looks again
	// Also what RESET goes back to, and what parallel workers are given; above what files, roles and the client set.
	SetConfigOption("default_transaction_read_only", "on", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("transaction_read_only", "on", PGC_SUSET, PGC_S_OVERRIDE);
}

bool
is_held() noexcept
{
	if (IsParallelWorker() && !worker_asked)
	{
		worker_asked = true;
		held = is_leader_held();
	}
	return held;
}

void
uphold()
{
	if (!is_held())
		return;
	DefaultXactReadOnly = true;
	XactReadOnly = true;
	if (roles_changed && IsTransactionState() && !IsParallelWorker())
		look_at_role_again();
}

void
refuse_to(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION), errmsg("cannot %s in a read-only session", what),
			 IsParallelWorker() ? 0 : errhint("%s", help_to_write())));
	pg_unreachable();
}

char *
help_to_write()
{
	char help[256];
	const standing now = stand_named();

	guest::say_help_to_write(now.last, help);
	return pstrdup(help);
}

} // namespace grantd::pg_hook
