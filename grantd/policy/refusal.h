// SPDX-License-Identifier: Apache-2.0
// A refusal in words: the thing, the reason, and what would help. Inside policy/ only.
#pragma once

#include "policy/rules.h"

namespace grantd::policy {

// `by`: the rule that refuses, where there is one. `most`: of too_long.
[[nodiscard]] std::string refusal(objection why, const rule* by, const question& q, int64_t most);

}  // namespace grantd::policy
