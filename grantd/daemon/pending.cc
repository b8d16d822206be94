// SPDX-License-Identifier: Apache-2.0
// The daemon's memory of requests that wait for an answer.
#include "daemon/pending.h"

#include <algorithm>

namespace grantd::daemon {

const pending_request* pending_requests::find(uint64_t number) const {
  auto at = entries_.find(number);
  return at == entries_.end() ? nullptr : &at->second;
}

size_t pending_requests::of_person(std::string_view person) const {
  return static_cast<size_t>(
      std::ranges::count_if(entries_, [&](const auto& e) { return e.second.is.person == person; }));
}

namespace {

// Whoever names an end asks for the same while it comes nearer.
bool as_long(const store::request& a, const store::request& b) {
  const bool by_end = a.extends == 0 && (a.until || b.until);
  return by_end ? a.until == b.until : a.for_us == b.for_us;
}

}  // namespace

bool asks_the_same(const store::request& a, const store::request& b) {
  return a.person == b.person && a.resource == b.resource && a.role == b.role && a.reason == b.reason &&
         a.read_write == b.read_write && a.break_glass == b.break_glass && as_long(a, b) &&
         a.start == b.start && a.extends == b.extends && a.rule == b.rule;
}

const pending_request* pending_requests::same_as(const store::request& r) const {
  auto at = std::ranges::find_if(entries_, [&](const auto& e) { return asks_the_same(e.second.is, r); });
  return at == entries_.end() ? nullptr : &at->second;
}

void pending_requests::put(store::request r, base::utc_time utc, base::boot_time boot) {
  uint64_t number = r.number;
  auto known = entries_.find(number);
  base::boot_time lapses = {boot.ns + std::max<int64_t>(0, r.lapses.us - utc.us) * base::ns_per_us};
  if (known != entries_.end()) lapses = std::min(lapses, known->second.lapses);
  entries_.insert_or_assign(number, pending_request{std::move(r), lapses});
}

std::optional<base::boot_time> pending_requests::next_end(base::boot_time now) const {
  std::optional<base::boot_time> first;
  for (const auto& [number, p] : entries_) {
    if (p.lapses > now) first = std::min(first.value_or(p.lapses), p.lapses);
  }
  return first;
}

bool pending_requests::any_due(base::boot_time now) const {
  return std::ranges::any_of(entries_, [&](const auto& e) { return e.second.lapses <= now; });
}

}  // namespace grantd::daemon
