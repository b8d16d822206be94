// SPDX-License-Identifier: Apache-2.0
// The reference model: each promise in the fewest words that say it, never in grantd's.
#include "model.h"

#include <algorithm>
#include <utility>

namespace grantd::test::reference {

void model::map_fresh(grant& g) const {
  g.start = boot + g.from - wall;
  g.end = boot + g.until - wall;
}

// Ends only ever earlier; a start that has not come moves later, or both ways with a clock to be trusted.
void model::map_stepped(bool starts_too) {
  for (auto& [number, g] : grants) {
    if (g.is != fate::open || !g.in_force) continue;
    g.end = std::min(g.end, boot + g.until - wall);
    if (g.start <= boot || g.end <= boot) continue;
    const seconds fresh = boot + g.from - wall;
    g.start = starts_too ? fresh : std::max(g.start, fresh);
  }
}

void model::step(seconds s) {
  wall += s;
  if (synchronised && wall > mark) mark = wall;
  map_stepped(s > 0 && synchronised);
}

void model::accept() {
  mark = wall;
  for (auto& [number, g] : grants) {
    if (g.is != fate::open) continue;
    const bool over = g.in_force && (g.end <= boot || g.until <= wall);
    if (over) {
      g.end = std::min(g.end, boot);
    } else {
      map_fresh(g);
    }
    g.in_force = true;
  }
  behind = false;
}

void model::end(grant& g, fate how) {
  g.is = how;
  ++events[how == fate::expired ? "expire" : how == fate::revoked ? "revoke" : "give-back"];
}

void model::close(request& r, phase how) {
  r.is = how;
  ++events[how == phase::denied ? "deny" : how == phase::cancelled ? "cancel" : "lapse"];
}

bool model::was_taken_away(const request& r) const {
  const fate base = r.what.extends == 0 ? fate::open : grants.at(r.what.extends).is;
  return base == fate::revoked || base == fate::given_back;
}

void model::settle() {
  if (synchronised && wall > mark) mark = wall;
  const bool was = behind;
  behind = wall + 5 < mark || (behind && !synchronised);
  for (auto& [number, g] : grants) {
    if (g.is != fate::open) continue;
    if (was && !behind && !g.in_force) {
      g.in_force = true;
      map_fresh(g);
    }
    if (g.in_force ? g.end <= boot || g.until <= wall : g.until <= mark) end(g, fate::expired);
  }
  for (auto& [number, r] : requests) {
    if (r.is != phase::pending) continue;
    if (r.lapses <= wall || r.lapses_after <= boot) {
      close(r, phase::lapsed);
    } else if (rules && !still_asked(r)) {
      close(r, phase::denied);
    } else if (was_taken_away(r)) {
      close(r, phase::lapsed);
    }
  }
}

// Only a policy that takes a right away ends what was asked for by it; a window ahead is only a promise.
void model::end_lost() {
  if (!rules) return;
  for (auto& [number, g] : grants) {
    if (g.is != fate::open || g.request == 0) continue;
    const bool ahead = g.in_force ? g.start > boot : g.from > mark;
    if (may_ask(g.who, g.where, g.read_write, g.glass) && (!ahead || still_promised(g))) continue;
    // What has run out has run out.
    end(g, (g.in_force ? g.end <= boot || g.until <= wall : g.until <= mark) ? fate::expired : fate::revoked);
  }
}

void model::take(policy fresh) {
  rules = std::move(fresh);
  end_lost();
  settle();
}

void model::restart(bool another_boot, std::optional<policy> with, seconds stepped) {
  wall += stepped;
  if (synchronised && wall > mark) mark = wall;
  behind = wall + 5 < mark;
  rules = std::move(with);
  if (another_boot) {
    for (auto& [number, g] : grants) {
      if (g.is != fate::open) continue;
      g.in_force = !behind;
      if (g.in_force) map_fresh(g);
    }
  } else {
    for (auto& [number, g] : grants) {  // those that have waited since a boot before, and need no longer
      if (g.is != fate::open || g.in_force || behind) continue;
      g.in_force = true;
      map_fresh(g);
    }
    map_stepped(synchronised);
  }
  for (auto& [number, r] : requests) r.lapses_after = boot + std::max<seconds>(0, r.lapses - wall);
  end_lost();
  settle();
}

uint64_t model::add(grant g) {
  g.number = ++last_grant;
  map_fresh(g);
  grants[g.number] = g;
  ++events["grant"];
  return g.number;
}

std::string model::deny(person who, uint64_t number) {
  if (!rules) return "*";
  auto at = requests.find(number);
  if (at == requests.end()) return "NoSuchRequest";
  request& r = at->second;
  if (!concerns(who, r)) return "NoSuchRequest";
  if (r.is != phase::pending) return "NotPending";
  touch(r);
  const rule* by = rule_named(r.rule);
  if (who != dave && (by == nullptr || who == r.what.who || !has(by->by, who))) return "NotApprover";
  close(r, phase::denied);
  return "";
}

std::string model::cancel(person who, uint64_t number) {
  if (!rules) return "*";
  auto at = requests.find(number);
  if (at == requests.end()) return "NoSuchRequest";
  if (!concerns(who, at->second)) return "NoSuchRequest";
  if (at->second.is != phase::pending) return "NotPending";
  touch(at->second);
  if (at->second.what.who != who) return "NotAllowed";
  close(at->second, phase::cancelled);
  return "";
}

std::string model::open(person by, person who, place where, seconds length, std::optional<seconds> start) {
  if (!rules) return "*";
  if (by != dave) return "NotAllowed";
  if (behind) return "ClockBehind";
  if (where == nowhere) return "NoSuchResource";
  if (length > longest) return "TooLong";
  const seconds from = start.value_or(wall);
  if (from < wall - 1) return "NotInTheFuture";
  (void)add({.who = who,
             .where = where,
             .read_write = where == orders,
             .from = std::max(from, wall),
             .until = std::max(from, wall) + length});
  return "";
}

std::string model::revoke(person by, uint64_t number) {
  if (!rules) return "*";
  if (by != dave) return "NotAllowed";
  auto at = grants.find(number);
  if (at == grants.end()) return "NoSuchGrant";
  if (at->second.is != fate::open) return "AlreadyEnded";
  end(at->second, fate::revoked);
  settle();
  return "";
}

std::string model::give_back(person who, uint64_t number) {
  if (!rules) return "*";
  auto at = grants.find(number);
  if (at == grants.end() || at->second.who != who) return "NoSuchGrant";
  if (at->second.is != fate::open) return "AlreadyEnded";
  end(at->second, fate::given_back);
  settle();
  return "";
}

std::string model::review(person by, uint64_t number) {
  if (!rules) return "*";
  auto at = grants.find(number);
  if (at == grants.end() || !at->second.glass) return "NoSuchGrant";
  grant& g = at->second;
  if (by == g.who) return "NotApprover";
  const rule* of = rule_named(requests.at(g.request).rule);
  if (by != dave && (of == nullptr || !has(of->by, by))) return "NoSuchGrant";
  if (locked_people[by] != 0 || locked_all != 0) return "NotApprover";
  if (g.reviewed) return "NotPending";
  g.reviewed = true;
  ++events["review"];
  return "";
}

// By whichever window they got in: it is the first use of each that has begun.
void model::log_in(person who, place where, seconds at) {
  for (auto& [number, g] : grants) {
    if (g.who != who || g.where != where || g.is != fate::open || g.first_use == 0) continue;
    if (!g.in_force || g.start > boot) continue;
    const seconds end = std::clamp(at, g.start, boot) + g.first_use;
    if (end >= g.end) continue;
    g.until -= g.end - end;
    g.end = end;
    ++events["shorten"];
  }
}

unsigned& model::locks_of(person whom, place what) {
  if (whom != nobody) return locked_people[whom];
  return what != nowhere ? locked_places[what] : locked_all;
}

std::string model::lock(person by, person whom, place what, bool on) {
  if (!rules) return "*";
  if (by != dave) return "NotAllowed";
  unsigned& locks = locks_of(whom, what);
  if (!on && locks == 0) return "NoSuchLock";
  events[on ? "lock" : "lock-end"] += on ? 1 : static_cast<int>(locks);
  locks = on ? locks + 1 : 0;
  return "";
}

entry model::lookup(person who, place where) const {
  entry e;
  if (locked_people[who] != 0 || locked_places[where] != 0 || locked_all != 0) return e;
  auto mine = [&](const grant& g) {
    return g.who == who && g.where == where && g.is == fate::open && g.in_force;
  };
  for (const auto& [number, g] : grants) {
    if (!mine(g) || boot < g.start || boot >= g.end) continue;
    e.in = true;
    e.read_write = e.read_write || g.read_write;
  }
  if (!e.in) return e;
  e.until = boot;
  for (bool further = true; std::exchange(further, false);) {
    for (const auto& [number, g] : grants) {
      if (!mine(g) || g.start > e.until || g.end <= e.until || (e.read_write && !g.read_write)) continue;
      e.until = g.end;
      further = true;
    }
  }
  return e;
}

}  // namespace grantd::test::reference
