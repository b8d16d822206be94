// SPDX-License-Identifier: Apache-2.0
// The daemon's memory of grants.
#include "daemon/windows.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "table/format.h"

namespace grantd::daemon {
namespace {

// An ending is the same for whoever looks it up.
scope_ref without_access(scope_ref s) {
  s.access = decision::access::read_only;
  s.member_of = 0;
  return s;
}

}  // namespace

const open_grant* windows::find(uint64_t number) const {
  auto at = open_.find(number);
  return at == open_.end() ? nullptr : &at->second;
}

const ended_grant* windows::find_ended(uint64_t number) const {
  auto order = order_of_.find(number);
  return order == order_of_.end() ? nullptr : &ended_.at(order->second).what;
}

bool windows::reserve(scopes_id scopes) {
  for (const scope_ref& s : pool_.scopes(scopes)) ++pool_.at(s.account).windows;
  for (const scope_ref& s : pool_.scopes(scopes)) {
    if (pool_.at(s.account).windows > decision::max_windows_per_account) {
      give_up(scopes);
      return false;
    }
  }
  return true;
}

void windows::give_up(scopes_id scopes) {
  for (const scope_ref& s : pool_.scopes(scopes)) --pool_.at(s.account).windows;
}

// Only who names the grant; the number of windows is counted by reserve() and load().
void windows::count(const open_grant& g, bool in) {
  locks_.grants_changed();
  const auto& scopes = pool_.scopes(g.scopes);
  for (size_t i = 0; i < scopes.size(); ++i) {
    auto& numbers = pool_.at(scopes[i].account).grants;
    if (in) {
      if (numbers.empty() || numbers.back() != g.number) numbers.push_back(g.number);
    } else {
      std::erase(numbers, g.number);
      if (numbers.empty()) numbers.shrink_to_fit();
    }
  }
}

void windows::add(open_grant g) {
  count(g, true);
  uint64_t number = g.number;
  open_.insert_or_assign(open_.end(), number, std::move(g));
}

void windows::load(open_grant g) {
  for (const scope_ref& s : pool_.scopes(g.scopes)) ++pool_.at(s.account).windows;
  add(std::move(g));
}

void windows::load_ended(ended_grant e, bool pressing) {
  const uint64_t order = next_order_++;
  order_of_[e.was.number] = order;
  const auto& scopes = pool_.scopes(e.was.scopes);
  kept& k = ended_.emplace(order, kept{std::move(e), 0, pressing}).first->second;
  if (pressing) pressing_.push_back(order);
  for (const scope_ref& s : scopes) {
    auto& orders = pool_.at(s.account).ended;
    if (orders.empty() || orders.back() != order) orders.push_back(order);
    auto [at, fresh] = newest_.emplace(without_access(s), order);
    uint64_t before = std::exchange(at->second, order);
    if (fresh || before != order) ++k.newest;
    if (fresh || before == order) continue;
    kept& older = ended_.at(before);
    if (--older.newest == 0 && !older.pressing) drop_ended(before);
  }
  keep_few_ended();
}

void windows::drop_ended(uint64_t order) {
  auto at = ended_.find(order);
  for (const scope_ref& s : pool_.scopes(at->second.what.was.scopes)) {
    auto& orders = pool_.at(s.account).ended;
    std::erase(orders, order);
    if (orders.empty()) orders.shrink_to_fit();
    auto newest = newest_.find(without_access(s));
    if (newest != newest_.end() && newest->second == order) newest_.erase(newest);
  }
  auto number = order_of_.find(at->second.what.was.number);
  if (number != order_of_.end() && number->second == order) order_of_.erase(number);
  ended_.erase(at);
}

void windows::keep_few_ended() {
  if (ended_.size() <= max_ended + pressing_.size()) return;
  auto oldest = std::ranges::find_if(ended_, [](const auto& e) { return !e.second.pressing; });
  drop_ended(oldest->first);
}

void windows::settled() {
  for (uint64_t order : std::exchange(pressing_, {})) {
    kept& k = ended_.at(order);
    k.pressing = false;
    if (k.newest == 0) drop_ended(order);
  }
  while (ended_.size() > max_ended) keep_few_ended();
}

const ended_grant& windows::end(uint64_t number, store::state how, base::utc_time now, base::boot_time at,
                                std::string by, std::string reason) {
  auto found = open_.find(number);
  count(found->second, false);
  give_up(found->second.scopes);
  load_ended({std::move(found->second), how, now, at, std::move(by), std::move(reason)}, true);
  open_.erase(found);
  return ended_.rbegin()->second.what;
}

void windows::forget_ended(base::boot_time now) {
  for (auto at = ended_.begin(); at != ended_.end();) {
    const kept& k = at->second;
    if (!k.pressing && now.ns - k.what.at.ns < ended_kept_ns) return;
    const uint64_t order = (at++)->first;
    if (!k.pressing) drop_ended(order);
  }
}

void windows::clear() {
  for (auto& [number, g] : open_) {
    count(g, false);
    give_up(g.scopes);
  }
  open_.clear();
  while (!ended_.empty()) drop_ended(ended_.begin()->first);
  pressing_.clear();
}

void windows::each_open(const std::function<void(open_grant&)>& f) {
  for (auto& [number, g] : open_) f(g);
}

std::optional<base::boot_time> windows::next_end() const {
  std::optional<base::boot_time> least;
  for (const auto& [number, g] : open_) {
    if (g.in_force && (!least || g.mapped.end < *least)) least = g.mapped.end;
  }
  return least;
}

decision::record windows::window_record(const open_grant& g, const scope_ref& s) const {
  decision::record r = pool_.as_record(s);
  r.kind = decision::record_kind::window;
  r.start = g.mapped.start;
  r.end = g.mapped.end;
  r.grant = g.number;
  r.end_utc_s = g.not_after.us / base::us_per_s;
  r.utc_offset_s = utc_offset_s_;
  return r;
}

decision::record windows::ended_record(const ended_grant& e, const scope_ref& s) const {
  decision::record r = pool_.as_record(s);
  r.kind = decision::record_kind::ended;
  r.start = e.at;
  r.end = {e.at.ns + ended_kept_ns};
  r.how = static_cast<decision::ending>(e.how);
  r.grant = e.was.number;
  r.end_utc_s = e.ended.us / base::us_per_s;
  r.utc_offset_s = utc_offset_s_;
  return r;
}

decision::record windows::lock_record(const locks::told& l) const {
  decision::record r{};
  r.kind = decision::record_kind::lock;
  r.who = l.who;
  r.where = l.where;
  r.start = l.lock->start;
  r.end = l.lock->is.mapped_end;
  r.grant = l.lock->is.number;
  r.end_utc_s = l.lock->is.until.us / base::us_per_s;
  r.utc_offset_s = utc_offset_s_;
  r.text = l.text;
  return r;
}

std::vector<decision::record> windows::records_of(const decision::account& who) const {
  std::vector<decision::record> all;
  const pool::account* account = pool_.find(who);
  std::vector<locks::told> told;
  locks_.tell(who, open_, account == nullptr ? std::vector<uint64_t>{} : account->grants, told);
  for (const locks::told& l : told) all.push_back(lock_record(l));
  if (account == nullptr) return all;
  account_id id = pool_.id_of(*account);
  for (uint64_t number : account->grants) {
    const open_grant& g = open_.at(number);
    if (!g.published()) continue;
    for (const scope_ref& s : pool_.scopes(g.scopes)) {
      if (s.account == id) all.push_back(window_record(g, s));
    }
  }
  for (uint64_t order : account->ended) {
    const ended_grant& e = ended_.at(order).what;
    for (const scope_ref& s : pool_.scopes(e.was.scopes)) {
      if (s.account == id) all.push_back(ended_record(e, s));
    }
  }
  return all;
}

size_t windows::window_count() const {
  size_t n = 0;
  for (const auto& [number, g] : open_) {
    if (g.published()) n += pool_.scopes(g.scopes).size();
  }
  return n;
}

void windows::freeze(int32_t utc_offset_s, bool locked) {
  utc_offset_s_ = utc_offset_s;
  flat_.clear();
  flat_.reserve(open_.size() + ended_.size());
  for (const auto& [number, g] : open_) {
    if (locked || !g.published()) continue;
    for (const scope_ref& s : pool_.scopes(g.scopes)) flat_.push_back({&g, nullptr, &s});
  }
  freeze_locks();
  std::map<std::pair<decision::identity_class, std::string_view>, unsigned> locks_of;
  for (const locks::told& l : flat_locks_) ++locks_of[{l.who.proved_by, l.who.name}];
  auto most = [&](account_id id) {
    const pool::account& a = pool_.at(id);
    auto n = locks_of.empty() ? locks_of.end() : locks_of.find({a.proved_by, pool_.text(a.name)});
    return std::min(max_told_of_account,
                    table::max_records_per_account - (n == locks_of.end() ? 0 : n->second));
  };
  // An account's windows in the table, then its endings.
  std::unordered_map<account_id, unsigned> told;
  auto tell = [&](uint64_t order, const kept& k) {
    for (const scope_ref& s : pool_.scopes(k.what.was.scopes)) {
      if (!k.pressing && newest_.at(without_access(s)) != order) continue;
      auto [n, fresh] = told.emplace(s.account, 0);
      if (fresh && !locked)
        n->second = std::min(pool_.at(s.account).windows, decision::max_windows_per_account);
      if (++n->second <= most(s.account)) flat_.push_back({nullptr, &k.what, &s});
    }
  };
  // First what only the table knows; the newest before the older ones, which need not be told.
  for (auto order = pressing_.rbegin(); order != pressing_.rend(); ++order) tell(*order, ended_.at(*order));
  for (auto e = ended_.rbegin(); e != ended_.rend(); ++e) {
    if (!e->second.pressing) tell(e->first, e->second);
  }
}

// Accounts with open grants, then those that only the policy knows.
void windows::freeze_locks() {
  flat_locks_.clear();
  if (locks_.all().empty()) return;
  std::unordered_set<account_id> seen;
  for (const auto& [number, g] : open_) {
    for (const scope_ref& s : pool_.scopes(g.scopes)) {
      if (!seen.insert(s.account).second) continue;
      const pool::account& a = pool_.at(s.account);
      locks_.tell({a.proved_by, pool_.text(a.name)}, open_, a.grants, flat_locks_);
    }
  }
  locks_.each_account([this](const decision::account& who) {
    const pool::account* known = pool_.find(who);
    if (known == nullptr || known->grants.empty()) locks_.tell(who, open_, {}, flat_locks_);
  });
}

decision::record windows::at(size_t i) const {
  if (i >= flat_.size()) return lock_record(flat_locks_[i - flat_.size()]);
  const flat& f = flat_[i];
  return f.window != nullptr ? window_record(*f.window, *f.scope) : ended_record(*f.ended, *f.scope);
}

void windows::thaw() {
  flat_.clear();
  flat_.shrink_to_fit();
  flat_locks_.clear();
  flat_locks_.shrink_to_fit();
}

}  // namespace grantd::daemon
