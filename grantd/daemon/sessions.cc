// SPDX-License-Identifier: Apache-2.0
// Who is inside, as the enders say it. What an ender says replaces what it said before, and nothing else.
#include "daemon/sessions.h"

#include <fmt/core.h>

#include <algorithm>

namespace grantd::daemon {
namespace {

using state = wire::presence_state;

constexpr size_t max_retired = 8;
constexpr size_t max_lines = 1000;

// The same person at the same login point: what a number once stood for it stands for in all its run.
bool same_session(const inside& s, const wire::presence& p) {
  return s.proved_by == p.proved_by && s.point == p.point && s.replication == p.replication &&
         s.name == p.name && s.place == p.place && s.database == p.database && s.role == p.role;
}

inside first_told(const wire::presence& p) {
  inside s;
  s.proved_by = p.proved_by;
  s.point = p.point;
  s.access = p.access;
  s.replication = p.replication;
  s.run = p.run;
  s.number = p.number;
  s.since = {p.since_ns};
  s.pid = p.pid;
  s.name = p.name;
  s.place = p.place;
  s.database = p.database;
  s.role = p.role;
  s.remote = p.remote;
  return s;
}

std::string who_says(uid_t uid, const std::string& cluster) {
  return cluster.empty() ? fmt::format("uid {} (PAM)", uid) : fmt::format("uid {} (pg:{})", uid, cluster);
}

}  // namespace

bool sessions::hear(const base::clock_reading& now, uid_t reporter, const wire::presence& p) {
  // One uid may run several clusters; each has a worker, and a run, of its own.
  std::string cluster = p.point == 2 ? std::string(p.place) : std::string();
  std::string who = who_says(reporter, cluster);
  ender& e = enders_[{reporter, std::move(cluster)}];
  if (std::ranges::find(e.retired, p.run) != e.retired.end()) {
    say(e, now.boot, service::level::warning,
        fmt::format("{}: two enders speak for the same login points, only the one begun last is heard; are "
                    "there two clusters of one grantd.cluster?",
                    who));
    return false;
  }
  if (p.run != e.run) take_run(e, who, now.boot, p.run);
  const key k{p.run, p.number};
  auto at = e.all.find(k);
  if (at != e.all.end() && !same_session(at->second.what, p)) return false;
  e.last = std::max(e.last, p.number);
  const bool fresh = at == e.all.end();
  if (fresh) {
    if (!make_room(e)) return false;
    at = e.all.emplace(k, kept{first_told(p)}).first;
    if (e.whole || p.since_ns >= from_.ns) {
      e.first = e.first == 0 ? p.number : std::min(e.first, p.number);
      ++e.counted;
    }
  }
  inside& s = at->second.what;
  at->second.presumed = false;
  s.heard = now.boot;
  s.cause = p.cause;
  s.grant = p.grant;
  s.until = {p.until_ns};
  s.text = p.text;
  if (fresh || s.state != p.state) enter(e, k, at->second, p.state, now.boot);
  forget(e, now.boot);
  return true;
}

// A new state knows nothing of what the old one kept: whoever was inside may still be, but nobody will say.
void sessions::take_run(ender& e, const std::string& who, base::boot_time now, uint64_t run) {
  if (e.run != 0) {
    size_t lost = 0;
    // Those of runs before it have ended already.
    for (auto at = e.all.lower_bound({e.run, 0}); at != e.all.end() && at->first.first == e.run; ++at) {
      if (at->second.what.state == state::ended) continue;
      lose(e, at->first, at->second, now);
      ++lost;
    }
    if (lost != 0) {
      say(e, now, service::level::warning,
          fmt::format("{} began anew: {} sessions it kept are taken for lost", who, lost));
    }
    e.retired.push_back(e.run);
    if (e.retired.size() > max_retired) e.retired.pop_front();
  }
  e.whole = e.run != 0;
  e.run = run;
  e.first = e.last = e.counted = 0;
}

void sessions::lose(ender& e, key k, kept& one, base::boot_time now) {
  one.what.cause = wire::presence_cause::lost;
  one.what.until = now;
  one.presumed = true;
  enter(e, k, one, state::ended, now);
}

void sessions::enter(ender& e, key k, kept& one, state next, base::boot_time now) {
  if (one.what.state == state::leftover) --e.leftovers;
  if (one.what.state == state::ended) e.over.erase({one.ended, k});
  const state before = std::exchange(one.what.state, next);
  if (next == state::leftover) {
    ++e.leftovers;
    say(e, now, service::level::alert,
        fmt::format("left over: {} at {} is still there after its end ({}){}{}; grantctl sessions",
                    account_of(one.what), point_of(one.what), cause_word(one.what.cause),
                    one.what.text.empty() ? "" : ": ", one.what.text));
  } else if (before == state::leftover && one.what.cause != wire::presence_cause::lost) {
    say(e, now, service::level::notice,
        fmt::format("no longer left over: {} at {}", account_of(one.what), point_of(one.what)));
  }
  if (next == state::ended) {
    one.ended = now;
    e.over.insert({now, k});
  }
  queue(e, k, one);
}

// Those that the audit knows to the end, once nobody says them again; the oldest first when they are many.
void sessions::forget(ender& e, base::boot_time now) {
  while (!e.over.empty()) {
    auto oldest = e.over.begin();
    auto at = e.all.find(oldest->second);
    bool old = now.ns - oldest->first.ns >= ended_session_kept_ns;
    if (!settled(at->second) || (!old && e.over.size() <= max_ended_sessions)) return;
    e.all.erase(at);
    e.over.erase(oldest);
  }
}

bool sessions::make_room(ender& e) {
  if (e.all.size() < max_sessions) return true;
  if (e.over.empty()) return false;
  auto oldest = e.over.begin();
  auto at = e.all.find(oldest->second);
  if (!settled(at->second)) return false;
  e.all.erase(at);
  e.over.erase(oldest);
  return true;
}

void sessions::tidy(base::boot_time now) {
  constexpr int64_t every_ns = 60 * base::ns_per_s;
  if (now.ns - tidied_.ns < every_ns) return;
  tidied_ = now;
  for (auto& [who, e] : enders_) {
    size_t lost = 0;
    for (auto& [k, one] : e.all) {
      if (one.what.state == state::ended || now.ns - one.what.heard.ns < silent_kept_ns) continue;
      lose(e, k, one, now);
      ++lost;
    }
    if (lost != 0) {
      say(e, now, service::level::warning,
          fmt::format("{} has been silent for a day: {} sessions are taken for lost",
                      who_says(who.first, who.second), lost));
    }
    forget(e, now);
  }
}

void sessions::each(const std::function<void(uid_t, const inside&)>& f) const {
  for (const auto& [who, e] : enders_) {
    for (const auto& [k, one] : e.all) {
      if (one.what.state != state::ended) f(who.first, one.what);
    }
  }
}

size_t sessions::leftovers() const {
  size_t n = 0;
  for (const auto& [who, e] : enders_) n += e.leftovers;
  return n;
}

size_t sessions::held() const {
  size_t n = 0;
  for (const auto& [who, e] : enders_) n += e.all.size();
  return n;
}

uint64_t sessions::missed() const {
  constexpr uint64_t most = INT64_MAX;  // what the API can say
  uint64_t n = 0;
  for (const auto& [who, e] : enders_) {
    if (!e.whole && e.first == 0) continue;
    uint64_t opened = e.last - (e.whole ? 0 : e.first - 1);
    if (opened > e.counted) n += std::min(opened - e.counted, most - n);
  }
  return n;
}

void sessions::say(ender& e, base::boot_time now, service::level at, std::string text) {
  if (lines_.size() >= max_lines || !e.logged.take(now)) {
    ++e.unsaid;
    return;
  }
  if (uint64_t n = std::exchange(e.unsaid, 0); n != 0) {
    lines_.push_back(
        {service::level::warning, fmt::format("{} more lines about sessions were not logged", n)});
  }
  lines_.push_back({at, std::move(text)});
}

}  // namespace grantd::daemon
