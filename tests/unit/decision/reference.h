// SPDX-License-Identifier: Apache-2.0
// decide() written again, slowly, from DESIGN section 5: it walks time tick by tick. Only for small times.
#pragma once

#include <vector>

#include "decision/decide.h"

namespace grantd::test {

using records = std::vector<decision::record>;

// Is this record a well-formed window for what is asked, with at least `least`?
[[nodiscard]] bool is_window_for(const decision::record& r, const decision::question& q,
                                 decision::access least);

// Is any such window open at this tick?
[[nodiscard]] bool is_open(const records& all, const decision::question& q, decision::access least,
                           int64_t tick);

// Every field but what is only displayed.
[[nodiscard]] decision::verdict reference(const records& all, const decision::question& q, int64_t tick);

// Are two verdicts the same in every field?
[[nodiscard]] bool same(const decision::verdict& a, const decision::verdict& b);

}  // namespace grantd::test
