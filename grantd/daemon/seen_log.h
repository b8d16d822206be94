// SPDX-License-Identifier: Apache-2.0
// What the guests said they saw: the last of it, and how much was not believed. Decides nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>

#include "daemon/varlink.h"
#include "wire/report.h"

namespace grantd::daemon {

inline constexpr size_t max_seen = 256;

class seen_log {
 public:
  void add(int64_t at_us, uid_t reporter, const wire::report& r);
  void drop() { ++dropped_; }
  [[nodiscard]] json::value newest(size_t limit) const;
  [[nodiscard]] uint64_t dropped() const { return dropped_; }

 private:
  std::deque<json::value> events_;
  uint64_t dropped_ = 0;
};

// "denied", "would-deny", ...
[[nodiscard]] std::string_view outcome_word(wire::outcome o);
// "pg:main/orders" as policy.toml writes it.
[[nodiscard]] std::string point_word(const wire::report& r);

}  // namespace grantd::daemon
