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

const pending_request* pending_requests::same_as(const store::request& r) const {
  auto at = std::ranges::find_if(entries_, [&](const auto& e) {
    const store::request& o = e.second.is;
    return o.person == r.person && o.resource == r.resource && o.role == r.role && o.reason == r.reason &&
           o.read_write == r.read_write && o.break_glass == r.break_glass && o.for_us == r.for_us &&
           o.start == r.start && o.extends == r.extends && o.rule == r.rule;
  });
  return at == entries_.end() ? nullptr : &at->second;
}

void pending_requests::put(store::request r, base::utc_time utc, base::boot_time boot) {
  uint64_t number = r.number;
  auto known = entries_.find(number);
  base::boot_time lapses = {boot.ns + std::max<int64_t>(0, r.lapses.us - utc.us) * base::ns_per_us};
  if (known != entries_.end()) lapses = std::min(lapses, known->second.lapses);
  entries_.insert_or_assign(number, pending_request{std::move(r), lapses});
}

std::optional<base::boot_time> pending_requests::next_end() const {
  std::optional<base::boot_time> first;
  for (const auto& [number, p] : entries_) first = std::min(first.value_or(p.lapses), p.lapses);
  return first;
}

}  // namespace grantd::daemon
