// SPDX-License-Identifier: Apache-2.0
// Which lock records an account has. There are never too many and never one too long for the table: a lock
// that does not fit becomes one of a broader login point.
#include "daemon/locks.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "table/format.h"

namespace grantd::daemon {
namespace {

std::string key_of(const decision::account& who) {
  std::string key(1, static_cast<char>(who.proved_by));
  return key.append(who.name);
}

bool later(const lock_in_force& a, const lock_in_force* b) {
  return b == nullptr || a.is.mapped_end > b->is.mapped_end;
}

std::string_view cut(std::string_view text, size_t room) {
  size_t size = 0;
  while (size < text.size()) {
    const size_t next = std::max<size_t>(1, base::utf8_length(text.substr(size)));
    if (next > room - size) break;
    size += next;
  }
  return text.substr(0, size);
}

}  // namespace

bool locks::by_name(std::string_view person, base::boot_time now) const {
  return std::ranges::any_of(entries_, [&](const auto& e) {
    const store::lock& l = e.second.is;
    return l.subject == store::lock::what::person && l.name == person && l.mapped_end > now;
  });
}

bool locks::of_person(std::string_view person, base::boot_time now) const {
  return by_name(person, now) || std::ranges::any_of(entries_, [&](const auto& e) {
           return e.second.is.subject == store::lock::what::all && e.second.is.mapped_end > now;
         });
}

const lock_in_force* locks::find(uint64_t number) const {
  auto at = entries_.find(number);
  return at == entries_.end() ? nullptr : &at->second;
}

size_t locks::undurable() const {
  return static_cast<size_t>(
      std::ranges::count_if(entries_, [](const auto& e) { return !e.second.durable; }));
}

void locks::add(lock_in_force l) {
  looked_ = false;
  const uint64_t number = l.is.number;
  entries_.insert_or_assign(number, std::move(l));
}

void locks::remove(uint64_t number) {
  looked_ = false;
  entries_.erase(number);
}

void locks::forget_durable() {
  looked_ = false;
  std::erase_if(entries_, [](const auto& e) { return e.second.durable; });
}

void locks::each(const std::function<void(lock_in_force&)>& f) {
  looked_ = false;
  for (auto& [number, l] : entries_) f(l);
}

std::optional<base::boot_time> locks::next_end() const {
  std::optional<base::boot_time> least;
  for (const auto& [number, l] : entries_) {
    if ((l.durable || l.refused) && (!least || l.is.mapped_end < *least)) least = l.is.mapped_end;
  }
  return least;
}

void locks::take_policy(const policy::policy* policy) {
  looked_ = false;
  policy_ = policy;
  owner_.clear();
  if (policy == nullptr) return;
  for (const auto& [name, person] : policy->people) {
    auto own = [&](decision::identity_class c, const std::vector<std::string>& accounts) {
      for (const std::string& a : accounts) owner_.emplace(key_of({c, a}), name);
    };
    own(decision::identity_class::os, person.os);
    own(decision::identity_class::pg, person.pg);
    own(decision::identity_class::dn, person.dn);
    own(decision::identity_class::krb, person.krb);
  }
}

void locks::each_account(const std::function<void(const decision::account&)>& f) const {
  bool all = false;
  bool some = false;
  for (const auto& [number, l] : entries_) {
    all = all || l.is.subject == store::lock::what::all;
    some = some || l.is.subject == store::lock::what::person;
  }
  if (policy_ == nullptr || (!all && !some)) return;
  auto give = [&](const policy::person& p) {
    for (const std::string& a : p.os) f({decision::identity_class::os, a});
    for (const std::string& a : p.pg) f({decision::identity_class::pg, a});
    for (const std::string& a : p.dn) f({decision::identity_class::dn, a});
    for (const std::string& a : p.krb) f({decision::identity_class::krb, a});
  };
  if (all) {
    for (const auto& [name, person] : policy_->people) give(person);
    return;
  }
  std::vector<const policy::person*> given;
  for (const auto& [number, l] : entries_) {
    if (l.is.subject != store::lock::what::person) continue;
    auto who = policy_->people.find(l.is.name);
    if (who == policy_->people.end() || std::ranges::find(given, &who->second) != given.end()) continue;
    given.push_back(&who->second);
    give(who->second);
  }
}

locks::point locks::point_of(const scope_ref& s) {
  return {s.kind, s.replication, false, s.any_database, s.place, s.database};
}

locks::point locks::point_of(const policy::login_point& p) {
  return {static_cast<decision::point_kind>(p.where),
          p.replication,
          false,
          p.any_database,
          pool_.put(p.place),
          pool_.put(p.database)};
}

bool locks::meet(const point& a, const point& b) {
  return a.kind == b.kind && a.replication == b.replication && a.place == b.place &&
         (a.any_database || b.any_database || a.database == b.database);
}

// The next broader point that contains it. text_id 0 is the empty text.
locks::point locks::broader(point p) {
  const bool pg = p.kind == decision::point_kind::postgres;
  if (pg && !p.any_database) return {p.kind, p.replication, p.any_place, true, p.place, 0};
  return {p.kind, p.replication, true, pg, 0, 0};
}

size_t locks::size_of(const point& p) const {
  return pool_.text(p.place).size() + pool_.text(p.database).size();
}

// A name is at most 128 bytes, so "any place" fits always.
locks::point locks::fitted(point p, size_t name_size) const {
  while (!p.any_place && name_size + size_of(p) > table::max_strings) p = broader(p);
  return p;
}

void locks::keep(std::vector<candidate>& all, const candidate& c) {
  auto same = std::ranges::find(all, c.where, &candidate::where);
  if (same == all.end()) {
    all.push_back(c);
  } else if (later(*c.lock, same->lock)) {
    same->lock = c.lock;
  }
}

bool locks::touches(const lock_in_force& l, const open_grant& g) const {
  if (l.is.subject == store::lock::what::all) return true;
  if (l.is.subject == store::lock::what::person) return pool_.text(g.person) == l.is.name;
  if (pool_.text(g.resource) == l.is.name) return true;
  if (policy_ == nullptr) return false;
  auto what = policy_->resources.find(l.is.name);
  if (what == policy_->resources.end()) return false;
  return std::ranges::any_of(what->second.login_points, [&](const policy::login_point& p) {
    return std::ranges::any_of(pool_.scopes(g.scopes), [&](const scope_ref& s) {
      return static_cast<decision::point_kind>(p.where) == s.kind && p.replication == s.replication &&
             pool_.text(s.place) == p.place &&
             (p.any_database || s.any_database || pool_.text(s.database) == p.database);
    });
  });
}

void locks::look(const open_grants& open) {
  if (std::exchange(looked_, true)) return;
  of_all_ = nullptr;
  of_person_.clear();
  at_place_.clear();
  std::map<std::string_view, const lock_in_force*> of_resource;
  for (const auto& [number, l] : entries_) {
    const lock_in_force** best = &of_all_;
    if (l.is.subject == store::lock::what::person) best = &of_person_[l.is.name];
    if (l.is.subject == store::lock::what::resource) best = &of_resource[l.is.name];
    if (later(l, *best)) *best = &l;
  }
  if (of_resource.empty()) return;
  auto at = [&](const point& p, const lock_in_force* l) {
    keep(at_place_[{p.kind, p.replication, p.place}], {p, l});
  };
  for (const auto& [name, l] : of_resource) {
    if (policy_ == nullptr) break;
    auto what = policy_->resources.find(name);
    if (what == policy_->resources.end()) continue;
    for (const policy::login_point& p : what->second.login_points) at(point_of(p), l);
  }
  // Those that were frozen in grants, which the policy may have changed since.
  for (const auto& [number, g] : open) {
    auto l = of_resource.find(pool_.text(g.resource));
    if (l == of_resource.end()) continue;
    for (const scope_ref& s : pool_.scopes(g.scopes)) at(point_of(s), l->second);
  }
}

void locks::tell(const decision::account& who, const open_grants& open, std::span<const uint64_t> grants,
                 std::vector<told>& out) {
  if (entries_.empty()) return;
  look(open);
  const lock_in_force* everywhere = of_all_;
  auto person = [&](std::string_view name) {
    auto l = of_person_.find(name);
    if (l != of_person_.end() && later(*l->second, everywhere)) everywhere = l->second;
  };
  if (auto owner = owner_.find(key_of(who)); owner != owner_.end()) person(owner->second);
  for (uint64_t number : grants) person(pool_.text(open.at(number).person));

  std::vector<candidate> here;
  for (uint64_t number : grants) {
    const open_grant& g = open.at(number);
    if (!g.in_force || at_place_.empty()) continue;
    for (const scope_ref& s : pool_.scopes(g.scopes)) {
      const pool::account& a = pool_.at(s.account);
      if (a.proved_by != who.proved_by || pool_.text(a.name) != who.name) continue;
      auto near = at_place_.find({s.kind, s.replication, s.place});
      if (near == at_place_.end()) continue;
      for (const candidate& c : near->second) {
        if (meet(c.where, point_of(s)) && later(*c.lock, everywhere))
          keep(here, {fitted(c.where, who.name.size()), c.lock});
      }
    }
  }
  constexpr size_t kinds =
      3;  // PAM, PostgreSQL, replication: what "everywhere" and two steps of broader() are
  while (here.size() > max_locks_of_account - kinds) {
    std::vector<candidate> fewer;
    for (const candidate& c : here) keep(fewer, {broader(c.where), c.lock});
    here = std::move(fewer);
  }
  if (everywhere != nullptr) {
    for (auto [kind, replication] :
         {std::pair{decision::point_kind::pam, false}, std::pair{decision::point_kind::postgres, false},
          std::pair{decision::point_kind::postgres, true}}) {
      keep(here, {{kind, replication, true, kind == decision::point_kind::postgres, 0, 0}, everywhere});
    }
  }
  for (const candidate& c : here) {
    const point& p = c.where;
    decision::point_pattern where{p.kind,      pool_.text(p.place), pool_.text(p.database),
                                  p.any_place, p.any_database,      p.replication};
    const size_t room = table::max_strings - who.name.size() - size_of(p);
    out.push_back({who, where, c.lock, cut(c.lock->is.message, room)});
  }
}

}  // namespace grantd::daemon
