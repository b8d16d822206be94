// SPDX-License-Identifier: Apache-2.0
// The daemon's memory of requests that wait for an answer. No I/O, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/time.h"
#include "store/store.h"

namespace grantd::daemon {

inline constexpr size_t max_pending = 10'000;
inline constexpr size_t max_pending_of_person = 20;

// Do both ask for the very same?
[[nodiscard]] bool asks_the_same(const store::request& a, const store::request& b);

struct pending_request {
  store::request is;
  base::boot_time lapses{};  // is.lapses on this boot's BOOTTIME: whichever of the two comes first
};

class pending_requests {
 public:
  using entries = std::map<uint64_t, pending_request>;

  [[nodiscard]] const entries& all() const { return entries_; }
  [[nodiscard]] const pending_request* find(uint64_t number) const;
  [[nodiscard]] size_t of_person(std::string_view person) const;
  // One that asks for the very same: asking twice is asking once.
  [[nodiscard]] const pending_request* same_as(const store::request& r) const;
  // `now`: by both clocks; what the store's UTC says is mapped by them.
  void put(store::request r, base::utc_time utc, base::boot_time boot);
  void remove(uint64_t number) { entries_.erase(number); }
  void clear() { entries_.clear(); }
  // When the next one lapses, of those that are not due already.
  [[nodiscard]] std::optional<base::boot_time> next_end(base::boot_time now) const;
  [[nodiscard]] bool any_due(
      base::boot_time now) const;  // its lapse could not be written: tried again each second

 private:
  entries entries_;
};

}  // namespace grantd::daemon
