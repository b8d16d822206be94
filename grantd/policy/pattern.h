// SPDX-License-Identifier: Apache-2.0
// What a reason must hold: POSIX extended regular expressions, of which those that could take for ever to
// compile or to match are refused.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace grantd::policy {

inline constexpr size_t max_pattern_bytes = 256;
inline constexpr unsigned max_repetitions = 1000;  // the counts of all {n,m} multiplied

// The error is what is wrong with it.
[[nodiscard]] std::expected<std::shared_ptr<const void>, std::string> compile(const std::string& pattern);

// Is it found anywhere in the text? Never in one that holds a NUL.
[[nodiscard]] bool is_found(const std::shared_ptr<const void>& compiled, std::string_view text);

}  // namespace grantd::policy
