// SPDX-License-Identifier: Apache-2.0
// The beginning of a session: its cgroup is recorded first, its account looked up second, so that a
// revocation in between finds it. What cannot be recorded is not let in.
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/names.h"
#include "guest/registration.h"
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

std::string hex(uint64_t n) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(n));
  return text;
}

}  // namespace

// Its own scope under logind: a fresh one, that holds nobody else. What is killed with a scope that others
// share (su in somebody's unregistered session) would not be ours; there, and without logind, a cgroup is
// made.
std::expected<cgroup, std::string> sessions::enclose(const peer& leader, const std::string& path) {
  if (owner_of_scope(path)) {
    auto scope = around_.groups.open(path);
    if (scope && scope->members() == std::vector<pid_t>{leader.pid}) return scope;
  }
  const std::string name = "grantd-" + hex(around_.run) + "-" + std::to_string(last_number_);
  auto made = around_.groups.make(around_.own_parent.value_or(path), name);
  if (!made) return made;
  auto moved = around_.groups.move(*made, leader.pid);
  const auto now_in = around_.groups.path_of(leader.pid);
  if (moved && now_in && *now_in == made->path()) return made;
  made->remove(around_.groups);
  return std::unexpected(moved ? "the process is not where it was put" : moved.error());
}

std::expected<session, std::string> sessions::record(const peer& leader, const wire::registration& asked) {
  auto path = around_.groups.path_of(leader.pid);
  if (!path) return std::unexpected(path.error());
  session s;
  s.number = next_number();
  s.service = asked.service;
  s.user = asked.user;
  s.remote = base::is_printable_utf8(asked.remote) ? asked.remote : std::string_view{};
  s.tty = base::is_printable_utf8(asked.tty) ? asked.tty : std::string_view{};
  s.leader = leader.pid;
  auto group = enclose(leader, *path);
  if (!group) return std::unexpected(group.error());
  s.group = std::move(*group);
  s.own = s.group.path() != *path;
  if (!s.own) s.owner = owner_of_scope(*path);
  // Asked after the cgroup is known: a number that changed hands would not be the peer's any more.
  if (!lives(leader)) {
    if (s.own) s.group.remove(around_.groups);
    return std::unexpected("the process has ended");
  }
  return s;
}

wire::registration_answer sessions::open(const peer& leader, const wire::registration& asked,
                                         base::boot_time now) {
  const auto failed = [this](std::string why) {
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

  auto recorded = record(leader, asked);
  if (!recorded) {
    log(level::error, "a session of " + std::string(asked.user) + " is refused: " + recorded.error());
    return failed(recorded.error());
  }
  recorded->since = now;
  const uint64_t number = recorded->number;
  session& s = sessions_.emplace(number, std::move(*recorded)).first->second;
  around_.watch(s);
  const bool recorded_first = save(s);

  s.last = around_.look_up(s);
  answered_ = s.last;
  const bool covered = s.last.verdict.allows();
  // The person reads until when now: what is due already is not said again.
  if (covered) s.warned = due_warnings(s, now);
  if (!recorded_first || !covered || !save(s)) {
    s.at = stage::ending;
    s.cause = covered ? wire::presence_cause::lost : cause_of(s.last);
    s.ended = now;
    s.next_try = {now.ns + refused_ns};
    (void)save(s);
    if (covered) return failed("its state cannot be written");
    log(level::notice,
        "a session of " + s.user + " (" + s.service + ") is refused: no window covers it any more");
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
  ++last_number_;
  if (around_.kept.save("last", {{"number", std::to_string(last_number_)}}) != 0) {
    log(level::error, "the number of the last session cannot be kept");
  }
  return last_number_;
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
    if (s.at == stage::ending) s.next_try = now;
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
