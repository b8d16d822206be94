// SPDX-License-Identifier: Apache-2.0
// The end of the window in a backend. What the handler touches is static or shared memory; what it calls is
// open, fstat, fstatfs, read, pread, close, clock_gettime, getpid, timer_settime and the server's own handler
// of SIGTERM.
#include "session.h"

#include "base/clock.h"
#include "guest/live.h"
#include "settings.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include <signal.h>
#include <time.h>
#include <unistd.h>

extern "C"
{
#include <tcop/tcopprot.h>
}

namespace grantd::pg_hook
{

static_assert(std::is_trivially_destructible_v<standing>);

namespace
{

// Everything about this session. Touched by the handler, or with the signal blocked.
struct
{
	pid_t pid; // not a child that has forked off and not yet become another program
	slot *mine;
	bool armed;
	bool ended;
	timer_t timer;
	slot who; // names that nobody moves
	char cluster[NAMEDATALEN];
	decision::account accounts[2];
	guest::login question;
	guest::answer last;
} self{};

// For a glance without blocking the signal.
constexpr int64_t no_end = std::numeric_limits<int64_t>::min();
int64_t end_ns = no_end;
bool sigterm_raised = false;

constexpr int64_t raise_again_ns = base::ns_per_s;

// Never alive in a frame from which ereport jumps.
class held_back
{
   public:
	held_back() noexcept
	{
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, poke_signal());
		sigprocmask(SIG_BLOCK, &set, &before_);
	}
	~held_back()
	{
		sigprocmask(SIG_SETMASK, &before_, nullptr);
	}
	held_back(const held_back &) = delete;
	held_back &operator=(const held_back &) = delete;

   private:
	sigset_t before_;
};

bool
set_timer(int64_t at_ns) noexcept
{
	itimerspec when{};

	at_ns = std::max<int64_t>(at_ns, 1); // 0 would stop it
	when.it_value.tv_sec = at_ns / base::ns_per_s;
	when.it_value.tv_nsec = at_ns % base::ns_per_s;
	return timer_settime(self.timer, TIMER_ABSTIME, &when, nullptr) == 0;
}

void
put_out() noexcept
{
	if (!self.ended)
	{
		self.ended = true;
		__atomic_store_n(&self.mine->cause, static_cast<uint8_t>(guest::cause_of(self.last)),
						 __ATOMIC_RELAXED);
		__atomic_store_n(&sigterm_raised, true, __ATOMIC_RELAXED);
	}
	die(SIGTERM); // as a handler; the signal itself can be ignored (see keep_handler)
	// Should something have swallowed it.
	(void)set_timer(base::boot_now().ns + raise_again_ns);
}

void
ask() noexcept
{
	if (!self.ended && guest::ask_again(table_path(), self.question, self.last) == guest::fate::stays)
	{
		const int64_t until = self.last.verdict.until.ns;

		__atomic_store_n(&end_ns, until, __ATOMIC_RELAXED);
		__atomic_store_n(&self.mine->until_ns, until, __ATOMIC_RELAXED);
		__atomic_store_n(&self.mine->grant, self.last.verdict.grant, __ATOMIC_RELAXED);
		if (set_timer(std::min(until, self.last.now.ns + ask_again_ns)))
			return;
	}
	put_out();
}

void
on_poke(int) noexcept
{
	const int before = errno;

	if (self.armed && getpid() == self.pid)
		ask();
	errno = before;
}

bool
set_handler() noexcept
{
	struct sigaction ours{};

	ours.sa_handler = on_poke;
	ours.sa_flags = SA_RESTART;
	sigfillset(&ours.sa_mask);
	return sigaction(poke_signal(), &ours, nullptr) == 0;
}

// NULL, or what could not be had; errno says why.
const char *
install_handler() noexcept
{
	struct sigaction was{};
	sigset_t set;

	if (sigaction(poke_signal(), nullptr, &was) != 0)
		return "sigaction";
	if ((was.sa_flags & SA_SIGINFO) != 0 || was.sa_handler != SIG_DFL)
	{
		errno = EBUSY;
		return "its signal";
	}
	sigemptyset(&set);
	sigaddset(&set, poke_signal());
	if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0 || !set_handler())
		return "its signal";
	return nullptr;
}

const char *
start_timer() noexcept
{
	sigevent by{};

	by.sigev_notify = SIGEV_SIGNAL;
	by.sigev_signo = poke_signal();
	if (timer_create(CLOCK_BOOTTIME, &by, &self.timer) != 0)
		return "timer_create";
	self.armed = true;
	if (set_timer(std::min(self.last.verdict.until.ns, self.last.now.ns + ask_again_ns)))
		return nullptr;
	return "timer_settime";
}

// What was held back since prepare() comes now.
const char *
let_through() noexcept
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, poke_signal());
	return sigprocmask(SIG_UNBLOCK, &set, nullptr) == 0 ? nullptr : "sigprocmask";
}

void
refuse_for_want_of(const char *what)
{
	const int why = errno;

	if (what == nullptr)
		return;
	ereport(FATAL, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					errmsg("this session could not be ended in time, so it does not begin"),
					errdetail("%s: %s", what, strerror(why)),
					errhint("tell the administrator: it is in the server's log")));
}

standing
copy() noexcept
{
	return {.active = self.armed, .ended = self.ended, .last = self.last, .where = self.question.where};
}

} // namespace

int
poke_signal() noexcept
{
	return SIGRTMIN + 7;
}

void
prepare(const slot &who, const char *cluster)
{
	refuse_for_want_of(install_handler());

	self.pid = MyProcPid;
	self.who = who;
	snprintf(self.cluster, sizeof(self.cluster), "%s", cluster);
	for (unsigned i = 0; i < who.proved_count; ++i)
		self.accounts[i] = {static_cast<decision::identity_class>(who.proved_by[i]), self.who.name[i]};
	self.question = {.proved = {self.accounts, who.proved_count},
					 .where = {.kind = decision::point_kind::postgres,
							   .place = self.cluster,
							   .database = self.who.database,
							   .replication = who.replication},
					 .role = self.who.role,
					 .live = true,
					 .name_resource = true};

	errno = ENOSPC;
	self.mine = claim(who);
	refuse_for_want_of(self.mine == nullptr ? "a slot in shared memory" : nullptr);
}

standing
arm(const guest::answer &allowed)
{
	self.last = allowed;
	self.question.at_least = allowed.verdict.given;
	__atomic_store_n(&end_ns, allowed.verdict.until.ns, __ATOMIC_RELAXED);
	refuse_for_want_of(start_timer());
	admit(self.mine, allowed.verdict.given, allowed.verdict.until.ns, allowed.verdict.grant);
	refuse_for_want_of(let_through());
	return stand();
}

void
keep_handler() noexcept
{
	struct sigaction is{};

	if (!self.armed || getpid() != self.pid || sigaction(poke_signal(), nullptr, &is) != 0 ||
		is.sa_handler == on_poke)
		return;

	const held_back signal;

	(void)set_handler();
	ask();
}

void
note_ungated(const slot &who)
{
	if (slot *mine = claim(who); mine != nullptr)
		admit(mine, decision::access::read_write, 0, 0);
}

void
disarm() noexcept
{
	const held_back signal;

	if (self.armed)
		timer_delete(self.timer);
	self.armed = false;
	__atomic_store_n(&end_ns, no_end, __ATOMIC_RELAXED);
}

standing
stand() noexcept
{
	const held_back signal;

	return copy();
}

standing
stand_named() noexcept
{
	const held_back signal;

	if (self.armed)
		ask();
	return copy();
}

int64_t
known_end() noexcept
{
	return __atomic_load_n(&end_ns, __ATOMIC_RELAXED);
}

bool
was_ended() noexcept
{
	return __atomic_load_n(&sigterm_raised, __ATOMIC_RELAXED);
}

} // namespace grantd::pg_hook
