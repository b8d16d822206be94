// SPDX-License-Identifier: Apache-2.0
// Refuses to prepare a transaction that would not be found again. The server notes the current role as its owner.
#include "prepared.h"

#include "server.h"
#include "session.h"

extern "C"
{
#include <access/xact.h>
}

namespace grantd::pg_hook
{

namespace
{

[[noreturn]] void
refuse()
{
	const char *login = GetUserNameFromId(GetAuthenticatedUserId(), true);
	const char *other = GetUserNameFromId(GetUserId(), true);

	login = login == nullptr ? "" : login; // dropped meanwhile
	other = other == nullptr ? "" : other;
	// RESET ROLE would go back to what ALTER ROLE ... SET role gave.
	const char *help =
		GetSessionUserId() == GetAuthenticatedUserId() ? "SET ROLE NONE" : "RESET SESSION AUTHORIZATION";
	ereport(
		ERROR,
		(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), // as where the server itself cannot prepare one
		 errmsg("cannot prepare a transaction as role \"%s\" in a session of role \"%s\"", other, login),
		 errdetail("It would be \"%s\"'s, and would not be looked for when no window covers \"%s\" any more: "
				   "its locks would stay.",
				   other, login),
		 errhint("Say %s before PREPARE TRANSACTION.", help)));
	pg_unreachable();
}

// Not at the statement: the deferred triggers, which run between the two, can set a role. After this nothing of the
// session's runs before the server notes the owner.
void
at_prepare(XactEvent event, void *)
{
	if (event == XACT_EVENT_PRE_PREPARE && GetUserId() != GetAuthenticatedUserId() && stand().active)
		refuse();
}

} // namespace

void
install_prepared()
{
	RegisterXactCallback(at_prepare, nullptr);
}

} // namespace grantd::pg_hook
