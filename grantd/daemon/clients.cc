// SPDX-License-Identifier: Apache-2.0
// All clients of api.sock.
#include "daemon/clients.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "daemon/peer.h"

namespace grantd::daemon {
namespace {

base::unique_fd make_spare() { return base::unique_fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

void refuse(int fd, std::string message) {
  std::string bytes = encode(refusal("Busy", std::move(message), "try again later"));
  (void)!send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

constexpr unsigned accepts_per_turn = 64;

// For relays: look again, by News.
reply only_event(std::string_view name) {
  reply r;
  r.continues = true;
  r.parameters.set("event", name);
  return r;
}

std::string_view resource_of(const event& e) {
  for (const json::value* of : {&e.grant, &e.request}) {
    const json::value* name = of->members() == nullptr ? nullptr : of->find("resource");
    if (name != nullptr && name->text() != nullptr) return *name->text();
  }
  return {};
}

}  // namespace

clients::clients(service::loop& l, core& c, const heard& all, client_limits limits)
    : loop_(l), core_(c), heard_(all), limits_(limits), spare_(make_spare()) {}

void clients::accept_some(int listener) {
  for (unsigned i = 0; i < accepts_per_turn; ++i) {
    base::unique_fd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) {
      if (errno != EMFILE && errno != ENFILE) return;
      // Without this the listener stays readable for ever and the loop spins.
      spare_.reset();
      base::unique_fd turned_away(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (turned_away.valid()) refuse(turned_away.get(), "grantd has no descriptors left");
      turned_away.reset();
      spare_ = make_spare();
      return;
    }
    auto uid = peer_uid(fd.get());
    if (!uid) continue;
    admit(std::move(fd), *uid);
  }
}

void clients::admit(base::unique_fd fd, uid_t uid) {
  usage& mine = usage_[uid];
  bool root = uid == 0;
  if (mine.connections >= (root ? limits_.connections : limits_.connections_per_uid)) {
    refuse(fd.get(), fmt::format("uid {} has {} connections open", uid, mine.connections));
  } else if (!root && not_root_ >= limits_.connections) {
    refuse(fd.get(), fmt::format("grantd has {} connections open", not_root_));
  } else if (uint64_t number = next_++; loop_.add(fd.get(), EPOLLIN, number)) {
    auto c = std::make_unique<connection>(std::move(fd), uid, limits_.message_bytes);
    c->armed = EPOLLIN;
    c->active = base::boot_now();
    all_.emplace(number, std::move(c));
    ++mine.connections;
    if (!root) ++not_root_;
    return;
  }
  if (mine.connections == 0) usage_.erase(uid);
}

void clients::drop(uint64_t number) {
  auto at = all_.find(number);
  if (at == all_.end()) return;
  uid_t uid = at->second->who.uid;
  usage& mine = usage_[uid];
  mine.bytes -= at->second->counted;
  if (uid != 0) --not_root_;
  if (watchers_.erase(number) != 0) --mine.watchers;
  if (number == provisioner_) {
    provisioner_ = 0;
    core_.hang_up(at->second->who.listener);
  }
  if (--mine.connections == 0) usage_.erase(uid);
  all_.erase(at);
}

void clients::ready(uint64_t number, uint32_t events) {
  auto at = all_.find(number);
  if (at == all_.end()) return;
  connection& c = *at->second;
  c.active = base::boot_now();
  if ((events & EPOLLIN) != 0 && !c.receive()) return drop(number);
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
    // Nobody reads any more. What was said before still counts, unless it cannot even be read.
    if (c.has_output() || c.who.watching || (events & EPOLLIN) == 0) return drop(number);
  }
  settle(number, c);
}

void clients::hear_one(uint64_t number, connection& c) {
  c.queued = false;
  if (c.may_speak()) {
    if (auto message = c.in.next()) {
      call_one(number, c, *message);
    } else if (c.in.too_long()) {
      c.send(
          encode(refusal("BadMessage", fmt::format("a message is at most {} bytes", limits_.message_bytes))));
      c.closing = true;
    }
  }
  settle(number, c);
}

void clients::call_one(uint64_t number, connection& c, std::string_view message) {
  auto said = decode_call(message);
  if (!said) {
    c.send(encode(refusal("BadMessage", "not a varlink call: " + said.error())));
    c.closing = true;
    return;
  }
  bool watched = c.who.watching;
  const uint64_t listened = c.who.listener;
  auto done = dispatch(core_, c.who, heard_, *said, said->oneway ? 0 : number);
  if (!done && !watched && c.who.watching) {
    if (begin_watching(number, c)) {
      // From here on it is told: what happened before it asks News for.
      if (identify(core_, c.who).is_relay_itself()) c.send(encode(only_event("begin")));
      return;
    }
    c.who.watching = false;
    done = refusal("Busy", fmt::format("uid {} watches {} times already", c.who.uid, watchers_per_uid),
                   "end one of them");
  }
  if (!done && c.who.listener != listened) return begin_listening(number);
  if (!done) {
    c.waiting = true;
    waiting_.push_back(number);
  } else if (!said->oneway) {
    c.send(encode(*done));
  }
}

bool clients::begin_watching(uint64_t number, connection& c) {
  usage& mine = usage_[c.who.uid];
  if (mine.watchers >= watchers_per_uid) return false;
  ++mine.watchers;
  watchers_.insert(number);
  return true;
}

void clients::begin_listening(uint64_t number) {
  const uint64_t before = std::exchange(provisioner_, number);
  if (before != 0) drop(before);
}

bool clients::charge(connection& c) {
  size_t held = c.held();
  usage& mine = usage_[c.who.uid];
  mine.bytes += held - c.counted;
  c.counted = held;
  return mine.bytes <= bytes_per_uid || c.who.uid == 0;
}

void clients::settle(uint64_t number, connection& c) {
  if (!c.flush() || c.finished() || !charge(c)) return drop(number);
  if (c.may_speak() && c.in.has_message() && !std::exchange(c.queued, true)) queue_.push(c.who.uid, number);
  bool listen = c.may_speak() && !c.eof && !c.in.has_message();
  uint32_t wanted = (listen ? uint32_t{EPOLLIN} : 0) | (c.has_output() ? uint32_t{EPOLLOUT} : 0);
  if (wanted == c.armed) return;
  c.armed = wanted;
  loop_.change(c.fd.get(), wanted, number);
}

void clients::hear() {
  const int64_t until = base::boot_now().ns + hearing_ns;
  while (auto number = queue_.pop()) {
    auto at = all_.find(*number);
    if (at != all_.end()) hear_one(*number, *at->second);
    if (base::boot_now().ns >= until) return;
  }
}

void clients::answer(const std::vector<finished>& answers) {
  for (const finished& f : answers) {
    auto at = all_.find(f.to);
    if (at != all_.end()) at->second->send(encode(f.answer));
  }
  for (uint64_t number : std::exchange(waiting_, {})) {
    auto at = all_.find(number);
    if (at == all_.end()) continue;
    at->second->waiting = false;
    settle(number, *at->second);
  }
}

void clients::tell_watchers(const std::vector<event>& events) {
  if (events.empty() || watchers_.empty()) return;
  std::map<uint64_t, const policy::relay*> relays;
  for (uint64_t number : std::vector<uint64_t>(watchers_.begin(), watchers_.end())) {
    // The right to watch others may have gone with a new policy.
    const session& s = all_.at(number)->who;
    caller now = identify(core_, s);
    if (now.is_relay_itself()) {
      relays.emplace(number, now.relay);
    } else if (!(s.watch_all ? now.may_see : now.may_ask_about(s.watch_person))) {
      drop(number);
    }
  }
  for (const event& e : events) {
    reply r;
    r.continues = true;
    r.parameters.set("event", e.name);
    if (e.grant.members() != nullptr) r.parameters.set("grant", e.grant);
    if (e.request.members() != nullptr) r.parameters.set("request", e.request);
    std::string bytes = encode(r);
    const std::string only_that = relays.empty() ? std::string() : encode(only_event(e.name));
    for (auto at = watchers_.begin(); at != watchers_.end();) {
      uint64_t number = *at++;  // it may be dropped
      connection& c = *all_.at(number);
      if (auto relay = relays.find(number); relay != relays.end()) {
        if (policy::carries(*relay->second, e.person, resource_of(e))) tell(number, c, only_that);
        continue;
      }
      const std::string& watched = c.who.watch_person;
      if (c.who.watch_all || watched == e.person || std::ranges::find(e.also, watched) != e.also.end())
        tell(number, c, bytes);
    }
  }
  for (uint64_t number : std::vector<uint64_t>(watchers_.begin(), watchers_.end()))
    settle(number, *all_.at(number));
}

void clients::tell_provisioner(const std::vector<core::provision_work>& work) {
  auto at = all_.find(provisioner_);
  if (at == all_.end()) return;
  connection& c = *at->second;
  if (!identify(core_, c.who).provision) return drop(provisioner_);  // it is another account now
  for (const core::provision_work& w : work) {
    reply r;
    r.continues = true;
    r.parameters.set("work", static_cast<int64_t>(w.number));
    r.parameters.set("step", w.step);
    r.parameters.set("system", w.system);
    if (!w.account.empty()) r.parameters.set("account", w.account).set("role", w.role);
    c.send(encode(r));
  }
  settle(provisioner_, c);
}

// What is held is looked at before the next event is added: thousands may come in one turn.
void clients::tell(uint64_t number, connection& c, std::string_view bytes) {
  c.send(bytes);
  if (c.backlog() <= watcher_backlog && charge(c)) return;
  if (!c.flush() || c.backlog() > watcher_backlog || !charge(c)) drop(number);
}

void clients::drop_on_behalf() {
  std::vector<uint64_t> theirs;
  for (const auto& [number, c] : all_) {
    if (!c->who.on_behalf.empty() || !c->who.relay.empty()) theirs.push_back(number);
  }
  for (uint64_t number : theirs) {
    connection& c = *all_.at(number);
    c.closing = true;
    if (watchers_.erase(number) != 0) --usage_[c.who.uid].watchers;
    settle(number, c);
  }
}

void clients::sweep(base::boot_time now) {
  if (limits_.idle_seconds == 0) return;
  std::vector<uint64_t> idle;
  for (const auto& [number, c] : all_) {
    bool quiet = now.ns - c->active.ns > int64_t{limits_.idle_seconds} * base::ns_per_s;
    if (quiet && ((!c->who.watching && number != provisioner_) || c->has_output())) idle.push_back(number);
  }
  for (uint64_t number : idle) drop(number);
}

void clients::flush_all() {
  for (auto& [number, c] : all_) (void)c->flush();
}

}  // namespace grantd::daemon
