// SPDX-License-Identifier: Apache-2.0
// [[expect]] cases: sentences about what the policy must answer, kept in the policy itself. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "policy/policy.h"

namespace grantd::policy {

// One case that did not come out as its sentence says.
struct unmet {
  std::string file;
  unsigned line = 0;
  std::string sentence;
  std::string got;  // "needs 1 approval by rule ask-dba", "refused: ..."
};

// "policy.toml:12: expected \"alice on orders-db -> opens at once\", got: needs 1 approval by rule ask-dba"
[[nodiscard]] std::string print(const unmet& u);

// Runs all of them; empty: all hold. `now` stands for cases that name no time.
[[nodiscard]] std::vector<unmet> run_expectations(const policy& p, base::utc_time now);

}  // namespace grantd::policy
