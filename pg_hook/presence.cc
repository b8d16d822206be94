// SPDX-License-Identifier: Apache-2.0
// Presence datagrams: paced, sent without waiting. No decision rests on them, and no error here ends anything.
#include "presence.h"

#include "base/siphash.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "leftover.h"
#include "settings.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/un.h>

namespace grantd::pg_hook
{

namespace
{

constexpr int64_t every_ns = wire::presence_every_s * base::ns_per_s;
constexpr int64_t ended_again_ns = wire::ended_again_s * base::ns_per_s;
constexpr int64_t after_change_ns = base::ns_per_s;

// How long nothing is sent after grantd took nothing: a full queue is soon read, by one who reads at all.
constexpr int64_t first_pause_ns = 20 * base::ns_per_s / 1000;
constexpr int64_t last_pause_ns = base::ns_per_s;

// Of this process, which is the worker.
int64_t again_from_ns = 0; // what was told before is told again
bool again_wanted = false;
int64_t silent_until_ns = 0;
int64_t pause_ns = first_pause_ns;
int report_socket = -1; // kept until the process ends
told told_of_ended[ended_kept];

[[nodiscard]] bool
send_datagram(std::span<const uint8_t> bytes) noexcept
{
	sockaddr_un to{};

	// The setting's check hook knows the limit, too.
	const size_t length = strnlen(current.report, sizeof to.sun_path);
	if (length >= sizeof to.sun_path)
		return false;
	to.sun_family = AF_UNIX;
	memcpy(to.sun_path, current.report, length);
	if (report_socket < 0)
		report_socket =
			base::unique_fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)}.release();
	return report_socket >= 0 &&
		   sendto(report_socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
				  reinterpret_cast<const sockaddr *>(&to), sizeof to) >= 0;
}

wire::presence
describe(const slot &who, const status &how) noexcept
{
	// A session that proved nothing (mode off, and a map) goes by its role.
	const bool proved = who.proved_count > 0;

	return {.state = how.state,
			.cause = how.cause,
			.proved_by = proved ? who.proved_by[0] : static_cast<uint8_t>(decision::identity_class::pg),
			.point = static_cast<uint8_t>(decision::point_kind::postgres),
			.access = who.access == 0 ? static_cast<uint8_t>(decision::access::read_write) : who.access,
			.replication = who.replication,
			.run = memory()->run,
			.number = who.number,
			.grant = who.grant,
			.since_ns = who.since_ns,
			.until_ns = how.until_ns,
			.pid = static_cast<uint32_t>(who.pid),
			.name = proved ? who.name[0] : who.role,
			.place = current.cluster,
			.database = who.database,
			.role = who.role,
			.remote = who.remote,
			.text = how.text};
}

uint64_t
digest_of(std::span<const uint8_t> bytes) noexcept
{
	base::siphash13 hash{{}};

	hash.add(bytes.data(), bytes.size());
	return hash.finish();
}

} // namespace

void
pace_telling(bool table_changed, int64_t now_ns, wake &next) noexcept
{
	again_wanted = again_wanted || table_changed;
	if (again_wanted && now_ns - again_from_ns >= after_change_ns)
	{
		again_from_ns = now_ns;
		again_wanted = false;
	}
	else if (again_wanted)
		next.by(again_from_ns + after_change_ns);
}

void
tell(told &before, const slot &who, const status &how, int64_t now_ns, wake &next) noexcept
{
	std::array<uint8_t, wire::max_presence> bytes;

	if (current.report == nullptr || current.report[0] == '\0')
		return;
	const size_t size = wire::encode(describe(who, how), bytes);
	if (size == 0)
		return;
	const std::span<const uint8_t> datagram{bytes.data(), size};
	const uint64_t digest = digest_of(datagram);

	const bool known = before.number == who.number && before.digest == digest;
	if (known && before.at_ns >= again_from_ns && now_ns - before.at_ns < every_ns)
	{
		next.by(before.at_ns + every_ns);
		return;
	}
	if (now_ns < silent_until_ns)
	{
		next.by(silent_until_ns);
		return;
	}
	if (send_datagram(datagram))
	{
		before = {who.number, digest, now_ns};
		pause_ns = first_pause_ns;
		next.by(now_ns + every_ns);
		return;
	}
	// EAGAIN: the queue is full, and what comes after this would not be taken either.
	pause_ns = errno == EAGAIN ? pause_ns : last_pause_ns;
	silent_until_ns = now_ns + pause_ns;
	pause_ns = pause_ns * 2 < last_pause_ns ? pause_ns * 2 : last_pause_ns;
	next.by(silent_until_ns);
}

void
tell_of_ended(shared *memory, int64_t now_ns, wake &next) noexcept
{
	static slot who; // too large for a stack that is somebody else's

	for (unsigned i = 0; i < ended_kept; ++i)
	{
		LWLockAcquire(memory->lock, LW_SHARED);
		const bool there = i < memory->ended_count;
		const int64_t at_ns = memory->ended[i].at_ns;
		if (there)
			who = memory->ended[i].what;
		LWLockRelease(memory->lock);
		if (!there)
			return;
		if (now_ns - at_ns >= ended_again_ns || is_estate_told(who.number))
			continue;
		const auto cause = who.cause == 0 ? wire::presence_cause::closed : wire::presence_cause{who.cause};
		tell(told_of_ended[i], who, {.state = wire::presence_state::ended, .cause = cause, .until_ns = at_ns},
			 now_ns, next);
	}
}

} // namespace grantd::pg_hook
