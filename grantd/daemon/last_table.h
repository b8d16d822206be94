// SPDX-License-Identifier: Apache-2.0
// What the table of the run before says has ended. A revocation that was in force but never reached the disk
// must not be undone by a crash, nor one of minutes ago by an old copy of the store: the table is where it
// can still be read. Ends grants only, never opens one.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "decision/decide.h"
#include "policy/policy.h"

namespace grantd::daemon {

struct last_table {
  struct ending {
    decision::ending how;
    base::boot_time at;
    int64_t end_utc_s;
    std::vector<policy::scope> scopes;  // those of which the table still told
  };
  std::map<uint64_t, ending> ended;  // by grant number
  std::set<uint64_t> open;           // numbers of the windows
  // The table holds every window that was in force when the store had this many records; 0: it does not say.
  uint64_t whole_at = 0;
};

// Empty when there is no table, or none to be believed (PROTOCOL.md section 1).
[[nodiscard]] last_table read_last_table(const std::string& path);

}  // namespace grantd::daemon
