// SPDX-License-Identifier: Apache-2.0
// A session that was let in with a read-only grant: everything it runs is held to reading, from its login to its end.
// Nothing that a session can say, call or have been given lets go of it; only the end of the process does.
//
//	what writes						is stopped by
//	rows, by any statement			the server: XactReadOnly is on, and read_only_settings.cc keeps it on
//	DDL and all other commands		read_only_statements.cc: what it does not name as reading is refused
//	the server's own functions		read_only_functions.cc: the same, also over the protocol's fast path
//	anything in a catalog			read_only_functions.cc: whoever makes, changes or drops an object (15's lo_creat)
//	whatever else took a number		the commit: a transaction that has a transaction id does not commit
//	the superuser's and the host's	powers.h: such roles are not let in, and put out when they become it
//
// Stays allowed, on purpose: LISTEN, NOTIFY, advisory locks, SET of what is not about reading.
// Not held: what a function in C does outside of transactions and catalogs (files, sockets, dblink to another session).
#pragma once

#include "server.h"

namespace grantd::pg_hook
{

// Once, from _PG_init, after whatever else hooks itself in there: it is asked first.
void install_read_only();

// At the login of `role`, in the transaction in which the server authenticates; before anything of the client's runs.
// The caller has seen that the role can be held (powers.h).
void hold_to_reading(Oid role);

// Is this session held, or the one whose parallel worker this is? Two loads.
[[nodiscard]] bool is_held() noexcept;

// At the start of whatever runs in a session that is held (else it does nothing): the server's own flags on again,
// should code in C have cleared them. FATAL when the role has become one that cannot be held.
void uphold();

// ERROR 25006: "cannot WHAT in a read-only session", with the command that helps.
[[noreturn]] void refuse_to(const char *what);

// That command; in CurrentMemoryContext.
[[nodiscard]] char *help_to_write();

// Of install_read_only(), one for each way in.
void install_read_only_settings();
void install_read_only_statements();
void install_read_only_functions();

} // namespace grantd::pg_hook
