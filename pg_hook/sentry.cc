// SPDX-License-Identifier: Apache-2.0
// Pokes the backends that a change of the window table concerns, and raises the alarm about those that do not go.
// Never sends anything but the poke.
#include "sentry.h"

#include "base/duration.h"
#include "base/ident.h"
#include "guest/live.h"
#include "presence.h"
#include "session.h"
#include "settings.h"

#include <csignal>

extern "C"
{
#include <utils/memutils.h>
}

namespace grantd::pg_hook
{

namespace
{

// Within the second that an end may be late by, there is an alarm (P2).
constexpr int64_t patience_ns = 900 * base::ns_per_s / 1000;
constexpr int64_t poke_again_ns = base::ns_per_s;

// What this process knows of the session in a slot, beside what the slot says.
struct watched
{
	uint64_t number;
	int64_t ends_since_ns; // it should be gone since then; 0: it may stay
	int64_t poked_ns;
	wire::presence_cause cause; // as the table says
	bool alarmed;
	told before;
};

watched *sessions = nullptr; // one for each slot

// Under the lock that the exit callback takes as well: who still has the slot has not begun to exit, so its
// process number is nobody else's.
void
poke(shared *m, unsigned i, const slot &who, watched &w, int64_t now_ns) noexcept
{
	LWLockAcquire(m->lock, LW_SHARED);
	const slot &is = m->slots()[i];
	const bool same = is.pid == who.pid && (is.number == who.number || who.number == 0);
	if (same && is.state == slot_state::gated)
		(void)kill(is.pid, poke_signal());
	LWLockRelease(m->lock);
	w.poked_ns = now_ns;
}

// Does the table say something else than the backend knows? Then the backend shall ask it.
void
compare(shared *m, unsigned i, const slot &who, watched &w, int64_t now_ns) noexcept
{
	const decision::account proved[] = {{decision::identity_class{who.proved_by[0]}, who.name[0]},
										{decision::identity_class{who.proved_by[1]}, who.name[1]}};
	guest::answer last{};

	last.verdict.why = decision::reason::allowed;
	last.verdict.given = decision::access{who.access};
	last.verdict.until = {who.until_ns};
	last.verdict.grant = who.grant;
	const guest::fate fate = guest::ask_again(current.table,
											  {.proved = {proved, who.proved_count},
											   .where = {.kind = decision::point_kind::postgres,
														 .place = current.cluster,
														 .database = who.database,
														 .replication = who.replication},
											   .role = who.role,
											   .at_least = decision::access{who.access},
											   .live = true},
											  last);
	if (fate == guest::fate::ends)
	{
		if (w.ends_since_ns == 0)
			w.ends_since_ns = who.until_ns < now_ns ? who.until_ns : now_ns;
		w.cause = guest::cause_of(last);
		poke(m, i, who, w, now_ns);
		return;
	}
	if (who.cause == 0)
		w.ends_since_ns = 0;
	if (last.verdict.until.ns != who.until_ns || last.verdict.grant != who.grant)
		poke(m, i, who, w, now_ns);
}

void
raise_alarm(const slot &who, const watched &w, int64_t now_ns)
{
	const base::id_text id = base::print_id('g', who.grant);
	const base::duration_text late = base::print_duration((now_ns - w.ends_since_ns) / base::ns_per_us);

	// LOG ranks above ERROR in log_min_messages: one of the two is written.
	ereport(
		log_min_messages > WARNING ? LOG : WARNING,
		(errmsg("role \"%s\" still runs %.*s after grant %.*s ended: it is in code without interrupt checks",
				who.role, static_cast<int>(late.size), late.text, static_cast<int>(id.size), id.text),
		 errdetail("Process %d, database \"%s\". It is asked again every second.", static_cast<int>(who.pid),
				   who.database),
		 errhint("See what it does: select * from pg_stat_activity where pid = %d",
				 static_cast<int>(who.pid))));
}

void
look_at_gated(shared *m, unsigned i, const slot &who, watched &w, bool ask, int64_t now_ns, wake &next)
{
	using wire::presence_cause, wire::presence_state;

	if (ask)
		compare(m, i, who, w, now_ns);
	if (w.ends_since_ns == 0 && now_ns >= who.until_ns)
		w.ends_since_ns = who.until_ns;
	if (w.ends_since_ns == 0 && who.cause != 0)
		w.ends_since_ns = now_ns;

	if (w.ends_since_ns == 0 || now_ns - w.ends_since_ns < patience_ns)
	{
		w.alarmed = false;
		next.by((w.ends_since_ns == 0 ? who.until_ns : w.ends_since_ns) + patience_ns);
		tell(w.before, who, {.state = presence_state::live, .until_ns = who.until_ns}, now_ns, next);
		return;
	}
	if (!w.alarmed)
		raise_alarm(who, w, now_ns);
	w.alarmed = true;
	if (now_ns - w.poked_ns >= poke_again_ns)
		poke(m, i, who, w, now_ns);
	next.by(w.poked_ns + poke_again_ns);
	presence_cause cause = who.cause != 0 ? presence_cause{who.cause} : w.cause;
	if (cause == presence_cause::none)
		cause = presence_cause::expired;
	tell(w.before, who,
		 {.state = presence_state::leftover,
		  .cause = cause,
		  .until_ns = w.ends_since_ns,
		  .text = "still runs: in code without interrupt checks"},
		 now_ns, next);
}

} // namespace

void
watch_sessions(shared *m)
{
	const size_t count = m->count > 0 ? m->count : 1;

	sessions = static_cast<watched *>(MemoryContextAllocZero(TopMemoryContext, sizeof(watched) * count));
}

void
look_at_sessions(shared *m, bool ask, int64_t now_ns, wake &next)
{
	static slot who;

	for (unsigned i = 0; i < m->count; ++i)
	{
		watched &w = sessions[i];
		LWLockAcquire(m->lock, LW_SHARED);
		const slot &is = m->slots()[i];
		who = is;
		// The backend's signal handler writes these without the lock.
		who.until_ns = __atomic_load_n(&is.until_ns, __ATOMIC_ACQUIRE);
		who.grant = __atomic_load_n(&is.grant, __ATOMIC_ACQUIRE);
		who.cause = __atomic_load_n(&is.cause, __ATOMIC_ACQUIRE);
		LWLockRelease(m->lock);

		if (who.pid == 0)
			continue;
		next.by(now_ns + look_every_ns);
		// It is asking the table: of what changed meanwhile it shall hear.
		if (who.number == 0)
		{
			if (ask && who.state == slot_state::gated)
				poke(m, i, who, w, now_ns);
			continue;
		}
		if (w.number != who.number)
		{
			w = {};
			w.number = who.number;
		}
		if (who.state == slot_state::gated)
			look_at_gated(m, i, who, w, ask, now_ns, next);
		else if (who.state == slot_state::ungated)
			tell(w.before, who, {.state = wire::presence_state::ungated}, now_ns, next);
	}
}

void
list_ungated(shared *m, int64_t now_ns)
{
	static slot who;

	for (unsigned i = 0; i < m->count; ++i)
	{
		LWLockAcquire(m->lock, LW_SHARED);
		who = m->slots()[i];
		LWLockRelease(m->lock);
		if (who.pid == 0 || who.number == 0 || who.state != slot_state::ungated)
			continue;
		const base::duration_text inside = base::print_duration((now_ns - who.since_ns) / base::ns_per_us);
		ereport(
			LOG,
			(errmsg(
				 "grantd.mode is enforce now, but role \"%s\" is inside without a grant and stays: process "
				 "%d, database \"%s\", since %.*s",
				 who.role, static_cast<int>(who.pid), who.database, static_cast<int>(inside.size),
				 inside.text),
			 errhint("To put it out: select pg_terminate_backend(%d)", static_cast<int>(who.pid))));
	}
}

} // namespace grantd::pg_hook
