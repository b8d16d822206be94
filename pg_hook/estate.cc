// SPDX-License-Identifier: Apache-2.0
// Keeps the estates and finds room for new ones. Asks neither the window table nor a database.
#include "estate.h"

#include "settings.h"

extern "C"
{
#include <replication/slot.h>
#include <utils/memutils.h>
}

namespace grantd::pg_hook
{

namespace
{

constexpr unsigned max_estates = 256;

estate *estates = nullptr; // max_estates of them
uint64_t taken_in = 0; // of `ended`

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

estate *
place_for(const slot &who) noexcept
{
	estate *oldest = nullptr; // or an empty one: at_ns is 0

	for (estate &e : all_estates())
	{
		// One that names a slot of its own is told of by itself.
		const bool own_words = e.what.left[0] != '\0' && strcmp(e.what.left, who.left) != 0;
		if (e.is != phase::none && same_kind(e.what, who) && !own_words && !leaves_something(e))
			return &e;
		if (!leaves_something(e) && (oldest == nullptr || e.at_ns < oldest->at_ns))
			oldest = &e;
	}
	return oldest;
}

} // namespace

void
make_room_for_estates()
{
	estates = static_cast<estate *>(MemoryContextAllocZero(TopMemoryContext, sizeof(estate) * max_estates));
}

std::span<estate>
all_estates() noexcept
{
	return {estates, estates == nullptr ? 0 : max_estates};
}

bool
same_owner(const slot &a, const slot &b) noexcept
{
	return strcmp(a.role, b.role) == 0 && strcmp(a.database, b.database) == 0 &&
		   a.replication == b.replication;
}

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

bool
leaves_something(const estate &e) noexcept
{
	return e.is == phase::wanted && (e.found[0] != '\0' || slot_is_left(e.what.left));
}

// Physical replication can leave nothing but its slot.
bool
may_leave(const slot &who)
{
	return who.state == slot_state::gated && who.proved_count > 0 &&
		   (who.database[0] != '\0' || who.left[0] != '\0') && !is_named(who.role, current.exempt_roles) &&
		   !is_named(who.role, current.service_roles);
}

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
		*e = {};
		e->what = who;
		e->at_ns = at_ns;
		e->is = phase::waiting;
		any = true;
	}
}

} // namespace grantd::pg_hook
