// SPDX-License-Identifier: Apache-2.0
// report.sock: what guests saw.
#include "daemon/reports.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "daemon/answers.h"

namespace grantd::daemon {

bool rate::take(base::boot_time now) {
  double passed = static_cast<double>(now.ns - last_ns_) / static_cast<double>(base::ns_per_s);
  last_ns_ = now.ns;
  tokens_ = std::min<double>(burst_, tokens_ + std::max(0.0, passed) * per_second_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

bool may_report(const reporters& known, uid_t uid, const wire::report& r) {
  bool postgres = r.point == static_cast<uint8_t>(decision::point_kind::postgres);
  if (!postgres) return uid == 0 && r.point == static_cast<uint8_t>(decision::point_kind::pam);
  auto at = known.find(uid);
  return at != known.end() && std::ranges::find(at->second, r.place) != at->second.end();
}

void reports::receive(int socket) {
  for (int i = 0; i < 64; ++i) {
    std::array<uint8_t, wire::max_report + 1> bytes;
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
      seen_.drop();
      continue;
    }
    ucred who{};
    std::memcpy(&who, CMSG_DATA(c), sizeof who);
    take_one(who.uid, {bytes.data(), static_cast<size_t>(n)});
  }
}

void reports::take_one(uid_t uid, std::span<const uint8_t> bytes) {
  auto r = wire::decode_report(bytes);
  if (!r || !may_report(known_, uid, *r)) return seen_.drop();
  base::clock_reading now = base::read_clocks();
  seen_.add(now.utc.us, uid, *r);
  if (r->outcome == wire::outcome::allowed) return;
  std::string account =
      print(decision::account{static_cast<decision::identity_class>(r->proved_by), r->name});
  std::string why(reason_word(static_cast<decision::reason>(r->reason)));
  if (logged_.take(now.boot)) {
    if (uint64_t n = std::exchange(unsaid_, 0); n != 0) {
      lines_.push_back({level::warning, fmt::format("{} more reports were not logged", n)});
    }
    level at = r->outcome == wire::outcome::break_glass ? level::alert : level::info;
    lines_.push_back({at, fmt::format("{}: {} at {} ({}){}{}", outcome_word(r->outcome), account,
                                      point_word(*r), why, r->remote.empty() ? "" : " from ", r->remote)});
  } else {
    ++unsaid_;
  }
  if (recorded_.take(now.boot)) {
    core_.note(std::string(outcome_word(r->outcome)), {{"account", account},
                                                       {"login_point", point_word(*r)},
                                                       {"role", std::string(r->role)},
                                                       {"reason", why},
                                                       {"remote", std::string(r->remote)},
                                                       {"reporter", std::to_string(uid)}});
  }
}

}  // namespace grantd::daemon
