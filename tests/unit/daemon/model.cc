// SPDX-License-Identifier: Apache-2.0
// The reference model: each promise in the fewest words that say it, never in grantd's.
#include "model.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace grantd::test::reference {
namespace {

constexpr seconds hour = 3600;
constexpr seconds patience = 8 * hour;  // then a request lapses
constexpr seconds longest = 8 * hour;   // of every resource
constexpr seconds usual = hour;

bool has(const std::vector<person>& all, person p) { return std::ranges::find(all, p) != all.end(); }

bool speaks_of(const rule& r, person who, place where, bool read_write, bool glass) {
  return r.where == where && r.glass == glass && (r.read_write || !read_write) && has(r.who, who);
}

void leave_out(std::vector<person>& all, person p) { std::erase(all, p); }

}  // namespace

std::vector<rule> rules_of(int policy) {
  std::vector<rule> all = {
      {"replica", {alice, bob, carol, dave, bot}, replica, false, false, 2 * hour, 0, {}, true, false, 2},
      {"orders", {alice, bot}, orders, false, false, 2 * hour, 1, {bob, carol, alice}},
      {"write", {alice}, orders, true, false, 4 * hour, 2, {bob, carol, alice}},
      {"emergency", {alice, carol}, orders, true, true, hour / 2, 0, {bob, carol}},
      {"reports", {alice, bot}, reports, false, false, 2 * hour, 1, {bob, carol}, false, true},
  };
  switch (policy) {
    case 1:  // alice is out
      for (rule& r : all) leave_out(r.who, alice);
      std::erase_if(all, [](const rule& r) { return r.who.empty(); });
      break;
    case 2:
      all.erase(all.begin());
      break;
    case 3:  // bob approves nothing any more
      for (rule& r : all) leave_out(r.by, bob);
      break;
    case 4:
      all[1].needs = 2;
      break;
    case 5:
      all[4].is_signed = true;
      break;
    case 6:  // what one approval opened for alice, now takes two
      leave_out(all[1].who, alice);
      break;
    case 7:
      all[2].most = hour;
      all.erase(all.begin() + 1);
      break;
    default:
      break;
  }
  return all;
}

const rule* model::rule_named(const std::string& name) const {
  if (!rules) return nullptr;
  for (const rule& r : *rules) {
    if (r.name == name) return &r;
  }
  return nullptr;
}

bool model::may_ask(person who, place where, bool read_write, bool glass) const {
  return std::ranges::any_of(*rules,
                             [&](const rule& r) { return speaks_of(r, who, where, read_write, glass); });
}

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
    } else if (rules && !may_ask(r.what.who, r.what.where, r.what.read_write, r.what.glass)) {
      close(r, phase::denied);
    }
  }
}

// Only a policy that takes a right away ends what was asked for by it.
void model::end_lost() {
  if (!rules) return;
  for (auto& [number, g] : grants) {
    if (g.is != fate::open || g.request == 0 || may_ask(g.who, g.where, g.read_write, g.glass)) continue;
    // What has run out has run out.
    end(g, (g.in_force ? g.end <= boot || g.until <= wall : g.until <= mark) ? fate::expired : fate::revoked);
  }
}

void model::take(std::vector<rule> fresh) {
  rules = std::move(fresh);
  end_lost();
  settle();
}

void model::restart(bool another_boot, std::optional<std::vector<rule>> with, seconds stepped) {
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

std::string model::open_for(request& r, seconds length) {
  const seconds start = r.what.start.value_or(wall);
  grant g{.who = r.what.who,
          .where = r.what.where,
          .read_write = r.what.read_write,
          .glass = r.what.glass,
          .request = r.number,
          .from = std::max(start, wall),
          .until = start + length};
  if (r.first_use) g.first_use = length, g.until += patience;
  if (g.until <= g.from) return "NotInTheFuture";
  r.grant = add(g);
  r.is = phase::granted;
  ++events["granted"];
  return "";
}

std::string model::ask(asked a) {
  if (!rules) return "*";
  if (behind) return "ClockBehind";
  if (a.extends != 0) {
    auto at = grants.find(a.extends);
    if (at == grants.end() || at->second.is != fate::open || at->second.who != a.who) return "NoSuchGrant";
    const grant& g = at->second;
    a.where = g.where, a.read_write = g.read_write, a.glass = g.glass;
    if (a.reason.empty() && g.request != 0) a.reason = requests.at(g.request).what.reason;
    a.length = std::max<seconds>(0, g.end - boot) + *a.length;
  }
  if (a.start && *a.start < wall - 1) return "NotInTheFuture";
  if (a.start) a.start = std::max(*a.start, wall);
  if (a.where == nowhere) return "NoSuchResource";

  std::vector<const rule*> fitting;
  for (const rule& r : *rules) {
    if (speaks_of(r, a.who, a.where, a.read_write, a.glass)) fitting.push_back(&r);
  }
  std::ranges::sort(fitting, [](const rule* x, const rule* y) {
    return std::tuple(x->needs, -x->most, x->name) < std::tuple(y->needs, -y->most, y->name);
  });
  std::string no = fitting.empty() ? "NoRule" : "";
  const rule* by = nullptr;
  for (const rule* r : fitting) {
    const auto used = std::ranges::count_if(served_, [&](const served& s) {
      return s.who == a.who && s.rule == r->name && s.made >= wall - 24 * hour;
    });
    const char* why = a.length && *a.length > r->most              ? "TooLong"
                      : r->glass && a.reason.empty()               ? "ReasonNeeded"
                      : r->quota != 0 && used >= int64_t{r->quota} ? "Quota"
                                                                   : "";
    if (*why == '\0') {
      by = r;
      break;
    }
    if (no.empty()) no = why;
  }
  if (by == nullptr) return no;

  request r{.what = a, .rule = std::string(by->name), .needs = by->needs, .is_signed = by->is_signed};
  r.first_use = by->first_use;
  r.length = a.length.value_or(std::min(usual, by->most));
  r.lapses = wall + patience;
  if (a.start) r.lapses = std::min(r.lapses, *a.start + r.length);
  r.lapses_after = boot + r.lapses - wall;
  if (r.needs != 0) {
    for (const auto& [number, o] : requests) {  // asking twice is asking once
      asked same = o.what;
      same.length = a.length;
      if (o.is == phase::pending && same == a && o.length == r.length && o.rule == r.rule) return "";
    }
  }
  r.number = ++last_request;
  ++events["request"];
  if (r.needs == 0) {
    (void)open_for(r, r.length);
    served_.push_back({a.who, r.rule, wall});
  }
  requests[r.number] = r;
  return "";
}

std::string model::approve(const approving& a, bool same_turn) {
  if (!rules) return "*";
  auto at = requests.find(a.request);
  if (at == requests.end()) return "NoSuchRequest";
  request& r = at->second;
  if (r.is != phase::pending) return same_turn && r.is == phase::granted ? "" : "NotPending";
  if (behind) return "ClockBehind";
  const rule* by = rule_named(r.rule);
  if (by == nullptr || !speaks_of(*by, r.what.who, r.what.where, r.what.read_write, r.what.glass))
    return "NoRule";
  const seconds length = a.length.value_or(r.length);
  if (length > r.length) return "TooLong";
  const person who = a.is_signed ? a.key : a.carrier;
  if (a.is_signed ? !a.of_this || who == nobody : r.is_signed || by->is_signed) return "BadSignature";
  if (who == r.what.who || !has(by->by, who)) return "NotApprover";
  for (const auto& one : r.approvals) {
    if (one.who == who) return "";
  }
  r.approvals.push_back({who, length, a.is_signed});
  unsigned count = 0;
  seconds shortest = std::min(r.length, by->most);
  for (const auto& one : r.approvals) {
    if (!has(by->by, one.who) || ((r.is_signed || by->is_signed) && !one.is_signed)) continue;
    ++count;
    shortest = std::min(shortest, one.length);
  }
  if (count >= std::max(r.needs, by->needs)) {
    if (std::string no = open_for(r, shortest); !no.empty()) {
      r.approvals.pop_back();
      return no;
    }
  }
  r.lapses_after = std::min(r.lapses_after, boot + std::max<seconds>(0, r.lapses - wall));
  ++events["approve"];
  return "";
}

std::string model::deny(person who, uint64_t number) {
  if (!rules) return "*";
  auto at = requests.find(number);
  if (at == requests.end()) return "NoSuchRequest";
  request& r = at->second;
  if (r.is != phase::pending) return "NotPending";
  const rule* by = rule_named(r.rule);
  if (who != dave && (by == nullptr || who == r.what.who || !has(by->by, who))) return "NotApprover";
  close(r, phase::denied);
  return "";
}

std::string model::cancel(person who, uint64_t number) {
  if (!rules) return "*";
  auto at = requests.find(number);
  if (at == requests.end() || at->second.what.who != who) return "NoSuchRequest";
  if (at->second.is != phase::pending) return "NotPending";
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
  return "";
}

std::string model::give_back(person who, uint64_t number) {
  if (!rules) return "*";
  auto at = grants.find(number);
  if (at == grants.end() || at->second.who != who) return "NoSuchGrant";
  if (at->second.is != fate::open) return "AlreadyEnded";
  end(at->second, fate::given_back);
  return "";
}

std::string model::review(person by, uint64_t number) {
  if (!rules) return "*";
  auto at = grants.find(number);
  if (at == grants.end() || !at->second.glass) return "NoSuchGrant";
  grant& g = at->second;
  if (g.reviewed) return "NotPending";
  const rule* of = rule_named(requests.at(g.request).rule);
  if (by == g.who || (by != dave && (of == nullptr || !has(of->by, by)))) return "NotApprover";
  g.reviewed = true;
  ++events["review"];
  return "";
}

void model::log_in(uint64_t number) {
  auto at = grants.find(number);
  if (at == grants.end()) return;
  grant& g = at->second;
  if (g.is != fate::open || g.first_use == 0 || !g.in_force || boot + g.first_use >= g.end) return;
  g.until -= g.end - (boot + g.first_use);
  g.end = boot + g.first_use;
  ++events["shorten"];
}

std::string model::lock(person by, person whom, place what, bool on) {
  if (!rules) return "*";
  if (by != dave) return "NotAllowed";
  unsigned& locks = whom != nobody ? locked_people[whom] : locked_places[what];
  if (!on && locks == 0) return "NoSuchLock";
  events[on ? "lock" : "lock-end"] += on ? 1 : static_cast<int>(locks);
  locks = on ? locks + 1 : 0;
  return "";
}

entry model::lookup(person who, place where) const {
  entry e;
  if (locked_people[who] != 0 || locked_places[where] != 0) return e;
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
