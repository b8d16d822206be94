// SPDX-License-Identifier: Apache-2.0
// Which commands a session that is held to reading may give. The list names what reads; all else is refused, also what
// the server lets a read-only transaction do: COMMIT PREPARED, ALTER SYSTEM, COPY TO PROGRAM, VACUUM, LOAD.
#include "read_only.h"

extern "C"
{
#include <executor/executor.h>
#include <nodes/parsenodes.h>
#include <storage/lock.h>
#include <tcop/utility.h>
}

namespace grantd::pg_hook
{

namespace
{

ExecutorStart_hook_type previous_executor_start = nullptr;
ProcessUtility_hook_type previous_process_utility = nullptr;

// Each returns NULL, or what is refused, as refuse_to() says it.

const char *
look_at_transaction(const TransactionStmt *statement) noexcept
{
	switch (statement->kind)
	{
		case TRANS_STMT_BEGIN: // READ WRITE: read_only_settings.cc
		case TRANS_STMT_START:
		case TRANS_STMT_COMMIT:
		case TRANS_STMT_ROLLBACK:
		case TRANS_STMT_SAVEPOINT:
		case TRANS_STMT_RELEASE:
		case TRANS_STMT_ROLLBACK_TO:
			return nullptr;
		case TRANS_STMT_PREPARE:
			return "execute PREPARE TRANSACTION"; // its locks would outlive the window
		case TRANS_STMT_COMMIT_PREPARED:
			return "execute COMMIT PREPARED";
		case TRANS_STMT_ROLLBACK_PREPARED:
			break;
	}
	return "execute ROLLBACK PREPARED";
}

const char *
look_at_copy(const CopyStmt *statement) noexcept
{
	if (statement->is_program)
		return "execute COPY with a program";
	if (statement->filename != nullptr)
		return "execute COPY with a file of the server";
	return statement->is_from ? "execute COPY FROM" : nullptr;
}

// A stronger lock keeps others from writing, or from reading.
const char *
look_at_lock(const LockStmt *statement)
{
	return statement->mode <= AccessShareLock
			   ? nullptr
			   : psprintf("execute LOCK TABLE above ACCESS SHARE MODE (%s)",
						  GetLockmodeName(DEFAULT_LOCKMETHOD, statement->mode));
}

const char *
look_at(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_TransactionStmt:
			return look_at_transaction(reinterpret_cast<const TransactionStmt *>(statement));
		case T_CopyStmt:
			return look_at_copy(reinterpret_cast<const CopyStmt *>(statement));
		case T_LockStmt:
			return look_at_lock(reinterpret_cast<const LockStmt *>(statement));
		// What these run comes here again, or to the executor.
		case T_CallStmt:
		case T_ClosePortalStmt:
		case T_DeclareCursorStmt:
		case T_DoStmt:
		case T_ExecuteStmt:
		case T_ExplainStmt:
		case T_FetchStmt:
		case T_PrepareStmt:
		// Of this session only.
		case T_ConstraintsSetStmt:
		case T_DeallocateStmt:
		case T_DiscardStmt:
		case T_VariableSetStmt:
		case T_VariableShowStmt:
		// Words to other sessions, not data.
		case T_ListenStmt:
		case T_NotifyStmt:
		case T_UnlistenStmt:
			return nullptr;
		default:
			return psprintf("execute %s", CreateCommandName(statement));
	}
}

auto
executor_start(QueryDesc *query, int flags)
{
	uphold();
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

	if (is_held())
	{
		uphold();
		const char *what = look_at(statement->utilityStmt);
		if (what != nullptr)
			refuse_to(what);
	}
	next(statement, text,
#if PG_VERSION_NUM >= 140000
		 read_only_tree,
#endif
		 context, parameters, environment, destination, completion);
}

} // namespace

void
install_read_only_statements()
{
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
	previous_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}

} // namespace grantd::pg_hook
