// SPDX-License-Identifier: Apache-2.0
// Looks for TOML nested deeper than toml++ can take apart again: it builds and frees dotted keys recursively,
// without a limit, and 200,000 dots overflow the stack. Pure, one pass, never judges anything else.
#pragma once

#include <optional>
#include <string_view>

#include "policy/toml_reader.h"

namespace grantd::policy {

inline constexpr unsigned max_nesting = 16;  // brackets within brackets, and parts of one dotted key

// Where it first goes deeper. Text that is not TOML may get any answer: toml++ stops at the same place.
[[nodiscard]] std::optional<position> too_deep(std::string_view text) noexcept;

}  // namespace grantd::policy
