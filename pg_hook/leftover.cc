// SPDX-License-Identifier: Apache-2.0
// Looks after the estates: when no window covers the role any more they are looked into, and again every ten seconds
// while something is left. Nothing is ever removed by it.
#include "leftover.h"

#include "base/time.h"
#include "estate.h"
#include "guest/check.h"
#include "guest/line.h"
#include "inquiry.h"
#include "settings.h"

extern "C"
{
#include <access/xlog.h>
}

namespace grantd::pg_hook
{

namespace
{

constexpr int64_t look_again_ns = 10 * base::ns_per_s;
constexpr int64_t running_poll_ns = base::ns_per_s / 5; // its exit wakes us, unless it could not even start
constexpr int64_t settled_told_ns = wire::ended_again_s * base::ns_per_s;
constexpr unsigned max_failures = 3;

estate *asked_about = nullptr; // by the inquiry that runs
uint64_t asked_number = 0;

cover
ask_table(const slot &who) noexcept
{
	const decision::account proved[] = {{decision::identity_class{who.proved_by[0]}, who.name[0]},
										{decision::identity_class{who.proved_by[1]}, who.name[1]}};
	const guest::answer a = guest::check(current.table, {.proved = {proved, who.proved_count},
														 .where = {.kind = decision::point_kind::postgres,
																   .place = current.cluster,
																   .database = who.database,
																   .replication = who.replication},
														 .role = who.role});

	if (a.verdict.allows())
		return cover::open;
	return a.verdict.why == decision::reason::table_bad || a.table_locked ? cover::unknown : cover::over;
}

// Somebody is inside as this role: what is there may be theirs, and if they are on their way out it is looked into
// when they are.
bool
somebody_is_inside(shared *m, const slot &who) noexcept
{
	bool found = false;

	LWLockAcquire(m->lock, LW_SHARED);
	for (unsigned i = 0; i < m->count && !found; ++i)
	{
		const slot &is = m->slots()[i];
		found = is.pid != 0 && is.number != 0 && is.state == slot_state::gated && same_owner(is, who);
	}
	LWLockRelease(m->lock);
	return found;
}

// Everybody counts who is known to have come in as this role there: it may be shared.
cover
covered(shared *m, const slot &who) noexcept
{
	cover all = cover::over;

	for (const estate &e : all_estates())
	{
		if (e.is == phase::none || !same_owner(e.what, who))
			continue;
		if (e.alone == cover::open)
			return cover::open;
		if (e.alone == cover::unknown)
			all = cover::unknown;
	}
	return all == cover::over && somebody_is_inside(m, who) ? cover::open : all;
}

// A window that opens again gives what is there back to its owner; one that ends has it looked into.
void
ask_about_all(shared *m, int64_t now_ns)
{
	for (estate &e : all_estates())
	{
		// Its role may have been listed meanwhile.
		if (e.is != phase::none && !may_leave(e.what))
			e = {};
		if (e.is != phase::none)
			e.alone = ask_table(e.what);
	}
	for (estate &e : all_estates())
	{
		if (e.is == phase::none)
			continue;
		const cover is = covered(m, e.what);
		if (is == cover::open && e.is != phase::waiting)
		{
			e.is = phase::waiting;
			e.found[0] = '\0';
			e.slot_logged = false;
			e.settled_ns = now_ns;
		}
		else if (is == cover::over && e.is == phase::waiting)
		{
			e.is = phase::wanted;
			e.failures = 0;
			e.look_ns = now_ns;
		}
	}
}

void
log_slot(estate &e)
{
	if (e.slot_logged || !slot_is_left(e.what.left))
		return;
	e.slot_logged = true;
	ereport(
		log_min_messages > WARNING ? LOG : WARNING,
		(errmsg("left over: %s of role \"%s\"", e.what.left, e.what.role),
		 errdetail("No window covers the role any more."),
		 errhint("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active")));
}

void
looked(estate &e, int64_t now_ns) noexcept
{
	e.failures = 0;
	e.look_ns = now_ns + look_again_ns;
	if (leaves_something(e))
		return;
	e.is = phase::settled;
	e.settled_ns = now_ns;
}

void
failed(estate &e, int64_t now_ns)
{
	++e.failures;
	e.look_ns = now_ns + look_again_ns;
	if (e.failures < max_failures)
		return;
	ereport(LOG, (errmsg("pg_grantd could not look what role \"%s\" left in database \"%s\"", e.what.role,
						 e.what.database),
				  errhint("See pg_prepared_xacts and pg_subscription.")));
	looked(e, now_ns);
}

// True while one runs.
bool
hear_inquiry(int64_t now_ns, wake &next)
{
	char found[max_found];

	const inquiry_state is = finish_inquiry(found);
	if (is == inquiry_state::running)
	{
		next.by(now_ns + running_poll_ns);
		return true;
	}
	if (is == inquiry_state::none)
		return false;
	estate *e = asked_about;
	asked_about = nullptr;
	// Meanwhile a window may have opened, or the place been given to another.
	if (e == nullptr || e->is != phase::wanted || e->what.number != asked_number)
		return false;
	if (is == inquiry_state::failed)
	{
		failed(*e, now_ns);
		return false;
	}
	memcpy(e->found, found, sizeof found);
	looked(*e, now_ns);
	return false;
}

// Several may have come in as one role: one estate is enough to be told of what the role left in the database.
// The one that already is, else the newest.
estate *
speaker_for(estate &e) noexcept
{
	estate *speaker = &e;

	for (estate &other : all_estates())
	{
		if (other.is != phase::wanted || !same_owner(other.what, e.what))
			continue;
		const bool found = other.found[0] != '\0';
		const bool was_found = speaker->found[0] != '\0';
		if (found != was_found ? found : other.what.number > speaker->what.number)
			speaker = &other;
	}
	return speaker;
}

// In recovery nothing can be prepared or subscribed, and what is there is the primary's.
void
look_into(estate &e, int64_t now_ns, bool *busy)
{
	estate *speaker = speaker_for(e);

	log_slot(e);
	if (speaker != &e)
		speaker->look_ns = now_ns;
	if (speaker != &e || RecoveryInProgress() || e.what.database[0] == '\0')
	{
		looked(e, now_ns);
		return;
	}
	if (*busy)
		return;
	e.look_ns = now_ns + look_again_ns;
	if (!start_inquiry(e.what.role, e.what.database, e.found))
	{
		ereport(LOG, (errmsg("pg_grantd could not look what role \"%s\" left: no background worker is free",
							 e.what.role),
					  errhint("Raise max_worker_processes.")));
		return;
	}
	asked_about = &e;
	asked_number = e.what.number;
	*busy = true;
}

void
tell_of(estate &e, int64_t now_ns, wake &next)
{
	char text[max_found];
	guest::line line{text};
	const auto cause = e.what.cause == 0 ? wire::presence_cause::closed : wire::presence_cause{e.what.cause};

	if (leaves_something(e))
	{
		const bool by_slot = slot_is_left(e.what.left);
		line.add(by_slot ? e.what.left : "").add(by_slot && e.found[0] != '\0' ? ", " : "").add(e.found);
		e.was_left = true;
		tell(e.before, e.what,
			 {.state = wire::presence_state::leftover, .cause = cause, .until_ns = e.at_ns, .text = text},
			 now_ns, next);
	}
	else if (e.was_left && now_ns - e.settled_ns < settled_told_ns)
		tell(e.before, e.what, {.state = wire::presence_state::ended, .cause = cause, .until_ns = e.at_ns},
			 now_ns, next);
	else
		e.was_left = false;
}

} // namespace

void
settle_estates(shared *m, bool ask, int64_t now_ns, wake &next)
{
	// Who left between the two is not inside any more and not taken in yet: what they left would be looked for, and
	// logged, as their earlier session's, and once more as theirs.
	for (bool again = take_in(m) || ask; again; again = take_in(m))
		ask_about_all(m, now_ns);
	bool busy = hear_inquiry(now_ns, next);
	for (estate &e : all_estates())
	{
		if (e.is == phase::none)
			continue;
		if (e.is == phase::wanted && &e != asked_about && now_ns >= e.look_ns)
			look_into(e, now_ns, &busy);
		if (e.is == phase::wanted)
			next.by(e.look_ns > now_ns ? e.look_ns : now_ns + running_poll_ns);
		tell_of(e, now_ns, next);
	}
}

bool
is_estate_told(uint64_t number) noexcept
{
	for (const estate &e : all_estates())
		if (e.is != phase::none && e.was_left && e.what.number == number)
			return true;
	return false;
}

} // namespace grantd::pg_hook
