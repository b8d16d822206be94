// SPDX-License-Identifier: Apache-2.0
// JSON text to a value.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "cli/value.h"

namespace grantd::cli {

inline constexpr int max_json_depth = 32;
inline constexpr size_t max_json_members = 1024;  // of one object: a key is looked for among those before it

// RFC 8259, exactly one value. Refused, with the reason in words: what does not parse, bytes that are not
// UTF-8, the same key twice in an object, more levels or members than these. Whole numbers beyond int64
// become reals.
[[nodiscard]] std::expected<value, std::string> parse_json(std::string_view text);

}  // namespace grantd::cli
