// SPDX-License-Identifier: Apache-2.0
// The beginning of a session: its cgroup is recorded first, its account looked up second, so that a
// revocation in between finds it. What cannot be recorded is not let in.
#include <poll.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/names.h"
#include "guest/registration.h"
#include "reaper/hex.h"
#include "reaper/sessions.h"
#include "service/log.h"

namespace grantd::reaper {
namespace {

using service::level;
using service::log;
using wire::registration_result;

bool lives(const peer& p) {
  pollfd one{p.pidfd, POLLIN, 0};
  return poll(&one, 1, 0) == 0;
}

}  // namespace

// Its own scope under logind: a fresh one, that holds nobody else. What is killed with a scope that others
// share (su in somebody's unregistered session) would not be ours; there, and without logind, a cgroup is
// made.
std::optional<cgroup> sessions::fresh_scope(const peer& leader, const std::string& path) const {
  if (!owner_of_scope(path) || !around_.groups.is_roots(path)) return {};
  auto scope = around_.groups.open(path);
  if (!scope || scope->members() != std::vector<pid_t>{leader.pid}) return {};
  return std::move(*scope);
}

std::expected<cgroup, std::string> sessions::make_own(const std::string& path, uint64_t number) const {
  const std::string parent = around_.own_parent.value_or(path);
  const std::string name = "grantd-" + to_hex(around_.run) + "-" + std::to_string(number);
  auto made = around_.groups.make(parent, name);
  if (made) return made;
  // Left by a crash between making it and writing that it is there; nobody was ever put into it.
  const auto stale = around_.groups.open((parent == "/" ? "" : parent) + "/" + name);
  if (!stale || stale->populated()) return made;
  stale->remove(around_.groups);
  return around_.groups.make(parent, name);
}

std::expected<void, std::string> sessions::enter(const peer& leader, const cgroup& own,
                                                 const std::string& from) const {
  auto moved = around_.groups.move(own, leader.pid);
  if (!moved) return moved;
  const auto now_in = around_.groups.path_of(leader.pid);
  if (now_in && *now_in == own.path()) return {};
  // It is refused, and stays what it was.
  if (auto before = around_.groups.open(from)) (void)around_.groups.move(*before, leader.pid);
  return std::unexpected("the process is not where it was put");
}

// The state is written before the leader is in a cgroup of ours: a crash leaves an empty one, or one that is
// found again and ended.
std::expected<session, std::string> sessions::record(const peer& leader, const wire::registration& asked,
                                                     base::boot_time now) {
  auto path = around_.groups.path_of(leader.pid);
  if (!path) return std::unexpected(path.error());
  session s;
  s.number = next_number();
  s.service = asked.service;
  s.user = asked.user;
  s.remote = base::is_printable_utf8(asked.remote) ? asked.remote : std::string_view{};
  s.tty = base::is_printable_utf8(asked.tty) ? asked.tty : std::string_view{};
  s.leader = leader.pid;
  s.since = now;
  const auto refuse = [&](const std::string& why) {
    around_.kept.forget(file_of(s));
    if (s.own) s.group.remove(around_.groups);
    if (s.number == last_number_) keep_number(last_number_ - 1);  // nobody has heard of it
    return std::unexpected(why);
  };
  if (auto scope = fresh_scope(leader, *path)) {
    s.group = std::move(*scope);
    s.owner = owner_of_scope(*path);
  } else {
    auto made = make_own(*path, s.number);
    if (!made) return refuse(made.error());
    s.group = std::move(*made);
    s.own = true;
  }
  if (!save(s)) return refuse("its state cannot be written");
  if (s.own) {
    if (auto inside = enter(leader, s.group, *path); !inside) return refuse(inside.error());
  }
  // Asked after the cgroup is known: a number that changed hands would not be the peer's any more.
  if (!lives(leader)) return refuse("the process has ended");
  return s;
}

wire::registration_answer sessions::open(const peer& leader, const wire::registration& asked,
                                         base::boot_time now) {
  const auto failed = [this](std::string_view why) {
    failed_ = why.substr(0, 80);
    return wire::registration_answer{.result = registration_result::failed, .text = failed_};
  };
  if (!base::is_account_name(asked.user) || !base::is_account_name(asked.service))
    return failed("not a name");
  if (auto path = around_.groups.path_of(leader.pid)) {
    for (uint64_t id : around_.groups.ids_up(*path)) {
      auto outer = std::ranges::find_if(sessions_, [&](const auto& s) { return s.second.group.id() == id; });
      if (outer == sessions_.end()) continue;
      if (outer->second.at == stage::inside) return {.result = registration_result::nested};
      return failed("the session around it is being ended");
    }
  }

  auto recorded = record(leader, asked, now);
  if (!recorded) {
    log(level::error, "a session of " + std::string(asked.user) + " is refused: " + recorded.error());
    return failed(recorded.error());
  }
  const uint64_t number = recorded->number;
  session& s = sessions_.emplace(number, std::move(*recorded)).first->second;
  around_.watch(s);

  s.last = around_.look_up(s);
  answered_ = s.last;
  const bool covered = s.last.verdict.allows();
  // The person reads until when now: what is due already is not said again.
  if (covered) s.warned = due_warnings(s, now);
  if (!covered || !save(s)) {
    s.at = stage::ending;
    s.cause = covered ? wire::presence_cause::lost : cause_of(s.last);
    s.ended = s.begun = now;
    s.next_try = {now.ns + refused_ns};
    (void)save(s);
    if (covered) return failed("its state cannot be written");
    log(level::notice,
        "a session of " + s.user + " (" + s.service + ") is refused: no window covers it any more");
    users_.refuse(s, now);
    return guest::flatten(answered_, registration_result::denied);
  }
  users_.add(s);
  around_.told.live(s);
  log(level::info,
      "session " + std::to_string(number) + " of " + s.user + " (" + s.service + ") in " + s.group.path());
  return guest::flatten(answered_, registration_result::covered);
}

void sessions::close(const peer& leader) {
  for (auto& [number, s] : sessions_) {
    if (s.leader != leader.pid || !s.group.holds(leader.pid)) continue;
    s.closed = true;
    (void)save(s);
  }
}

uint64_t sessions::next_number() {
  keep_number(last_number_ + 1);
  return last_number_;
}

void sessions::keep_number(uint64_t last) {
  last_number_ = last;
  if (around_.kept.save("last", {{"number", std::to_string(last_number_)}}) != 0) {
    log(level::error, "the number of the last session cannot be kept");
  }
}

void sessions::recall(base::boot_time now) {
  for (const state::entry& e : around_.kept.all("last")) {
    if (auto last = e.what ? number_in(*e.what, "number") : std::nullopt)
      last_number_ = static_cast<uint64_t>(*last);
  }
  for (const state::entry& e : around_.kept.all("session-")) {
    auto known = e.what ? from_fields(*e.what, around_.groups) : std::nullopt;
    if (!known) {
      log(level::alert, "the state " + e.name + " cannot be read: that session is not watched");
      continue;
    }
    last_number_ = std::max(last_number_, known->what.number);
    if (known->gone) {
      around_.told.ended(known->what, now);
      around_.kept.forget(e.name);
      continue;
    }
    session& s = known->what;
    if (s.at == stage::ending) s.next_try = s.begun = now;
    // Recorded, and never answered: its leader was refused.
    if (s.at == stage::inside && !s.last.verdict.allows()) begin_end(s, wire::presence_cause::lost, now);
    const uint64_t number = s.number;
    around_.watch(sessions_.emplace(number, std::move(s)).first->second);
  }
  users_.recall();
  look(now);
  // One that became empty meanwhile tells nobody any more.
  std::vector<uint64_t> numbers;
  for (const auto& [number, s] : sessions_) numbers.push_back(number);
  for (uint64_t number : numbers) check(number, now);
}

}  // namespace grantd::reaper
