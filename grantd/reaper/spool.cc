// SPDX-License-Identifier: Apache-2.0
// Sends presence datagrams; what is lost is said again.
#include "reaper/spool.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "guest/line.h"

namespace grantd::reaper {
namespace {

constexpr size_t most_ended = 256;
constexpr size_t max_part = 63;
constexpr size_t max_text = 80;

}  // namespace

wire::presence spool::about(const session& s) const {
  return {.state = wire::presence_state::live,
          .proved_by = static_cast<uint8_t>(decision::identity_class::os),
          .point = static_cast<uint8_t>(decision::point_kind::pam),
          .access = static_cast<uint8_t>(s.last.verdict.given),
          .run = run_,
          .number = s.number,
          .grant = s.last.verdict.grant,
          .since_ns = s.since.ns,
          .until_ns = s.at == stage::inside ? s.last.verdict.until.ns : s.ended.ns,
          .pid = static_cast<uint32_t>(s.leader),
          .name = s.user,
          .place = s.service,
          .database = {},
          .role = {},
          .remote = guest::cut(s.remote, max_part),
          .text = guest::cut(s.tty, max_text)};
}

void spool::live(const session& s) { (void)send(about(s)); }

void spool::ended(const session& s, base::boot_time now) {
  wire::presence p = about(s);
  p.state = wire::presence_state::ended;
  p.cause = s.cause == wire::presence_cause::none ? wire::presence_cause::closed : s.cause;
  p.until_ns = now.ns;
  p.text = {};
  ended_.push_back({send(p), {now.ns + wire::ended_again_s * base::ns_per_s}});
  if (ended_.size() > most_ended) ended_.pop_front();
}

void spool::left_over(const session& s) {
  wire::presence p = about(s);
  p.state = wire::presence_state::leftover;
  p.cause = s.cause;
  const std::string what = "processes in " + s.group.path();
  p.text = guest::cut(what, max_text);
  (void)send(p);
}

void spool::left_over(uint64_t number, const std::string& user, const std::string& service,
                      const std::string& what, base::boot_time since) {
  (void)send(wire::presence{.state = wire::presence_state::leftover,
                            .cause = wire::presence_cause::expired,
                            .proved_by = static_cast<uint8_t>(decision::identity_class::os),
                            .point = static_cast<uint8_t>(decision::point_kind::pam),
                            .access = static_cast<uint8_t>(decision::access::read_only),
                            .run = run_,
                            .number = number,
                            .since_ns = since.ns,
                            .until_ns = since.ns,
                            .name = user,
                            .place = service,
                            .database = {},
                            .role = {},
                            .remote = {},
                            .text = guest::cut(what, max_text)});
}

void spool::repeat_ended(base::boot_time now) {
  while (!ended_.empty() && ended_.front().until < now) ended_.pop_front();
  for (const kept& k : ended_) send(k.bytes);
}

std::vector<uint8_t> spool::send(const wire::presence& p) {
  std::array<uint8_t, wire::max_presence> room;
  const size_t size = wire::encode(p, room);
  std::vector<uint8_t> bytes(room.begin(), room.begin() + static_cast<ptrdiff_t>(size));
  send(bytes);
  return bytes;
}

void spool::send(const std::vector<uint8_t>& bytes) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (bytes.empty() || path_.empty() || path_.size() >= sizeof to.sun_path) return;
  std::memcpy(to.sun_path, path_.data(), path_.size());
  if (!socket_.valid()) socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  (void)sendto(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

}  // namespace grantd::reaper
