// SPDX-License-Identifier: Apache-2.0
// report.sock: what guests saw, and how enders' sessions stand.
#include "daemon/reports.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "daemon/answers.h"

namespace grantd::daemon {

namespace {

bool may_speak(const reporters& known, uid_t uid, uint8_t point, std::string_view place) {
  bool postgres = point == static_cast<uint8_t>(decision::point_kind::postgres);
  if (!postgres) return uid == 0 && point == static_cast<uint8_t>(decision::point_kind::pam);
  auto at = known.find(uid);
  return at != known.end() && std::ranges::find(at->second, place) != at->second.end();
}

login login_of(const auto& told, int64_t boot_ns) {
  return {{static_cast<decision::identity_class>(told.proved_by), told.name},
          {static_cast<decision::point_kind>(told.point), told.place, told.database, told.replication},
          {boot_ns}};
}

constexpr std::string_view presence_magic = "gdp1";

}  // namespace

bool may_report(const reporters& known, uid_t uid, const wire::report& r) {
  return may_speak(known, uid, r.point, r.place);
}
bool may_report(const reporters& known, uid_t uid, const wire::presence& p) {
  return may_speak(known, uid, p.point, p.place);
}

void reports::receive(int socket) {
  for (int i = 0; i < 64; ++i) {
    std::array<uint8_t, std::max(wire::max_report, wire::max_presence) + 1> bytes;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control;
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) return;
    // Descriptors sent along do not fit beside the credentials: the kernel closes them (MSG_CTRUNC).
    const cmsghdr* c = CMSG_FIRSTHDR(&message);
    if (c == nullptr || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
        (message.msg_flags & MSG_TRUNC) != 0) {
      heard_.seen.drop();
      continue;
    }
    ucred who{};
    std::memcpy(&who, CMSG_DATA(c), sizeof who);
    if (!take_one(who.uid, {bytes.data(), static_cast<size_t>(n)})) heard_.seen.drop();
  }
}

bool reports::take_one(uid_t uid, std::span<const uint8_t> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with(presence_magic)) {
    auto p = wire::decode_presence(bytes);
    if (!p || !may_report(known_, uid, *p) || !heard_.inside.hear(base::read_clocks(), uid, *p)) return false;
    login by = login_of(*p, p->since_ns);
    // Of a session that is over nothing else may have been heard. It began the window it was covered by, and
    // none that opened after it.
    if (p->state != wire::presence_state::live) by.by = p->grant;
    if (p->state == wire::presence_state::live || p->grant != 0) core_.logged_in(by);
    return true;
  }
  auto r = wire::decode_report(bytes);
  if (!r || !may_report(known_, uid, *r)) return false;
  take_report(uid, *r);
  return true;
}

void reports::settle(const base::clock_reading& now) {
  heard_.inside.tidy(now.boot);
  heard_.inside.record(now, {.has = [this](const std::string& once) { return core_.truth().noted(once); },
                             .keep =
                                 [this](std::string event, sessions::fields f, std::string once) {
                                   return core_.note(std::move(event), std::move(f), std::move(once));
                                 }});
}

std::vector<core::line> reports::take_lines() {
  for (auto& l : heard_.inside.take_lines()) lines_.push_back({l.at, std::move(l.text)});
  return std::exchange(lines_, {});
}

void reports::take_report(uid_t uid, const wire::report& r) {
  base::clock_reading now = base::read_clocks();
  heard_.seen.add(now.utc.us, uid, r);
  if (r.outcome == wire::outcome::allowed) return core_.logged_in(login_of(r, r.boot_ns));
  std::string account = print(decision::account{static_cast<decision::identity_class>(r.proved_by), r.name});
  std::string why(reason_word(static_cast<decision::reason>(r.reason)));
  const bool recorded = recorded_.take(now.boot) &&
                        core_.note(std::string(outcome_word(r.outcome)), {{"account", account},
                                                                          {"login_point", point_word(r)},
                                                                          {"role", std::string(r.role)},
                                                                          {"reason", why},
                                                                          {"remote", std::string(r.remote)},
                                                                          {"reporter", std::to_string(uid)}});
  if (logged_.take(now.boot)) {
    if (uint64_t n = std::exchange(unsaid_, 0); n != 0) {
      lines_.push_back({level::warning, fmt::format("{} more reports were not logged", n)});
    }
    level at = r.outcome == wire::outcome::break_glass ? level::alert : level::info;
    lines_.push_back({at,
                      fmt::format("{}: {} at {} ({}){}{}", outcome_word(r.outcome), account, point_word(r),
                                  why, r.remote.empty() ? "" : " from ", r.remote),
                      recorded});
  } else {
    ++unsaid_;
  }
}

}  // namespace grantd::daemon
