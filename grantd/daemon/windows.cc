// SPDX-License-Identifier: Apache-2.0
// The daemon's memory of grants.
#include "daemon/windows.h"

#include <algorithm>
#include <unordered_map>

namespace grantd::daemon {

const open_grant* windows::find(uint64_t number) const {
  auto at = open_.find(number);
  return at == open_.end() ? nullptr : &at->second;
}

const ended_grant* windows::find_ended(uint64_t number) const {
  for (auto at = ended_.rbegin(); at != ended_.rend(); ++at) {
    if (at->was.number == number) return &*at;
  }
  return nullptr;
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

void windows::load_ended(ended_grant e) {
  ended_.push_back(std::move(e));
  if (ended_.size() > max_ended) ended_.pop_front();
}

const ended_grant& windows::end(uint64_t number, store::state how, base::utc_time now, base::boot_time at,
                                std::string by, std::string reason) {
  auto found = open_.find(number);
  count(found->second, false);
  give_up(found->second.scopes);
  load_ended({std::move(found->second), how, now, at, std::move(by), std::move(reason)});
  open_.erase(found);
  return ended_.back();
}

void windows::forget_ended(base::boot_time now) {
  while (!ended_.empty() && now.ns - ended_.front().at.ns >= ended_kept_ns) ended_.pop_front();
}

void windows::clear() {
  for (auto& [number, g] : open_) {
    count(g, false);
    give_up(g.scopes);
  }
  open_.clear();
  ended_.clear();
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

std::vector<decision::record> windows::records_of(const decision::account& who) const {
  std::vector<decision::record> all;
  const pool::account* account = pool_.find(who);
  if (account == nullptr) return all;
  account_id id = pool_.id_of(*account);
  for (uint64_t number : account->grants) {
    const open_grant& g = open_.at(number);
    if (!g.in_force) continue;
    for (const scope_ref& s : pool_.scopes(g.scopes)) {
      if (s.account == id) all.push_back(window_record(g, s));
    }
  }
  for (const ended_grant& e : ended_) {
    for (const scope_ref& s : pool_.scopes(e.was.scopes)) {
      if (s.account == id) all.push_back(ended_record(e, s));
    }
  }
  return all;
}

size_t windows::window_count() const {
  size_t n = 0;
  for (const auto& [number, g] : open_) {
    if (g.in_force) n += pool_.scopes(g.scopes).size();
  }
  return n;
}

void windows::freeze(int32_t utc_offset_s) {
  utc_offset_s_ = utc_offset_s;
  flat_.clear();
  flat_.reserve(open_.size() + ended_.size());
  for (const auto& [number, g] : open_) {
    if (!g.in_force) continue;
    for (const scope_ref& s : pool_.scopes(g.scopes)) flat_.push_back({&g, nullptr, &s});
  }
  std::unordered_map<account_id, unsigned> told;
  for (auto e = ended_.rbegin(); e != ended_.rend(); ++e) {  // the newest endings are the ones to be told
    for (const scope_ref& s : pool_.scopes(e->was.scopes)) {
      if (++told[s.account] <= max_ended_of_account) flat_.push_back({nullptr, &*e, &s});
    }
  }
}

decision::record windows::at(size_t i) const {
  const flat& f = flat_[i];
  return f.window != nullptr ? window_record(*f.window, *f.scope) : ended_record(*f.ended, *f.scope);
}

void windows::thaw() {
  flat_.clear();
  flat_.shrink_to_fit();
}

}  // namespace grantd::daemon
