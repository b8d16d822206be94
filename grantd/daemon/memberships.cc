// SPDX-License-Identifier: Apache-2.0
// Memberships that grants ask for in other systems.
#include "daemon/memberships.h"

#include <algorithm>
#include <utility>

namespace grantd::daemon {
namespace {

// What the store should say of it.
std::optional<bool> to_store(const memberships::entry& e) {
  if (e.is == memberships::state::gone) return std::nullopt;
  return e.is == memberships::state::given;
}

}  // namespace

void memberships::load(const membership& m, bool given, base::boot_time now) {
  entry e;
  e.is = given ? state::given : state::opening;
  e.stored = given;
  e.since = now;
  all_.insert_or_assign(m, std::move(e));
}

void memberships::clear() {
  all_.clear();
  list_again();
}

void memberships::want(const std::set<membership>& wanted, base::boot_time now) {
  auto begin = [&](entry& e, state s) {
    e.is = s;
    e.since = now;
    e.work = 0;
    e.missing = e.leftover = false;
    e.error.clear();
  };
  for (const membership& m : wanted) {
    auto [at, fresh] = all_.try_emplace(m);
    entry& e = at->second;
    if (fresh || e.is == state::closing || e.is == state::gone) begin(e, state::opening);
  }
  for (auto at = all_.begin(); at != all_.end();) {
    entry& e = at->second;
    const bool over = (e.is == state::opening || e.is == state::given) && !wanted.contains(at->first);
    // Nobody was asked to give it before the store knew.
    if (over && !e.stored) {
      at = all_.erase(at);
      continue;
    }
    if (over) begin(e, state::closing);
    ++at;
  }
}

const memberships::entry* memberships::find(const membership& m) const {
  auto at = all_.find(m);
  return at == all_.end() ? nullptr : &at->second;
}

bool memberships::settled(const membership& m) const {
  const entry* e = find(m);
  return e != nullptr && e->is == state::given && !e->missing && e->stored == true;
}

std::vector<memberships::change> memberships::unsaved() const {
  std::vector<change> out;
  for (const auto& [m, e] : all_) {
    if (to_store(e) != e.stored) out.push_back({m, to_store(e)});
  }
  return out;
}

bool memberships::has_unsaved() const {
  return std::ranges::any_of(all_, [](const auto& one) {
    return to_store(one.second) != one.second.stored || one.second.is == state::gone;
  });
}

void memberships::saved() {
  std::erase_if(all_, [](const auto& one) { return one.second.is == state::gone; });
  for (auto& [m, e] : all_) e.stored = to_store(e);
}

uint64_t memberships::listen(std::set<text_id> systems) {
  systems_.clear();
  while (!systems.empty()) systems_.emplace(systems.extract(systems.begin()).value(), listing{});
  for (auto& [m, e] : all_) e.work = 0;
  return listener_ = ++last_listener_;
}

void memberships::hang_up(uint64_t listener) {
  if (listener == 0 || listener != listener_) return;
  listener_ = 0;
  systems_.clear();
  for (auto& [m, e] : all_) e.work = 0;
}

void memberships::list_again() {
  for (auto& [name, l] : systems_) l = listing{};
}

std::vector<memberships::work> memberships::hand_out() {
  std::vector<work> out;
  if (listener_ == 0) return out;
  for (auto& [name, l] : systems_) {
    if (!std::exchange(l.wanted, false)) continue;
    l.work = next_work_++;
    out.push_back({l.work, "list", {name, 0, 0}});
  }
  for (auto& [m, e] : all_) {
    if (e.work != 0 || !knows(m.system)) continue;
    const bool open = (e.is == state::opening && e.stored == false) || (e.is == state::given && e.missing);
    if (!open && e.is != state::closing) continue;
    e.work = next_work_++;
    out.push_back({e.work, open ? "open" : "close", m});
  }
  return out;
}

memberships::entry* memberships::of_work(uint64_t number) {
  if (number == 0) return nullptr;
  auto at = std::ranges::find_if(all_, [&](const auto& one) { return one.second.work == number; });
  return at == all_.end() ? nullptr : &at->second;
}

bool memberships::done(uint64_t number) {
  entry* e = of_work(number);
  if (e == nullptr) return false;
  e->work = 0;
  e->error.clear();
  e->missing = e->leftover = false;
  e->is = e->is == state::closing ? state::gone : state::given;
  return true;
}

bool memberships::failed(uint64_t number, std::string why) {
  entry* e = of_work(number);
  if (e == nullptr) return false;
  e->error = std::move(why);
  return true;
}

memberships::strays memberships::listed(uint64_t number, const std::vector<membership>& part, bool last,
                                        base::boot_time now) {
  strays out;
  auto at =
      std::ranges::find_if(systems_, [&](const auto& s) { return number != 0 && s.second.work == number; });
  if (at == systems_.end()) return out;
  out.known = true;
  listing& l = at->second;
  for (const membership& m : part) {
    l.seen.insert({at->first, m.account, m.role});
  }
  out.too_long = all_.size() + l.seen.size() > most_memberships;
  if (out.too_long) {
    l = {.work = 0, .wanted = false};
    return out;
  }
  if (!last) return out;
  for (const membership& m : l.seen) {
    auto [known, fresh] = all_.try_emplace(m);
    if (!fresh) continue;
    known->second.is = state::closing;
    known->second.since = now;
    out.found.push_back(m);
  }
  for (auto& [m, e] : all_) {
    if (m.system != at->first || e.is != state::given) continue;
    e.missing = !l.seen.contains(m);
    if (!e.missing) e.work = 0;
  }
  l.work = 0;
  l.seen.clear();
  return out;
}

std::vector<membership> memberships::overdue(base::boot_time now) {
  std::vector<membership> out;
  for (auto& [m, e] : all_) {
    if (e.is != state::closing || e.leftover) continue;
    if (e.error.empty() && now.ns - e.since.ns < leftover_after_ns) continue;
    e.leftover = true;
    out.push_back(m);
  }
  return out;
}

std::optional<base::boot_time> memberships::next_overdue() const {
  std::optional<base::boot_time> first;
  for (const auto& [m, e] : all_) {
    if (e.is != state::closing || e.leftover) continue;
    const base::boot_time at = {e.since.ns + leftover_after_ns};
    if (!first || at < *first) first = at;
  }
  return first;
}

}  // namespace grantd::daemon
