// SPDX-License-Identifier: Apache-2.0
// Random records and questions, small enough to collide often: few names, few ticks, some of it nonsense.
#pragma once

#include <random>

#include "unit/decision/reference.h"

namespace grantd::test {

inline constexpr int64_t last_tick = 30;

class random_case {
 public:
  explicit random_case(uint64_t seed) : random_(seed) {}
  [[nodiscard]] uint64_t below(uint64_t n) { return random_() % n; }
  [[nodiscard]] bool one_in(uint64_t n) { return below(n) == 0; }
  [[nodiscard]] int64_t tick() { return static_cast<int64_t>(below(last_tick)); }
  [[nodiscard]] decision::question question();
  // A record near the question; grant numbers are unique within the case.
  [[nodiscard]] decision::record record(const decision::question& near);
  [[nodiscard]] records some_records(const decision::question& near);
  // One field of it becomes what no well-formed record has.
  void spoil(decision::record& r);

 private:
  std::mt19937_64 random_;
  uint64_t next_grant_ = 1;
};

}  // namespace grantd::test
