// SPDX-License-Identifier: Apache-2.0
// Sends presence datagrams; what is lost is said again.
#include "reaper/spool.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "guest/line.h"
#include "reaper/hex.h"

namespace grantd::reaper {
namespace {

constexpr size_t most_ended = 256;
constexpr size_t max_part = 63;
constexpr size_t max_text = 80;
constexpr int64_t full_wait_ns = 20'000'000;  // nothing tells when a full queue is not full any more

std::string file_of(uint64_t number) { return "ended-" + std::to_string(number); }

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

wire::presence spool::about(const remains& r) const {
  return {.state = wire::presence_state::leftover,
          .cause = wire::presence_cause::lost,
          .proved_by = static_cast<uint8_t>(decision::identity_class::os),
          .point = static_cast<uint8_t>(decision::point_kind::pam),
          .access = static_cast<uint8_t>(decision::access::read_only),
          .run = run_,
          .number = r.number,
          .since_ns = r.since.ns,
          .until_ns = r.since.ns,
          .name = r.user,
          .place = r.service,
          .database = {},
          .role = {},
          .remote = {},
          .text = guest::cut(r.what, max_text)};
}

void spool::live(const session& s) { say(about(s)); }

void spool::ended(const session& s, base::boot_time now) {
  wire::presence p = about(s);
  p.state = wire::presence_state::ended;
  p.cause = s.cause == wire::presence_cause::none ? wire::presence_cause::closed : s.cause;
  p.until_ns = now.ns;
  p.text = {};
  keep(p, now);
}

void spool::left_over(const session& s) {
  wire::presence p = about(s);
  p.state = wire::presence_state::leftover;
  p.cause = s.cause;
  const std::string what = "processes in " + s.group.path();
  p.text = guest::cut(what, max_text);
  say(p);
}

void spool::left_over(const remains& r) { say(about(r)); }

void spool::ended(const remains& r, base::boot_time now) {
  wire::presence p = about(r);
  p.state = wire::presence_state::ended;
  p.until_ns = now.ns;
  p.text = {};
  keep(p, now);
}

void spool::keep(const wire::presence& p, base::boot_time now) {
  say(p);
  std::array<uint8_t, wire::max_presence> room;
  const size_t size = wire::encode(p, room);
  const base::boot_time until{now.ns + wire::ended_again_s * base::ns_per_s};
  const std::span<const uint8_t> bytes = std::span(room).first(size);
  if (kept_ != nullptr) {
    (void)kept_->save(file_of(p.number), {{"until", std::to_string(until.ns)}, {"said", to_hex(bytes)}});
  }
  ended_[p.number] = {{bytes.begin(), bytes.end()}, until};
  if (ended_.size() <= most_ended) return;
  const auto oldest = std::ranges::min_element(ended_, {}, [](const auto& e) { return e.second.until; });
  forget(oldest->first);
  ended_.erase(oldest);
}

void spool::forget(uint64_t number) {
  if (kept_ != nullptr) kept_->forget(file_of(number));
}

void spool::keep_in(const state& kept) {
  kept_ = &kept;
  for (const state::entry& e : kept_->all("ended-")) {
    const auto until = e.what ? number_in(*e.what, "until") : std::nullopt;
    const auto at = e.what ? e.what->find("said") : fields::const_iterator{};
    std::vector<uint8_t> bytes;
    if (until && at != e.what->end()) bytes = from_hex(at->second);
    const auto said = wire::decode_presence(bytes);
    if (said && said->run == run_) {
      const uint64_t number = said->number;
      ended_[number] = {std::move(bytes), {*until}};
    } else {
      kept_->forget(e.name);  // nobody's end depends on it
    }
  }
}

void spool::repeat_ended(base::boot_time now) {
  std::erase_if(ended_, [&](const auto& e) {
    if (e.second.until >= now) return false;
    forget(e.first);
    return true;
  });
  for (const auto& [number, e] : ended_) say(number, e.bytes);
}

void spool::say(const wire::presence& p) {
  std::array<uint8_t, wire::max_presence> room;
  const size_t size = wire::encode(p, room);
  say(p.number, {room.begin(), room.begin() + static_cast<ptrdiff_t>(size)});
}

void spool::say(uint64_t number, std::vector<uint8_t> bytes) {
  if (bytes.empty()) return;
  const bool in_order = waiting_.empty();
  waiting_[number] = std::move(bytes);
  if (in_order) push();
}

void spool::push() {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path_.size() >= sizeof to.sun_path) return waiting_.clear();
  std::memcpy(to.sun_path, path_.data(), path_.size());
  if (!socket_.valid()) socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  while (!waiting_.empty()) {
    const std::vector<uint8_t>& bytes = waiting_.begin()->second;
    if (sendto(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == ENOBUFS) return;
      return waiting_.clear();  // nobody listens: it is all said again in time
    }
    waiting_.erase(waiting_.begin());
  }
}

void spool::flush(base::boot_time now) {
  if (waiting_.empty() || now < again_) return;
  push();
  again_ = {now.ns + full_wait_ns};
}

std::optional<base::boot_time> spool::next() const {
  if (waiting_.empty()) return {};
  return again_;
}

}  // namespace grantd::reaper
