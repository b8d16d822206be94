// SPDX-License-Identifier: Apache-2.0
// Tells the person until when, and why it ended. Never in the way of a statement: where nothing can be said it is
// said at the next one. No object with a destructor is alive where ereport can jump.
#include "notices.h"

#include "base/clock.h"
#include "guest/words.h"
#include "server.h"
#include "session.h"

#include <limits>

extern "C"
{
#include <access/xact.h>
#include <executor/executor.h>
#include <tcop/utility.h>
}

namespace grantd::pg_hook
{

namespace
{

ExecutorStart_hook_type previous_executor_start = nullptr;
ProcessUtility_hook_type previous_process_utility = nullptr;
emit_log_hook_type previous_emit_log = nullptr;

constexpr int64_t far = std::numeric_limits<int64_t>::max();

// The next smaller one is said when it is reached; a greater one again after an extension.
constexpr int64_t nearness[] = {base::ns_per_s * 60, base::ns_per_s * 300};

bool told_until = false;
int64_t told_near = far; // of nearness; far: none

int64_t
nearness_of(int64_t left) noexcept
{
	for (const int64_t near : nearness)
	{
		if (left <= near)
			return near;
	}
	return far;
}

int64_t
left_now() noexcept
{
	return known_end() - base::boot_now().ns;
}

void
warn_of_the_end()
{
	char text[256];
	const standing now = stand_named(); // may have been extended since, or be over

	if (now.ended)
		return;
	const int64_t near = nearness_of(left_now());
	if (told_until && (near == told_near || near == far))
	{
		told_near = near;
		return;
	}
	if (told_until)
		guest::say_warning(now.last, text);
	else
		guest::say_allowed(now.last, text);
	told_until = true;
	told_near = near;
	ereport(NOTICE, (errmsg("%s", text), errhidestmt(true), errhidecontext(true)));
}

// At the start of each statement: two loads and a clock, nearly always.
void
at_statement()
{
	if (known_end() <= 0 || was_ended())
		return;
	if (told_until && nearness_of(left_now()) == told_near)
		return;
	// Replication speaks to programs; an aborted transaction takes no more than its end.
	if (am_walsender || !IsTransactionState())
		return;
	warn_of_the_end();
}

auto
executor_start(QueryDesc *query, int flags)
{
	at_statement();
	return previous_executor_start != nullptr ? previous_executor_start(query, flags)
											  : standard_ExecutorStart(query, flags);
}

void
process_utility(PlannedStmt *statement, const char *text,
#if PG_VERSION_NUM >= 140000
				bool read_only_tree,
#endif
				ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment *environment,
				DestReceiver *destination, QueryCompletion *completion)
{
	const ProcessUtility_hook_type next =
		previous_process_utility != nullptr ? previous_process_utility : standard_ProcessUtility;

	at_statement();
	next(statement, text,
#if PG_VERSION_NUM >= 140000
		 read_only_tree,
#endif
		 context, parameters, environment, destination, completion);
}

// Client and log read the same error, after this. The texts are the server's to free.
void
reword(ErrorData *error)
{
	char why[256];
	char help[256];
	const standing now = stand();

	guest::say_ended(now.last, now.where, why);
	guest::say_help(now.last, help);
	error->message = psprintf("terminating connection: %s", why);
	error->hint = pstrdup(help);
}

void
emit_log(ErrorData *error)
{
	// Raised by us and not by an administrator or the end of the server: they leave was_ended() false. The second
	// code is what the server makes of it while it authenticates ("due to timeout").
	if (was_ended() && error->elevel == FATAL &&
		(error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN || error->sqlerrcode == ERRCODE_QUERY_CANCELED))
		reword(error);
	if (previous_emit_log != nullptr)
		previous_emit_log(error);
}

} // namespace

void
install_notices()
{
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
	previous_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	previous_emit_log = emit_log_hook;
	emit_log_hook = emit_log;
}

} // namespace grantd::pg_hook
