// SPDX-License-Identifier: Apache-2.0
// Keeps the estates: sessions that ended and whose role may have left something. When no window covers the role any
// more they are looked into, and again every ten seconds while something is left. Nothing is ever removed by it.
#include "leftover.h"

#include "base/time.h"
#include "guest/check.h"
#include "guest/line.h"
#include "inquiry.h"
#include "presence.h"
#include "settings.h"

extern "C"
{
#include <access/xlog.h>
#include <replication/slot.h>
#include <utils/memutils.h>
}

namespace grantd::pg_hook
{

namespace
{

constexpr unsigned max_estates = 256;
constexpr int64_t look_again_ns = 10 * base::ns_per_s;
constexpr int64_t running_poll_ns = base::ns_per_s / 5; // its exit wakes us, unless it could not even start
constexpr int64_t settled_told_ns = wire::ended_again_s * base::ns_per_s;
constexpr unsigned max_failures = 3;

enum class phase : uint8_t
{
	none,
	waiting, // a window covers the role
	wanted, // none does: to be looked into when `look_ns` has come
	settled, // looked into, nothing (more) is left
};

enum class cover : uint8_t
{
	open,
	over,
	unknown, // the table is not to be believed
};

struct estate
{
	slot what; // the newest session of its kind that ended
	int64_t at_ns; // when it ended
	phase is;
	cover alone; // what the table says of it, whoever else shares the role
	uint8_t failures;
	bool slot_logged;
	bool was_left; // told of as left over, ever
	int64_t look_ns;
	int64_t settled_ns;
	char found[max_found]; // by the inquiry
	told before;
};

estate *estates = nullptr; // max_estates of them
uint64_t taken_in = 0; // of `ended`
estate *asked_about = nullptr; // by the inquiry that runs
uint64_t asked_number = 0;

bool
same_owner(const slot &a, const slot &b) noexcept
{
	return strcmp(a.role, b.role) == 0 && strcmp(a.database, b.database) == 0 &&
		   a.replication == b.replication;
}

bool
same_kind(const slot &a, const slot &b) noexcept
{
	if (!same_owner(a, b) || a.proved_count != b.proved_count)
		return false;
	for (unsigned i = 0; i < a.proved_count; ++i)
		if (a.proved_by[i] != b.proved_by[i] || strcmp(a.name[i], b.name[i]) != 0)
			return false;
	return true;
}

// Is `name` one of the names in the exit callback's words (slots.h)?
bool
is_named_in(const char *words, const char *name) noexcept
{
	const size_t length = strlen(name);

	for (const char *at = strstr(words, name); at != nullptr; at = strstr(at + 1, name))
		if (at > words && at[-1] == ' ' && (at[length] == ',' || at[length] == '\0'))
			return true;
	return false;
}

// Is one of the replication slots that they name still there?
bool
slot_is_left(const char *words) noexcept
{
	bool found = false;

	if (words[0] == '\0')
		return false;
	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots && !found; ++i)
	{
		const ReplicationSlot &is = ReplicationSlotCtl->replication_slots[i];
		found = is.in_use && is_named_in(words, NameStr(is.data.name));
	}
	LWLockRelease(ReplicationSlotControlLock);
	return found;
}

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

	for (unsigned i = 0; i < max_estates; ++i)
	{
		if (estates[i].is == phase::none || !same_owner(estates[i].what, who))
			continue;
		if (estates[i].alone == cover::open)
			return cover::open;
		if (estates[i].alone == cover::unknown)
			all = cover::unknown;
	}
	return all == cover::over && somebody_is_inside(m, who) ? cover::open : all;
}

bool
leaves_something(const estate &e) noexcept
{
	return e.is == phase::wanted && (e.found[0] != '\0' || slot_is_left(e.what.left));
}

estate *
place_for(const slot &who) noexcept
{
	estate *oldest = nullptr;

	for (unsigned i = 0; i < max_estates; ++i)
	{
		estate &e = estates[i];
		// One that names a slot of its own is told of by itself.
		const bool own_words = e.what.left[0] != '\0' && strcmp(e.what.left, who.left) != 0;
		if (e.is == phase::none || (same_kind(e.what, who) && !own_words && !leaves_something(e)))
			return &e;
	}
	for (unsigned i = 0; i < max_estates; ++i)
		if (!leaves_something(estates[i]) && (oldest == nullptr || estates[i].at_ns < oldest->at_ns))
			oldest = &estates[i];
	return oldest;
}

// Physical replication can leave nothing but its slot.
bool
may_leave(const slot &who)
{
	return who.state == slot_state::gated && who.proved_count > 0 &&
		   (who.database[0] != '\0' || who.left[0] != '\0') && !is_named(who.role, current.exempt_roles) &&
		   !is_named(who.role, current.service_roles);
}

// True when there is one to be asked about.
bool
take_in(shared *m)
{
	static slot who;
	bool any = false;

	for (;; ++taken_in)
	{
		LWLockAcquire(m->lock, LW_SHARED);
		const uint64_t count = m->ended_count;
		if (count > ended_kept && taken_in < count - ended_kept)
			taken_in = count - ended_kept;
		const bool there = taken_in < count;
		who = m->ended[taken_in % ended_kept].what;
		const int64_t at_ns = m->ended[taken_in % ended_kept].at_ns;
		LWLockRelease(m->lock);
		if (!there)
			return any;
		if (!may_leave(who))
			continue;
		estate *e = place_for(who);
		if (e == nullptr)
		{
			ereport(
				LOG,
				(errmsg(
					"pg_grantd does not look what role \"%s\" left in database \"%s\": too many have left "
					"something",
					who.role, who.database)));
			continue;
		}
		if (e == asked_about)
			asked_about = nullptr;
		*e = {};
		e->what = who;
		e->at_ns = at_ns;
		e->is = phase::waiting;
		any = true;
	}
}

// A window that opens again gives what is there back to its owner; one that ends has it looked into.
void
ask_about_all(shared *m, int64_t now_ns)
{
	for (unsigned i = 0; i < max_estates; ++i)
	{
		estate &e = estates[i];
		// Its role may have been listed meanwhile.
		if (e.is != phase::none && !may_leave(e.what))
			e.is = phase::none;
		if (e.is != phase::none)
			e.alone = ask_table(e.what);
	}
	for (unsigned i = 0; i < max_estates; ++i)
	{
		estate &e = estates[i];
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

	for (unsigned i = 0; i < max_estates; ++i)
	{
		estate &other = estates[i];
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
watch_estates()
{
	estates = static_cast<estate *>(MemoryContextAllocZero(TopMemoryContext, sizeof(estate) * max_estates));
}

void
settle_estates(shared *m, bool ask, int64_t now_ns, wake &next)
{
	const bool came = take_in(m);

	if (ask || came)
		ask_about_all(m, now_ns);
	bool busy = hear_inquiry(now_ns, next);
	for (unsigned i = 0; i < max_estates; ++i)
	{
		estate &e = estates[i];
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
	for (unsigned i = 0; i < max_estates; ++i)
		if (estates[i].is != phase::none && estates[i].was_left && estates[i].what.number == number)
			return true;
	return false;
}

} // namespace grantd::pg_hook
