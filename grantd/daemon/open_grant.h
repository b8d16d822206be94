// SPDX-License-Identifier: Apache-2.0
// One open grant as the daemon holds it in memory: names and scopes are the pool's.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/pool.h"
#include "decision/mapping.h"

namespace grantd::daemon {

struct open_grant {
  uint64_t number = 0;
  base::utc_time not_before;
  base::utc_time not_after;
  base::utc_time made;
  decision::boot_window mapped;
  text_id person = 0;
  text_id resource = 0;
  text_id made_by = 0;
  scopes_id scopes = 0;
  bool in_force = true;  // false: not mapped in this boot yet (the clock is behind), not published
  std::string reason;
  uint64_t request = 0;      // that it came of; 0: none
  int64_t first_use_us = 0;  // how long from the first login; 0: it runs from its start
  int64_t reviewed_us = 0;
  text_id reviewed_by = 0;  // empty: nobody yet
  bool break_glass = false;
  bool needs_role = false;  // in another system, for the window (memberships.h)
  bool ready = true;        // and has it: until then nobody gets in by it

  [[nodiscard]] bool published() const { return in_force && ready; }
  [[nodiscard]] decision::utc_window utc() const { return {not_before, not_after}; }
};

}  // namespace grantd::daemon
