// SPDX-License-Identifier: Apache-2.0
// The guest in postgres: a login that the server authenticated comes in only inside a grant's window. Never
// waits, never lets in what it cannot decide, and holds no object with a destructor where ereport can jump.
//
// A client is let in, if the server authenticated it (else the server's refusal stands and we say nothing), and
//	 1. grantd.mode is off: nobody is asked;
//	 2. or its role is in grantd.exempt_roles: break-glass, logged loudly each time, whatever the table says;
//	 3. or its role is in grantd.service_roles: not looked up, not logged;
//	 4. or the window table has an open window for one of the identities proved (identity.cc), this role, and
//	    this database of this cluster (or a replication window, for a walsender);
//	 5. or grantd.mode is audit: the log says what would have been refused.
// It is refused with FATAL 28000, the reason and a HINT, if
//	 6. no window names it: none for the identity, for another role, database or cluster, or replication where
//	    the window has none, or the other way round;
//	 7. its window has ended, was revoked or given back, or has not opened yet;
//	 8. it is locked, or the whole table is;
//	 9. the table is missing, of another boot or owner, or in any way not as it must be;
//	10. the server proved no identity: all it knows is that somebody was mapped to the role;
//	11. the end of its window could not be kept (session.h): no timer, no slot in shared memory (53000);
//	12. its window is for reading only, and its role could not be held to that (powers.h): a superuser, one with
//	    REPLICATION, one that reaches the server's files or programs.
// Who comes in by a window for reading only (4) is held to reading for as long as the session lives (read_only.h).
// grantd absent, stopped or killed changes none of this: the table decides. A hook that was there before ours is
// called first, in every case.
//
// A walsender for physical replication asks for replication without a database; a logical one
// (replication=database) for replication of that database. Background and parallel workers authenticate nobody
// and never come here.
#include "guest/check.h"
#include "guest/report.h"
#include "guest/words.h"

#include "base/clock.h"
#include "base/names.h"
#include "identity.h"
#include "keeper.h"
#include "notices.h"
#include "powers.h"
#include "prepared.h"
#include "read_only.h"
#include "server.h"
#include "session.h"
#include "settings.h"
#include "slots.h"
#include "worker.h"

#include <type_traits>

extern "C"
{
#include <access/xact.h>
#include <utils/acl.h>

#pragma GCC visibility push(default)
#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "pg_grantd", .version = GRANTD_VERSION);
#else
PG_MODULE_MAGIC;
#endif
void _PG_init(void);
#pragma GCC visibility pop
}

namespace grantd::pg_hook
{

namespace
{

ClientAuthentication_hook_type previous_hook = nullptr;

// What is known about one login. It is alive where ereport jumps.
struct attempt
{
	const char *role;
	proved identities;
	decision::login_point where;
	const char *remote;
	guest::answer answer;
	char why[256]; // of a denial, in words
	char help[256]; // the command that helps
	char known[320]; // the identities, for the log
};
static_assert(std::is_trivially_destructible_v<attempt>);

std::string_view
view(const char *text) noexcept
{
	return text == nullptr ? std::string_view{} : std::string_view{text};
}

guest::login
question(const attempt &a) noexcept
{
	return {.proved = a.identities.all(), .where = a.where, .role = a.role};
}

void
look_at(attempt &a, const Port *port) noexcept
{
	const bool physical = am_walsender && !am_db_walsender;

	a.role = port->user_name;
	a.remote = port->remote_host;
	a.identities = prove(port);
	a.where = {.kind = decision::point_kind::postgres,
			   .place = current.cluster,
			   .database = physical ? std::string_view{} : view(port->database_name),
			   .replication = am_walsender};

	size_t used = 0;
	a.known[0] = '\0';
	for (const decision::account &account : a.identities.all())
	{
		if (used >= sizeof(a.known))
			break;
		const int n = snprintf(a.known + used, sizeof(a.known) - used, "%s%s%s", used == 0 ? "" : ", ",
							   prefix(account.proved_by), account.name.data());
		used += n > 0 ? static_cast<size_t>(n) : sizeof(a.known);
	}
	if (a.identities.count == 0)
		snprintf(a.known, sizeof(a.known),
				 "nobody: the server knows only that somebody was mapped to the role");
}

void
decide(attempt &a) noexcept
{
	a.answer = guest::check(current.table, question(a));
}

void
tell_grantd(const attempt &a, wire::outcome outcome) noexcept
{
	// A report names an account: where the server proved none, the role that was asked for.
	const decision::account asked_for[] = {{decision::identity_class::pg, a.role}};
	guest::login who = question(a);

	if (current.report[0] == '\0')
		return;
	if (who.proved.empty())
		who.proved = asked_for;
	guest::send_report(current.report, who, a.answer, outcome, view(a.remote));
}

// `database "orders"`; the result lives as long as CurrentMemoryContext.
const char *
name_place(const attempt &a, const Port *port)
{
	if (!a.where.replication)
		return psprintf("database \"%s\"", port->database_name);
	if (a.where.database.empty())
		return "physical replication";
	return psprintf("replication of database \"%s\"", port->database_name);
}

const char *
headline(decision::reason why) noexcept
{
	switch (why)
	{
		case decision::reason::locked:
			return "access is locked";
		case decision::reason::not_yet:
			return "the grant is not open yet";
		case decision::reason::revoked:
			return "the grant was revoked";
		case decision::reason::ended:
			return "the grant has ended";
		case decision::reason::table_bad:
			return "no grant can be looked up";
		case decision::reason::allowed:
		case decision::reason::no_window:
			break;
	}
	return "no open grant";
}

// The client learns reason and help; the log also as whom was asked.
void
say_denied(attempt &a, const Port *port, int level, const char *before)
{
	guest::say_denied(a.answer, a.where, a.why);
	guest::say_help(a.answer, a.help);
	const bool said = a.answer.verdict.why == decision::reason::no_window; // by the headline

	ereport(level, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
					errmsg("%s%s for role \"%s\" on %s", before, headline(a.answer.verdict.why), a.role,
						   name_place(a, port)),
					said ? 0 : errdetail("%s", a.why),
					errdetail_log("%s%sasked as %s", said ? "" : a.why, said ? "" : "; ", a.known),
					errhint("%s", a.help)));
}

// At WARNING, or whatever is needed to be seen: LOG ranks above ERROR in log_min_messages.
void
say_break_glass(const attempt &a, const Port *port)
{
	ereport(log_min_messages > WARNING ? LOG : WARNING,
			(errmsg("break-glass: role \"%s\" let in without a grant on %s", a.role, name_place(a, port)),
			 errdetail("Proved: %s. From: %s.", a.known, a.remote == nullptr ? "" : a.remote),
			 errhint("It is listed in grantd.exempt_roles.")));
}

// What the others must know of it. An identity longer than a window can name is left out: cut, it would be
// somebody else's.
slot
describe(const attempt &a, slot_state state) noexcept
{
	slot s{};

	s.state = state;
	for (const decision::account &account : a.identities.all())
	{
		if (account.name.size() > base::max_identity)
			continue;
		s.proved_by[s.proved_count] = static_cast<uint8_t>(account.proved_by);
		memcpy(s.name[s.proved_count++], account.name.data(), account.name.size());
	}
	s.replication = a.where.replication;
	s.since_ns = base::boot_now().ns;
	snprintf(s.database, sizeof(s.database), "%.*s", static_cast<int>(a.where.database.size()),
			 a.where.database.data());
	snprintf(s.role, sizeof(s.role), "%s", a.role);
	snprintf(s.remote, sizeof(s.remote), "%s", a.remote == nullptr ? "" : a.remote);
	return s;
}

void
refuse(attempt &a, const Port *port)
{
	tell_grantd(a, wire::outcome::denied);
	say_denied(a, port, FATAL, "");
}

// FATAL when the role is one that reading only cannot be asked of.
void
hold(attempt &a, const Port *port)
{
	const Oid role = IsTransactionState() ? get_role_oid(a.role, true) : InvalidOid;
	const char *why = too_powerful(role);

	if (why == nullptr)
	{
		hold_to_reading(role);
		return;
	}
	guest::login who = question(a);
	who.name_resource = true;
	guest::say_help_to_write(guest::check(current.table, who), a.help);
	a.answer.verdict.why = decision::reason::no_window; // none that lets this role in
	tell_grantd(a, wire::outcome::denied);
	ereport(FATAL, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
					errmsg("no read-only grant can let in role \"%s\" on %s", a.role, name_place(a, port)),
					errdetail("It could write all the same: %s.", why),
					errdetail_log("It could write all the same: %s; asked as %s", why, a.known),
					errhint("%s", a.help)));
}

// Slot first, lookup second: a revocation in between finds the session, which then is none.
void
enforce(attempt &a, const Port *port)
{
	prepare(describe(a, slot_state::gated), current.cluster);
	decide(a);
	if (!a.answer.verdict.allows())
		refuse(a, port);
	if (a.answer.verdict.given != decision::access::read_write)
		hold(a, port);
	const standing inside = arm(a.answer);
	a.answer = inside.last;
	if (inside.ended)
		refuse(a, port);
	tell_grantd(a, wire::outcome::allowed);
}

void
gate(Port *port, int status)
{
	if (previous_hook != nullptr)
		previous_hook(port, status);
	if (status != STATUS_OK)
		return;

	attempt a{};

	if (current.mode == static_cast<int>(gate_mode::off))
	{
		if (is_named(port->user_name, current.exempt_roles) ||
			is_named(port->user_name, current.service_roles))
			return;
		look_at(a, port);
		note_ungated(describe(a, slot_state::ungated));
		return;
	}

	// Break-glass first: a role in both lists is logged.
	if (is_named(port->user_name, current.exempt_roles))
	{
		look_at(a, port);
		a.answer.now = base::boot_now();
		tell_grantd(a, wire::outcome::break_glass);
		say_break_glass(a, port);
		return;
	}
	if (is_named(port->user_name, current.service_roles))
		return;

	look_at(a, port);
	if (current.mode == static_cast<int>(gate_mode::enforce))
	{
		enforce(a, port);
		return;
	}
	decide(a);
	tell_grantd(a, a.answer.verdict.allows() ? wire::outcome::allowed : wire::outcome::would_deny);
	if (!a.answer.verdict.allows())
		say_denied(a, port, LOG, "grantd.mode is audit, would be refused: ");
	note_ungated(describe(a, slot_state::ungated));
}

} // namespace

} // namespace grantd::pg_hook

void
_PG_init(void)
{
	using namespace grantd::pg_hook;

	// Later it would gate some backends and not others, with settings anybody could have made.
	if (!process_shared_preload_libraries_in_progress)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pg_grantd must be loaded at the start of the server"),
				 errhint("Add pg_grantd to shared_preload_libraries in postgresql.conf and restart.")));

	define_settings();
	reserve_shared_memory();
	install_notices();
	install_keeper();
	install_prepared();
	install_read_only();
	register_worker();
	previous_hook = ClientAuthentication_hook;
	ClientAuthentication_hook = gate;
}
