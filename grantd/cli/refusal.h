// SPDX-License-Identifier: Apache-2.0
// How grantctl says no: an exit code, one sentence, one command that helps.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "cli/value.h"

namespace grantd::cli {

// Documented in --help and grantctl(1); scripts rely on them.
enum class exit_code : int { done = 0, no = 1, usage = 2, unreachable = 3, not_allowed = 4, not_durable = 5 };

struct refusal {
  exit_code code;
  std::string message;  // untrusted bytes possible: escaped where it is printed
  std::string help;     // may be empty
};

template <typename T>
using result = std::expected<T, refusal>;

[[nodiscard]] inline std::unexpected<refusal> refuse(exit_code code, std::string message,
                                                     std::string help = {}) {
  return std::unexpected(refusal{code, std::move(message), std::move(help)});
}

// The refusal that an error answer of the daemon stands for (PROTOCOL section 3, Errors).
[[nodiscard]] refusal refusal_of_error(std::string_view error, const value& parameters);

// The daemon's answer is not what PROTOCOL.md says: unreachable, since nothing of it can be believed.
[[nodiscard]] refusal bad_answer(std::string_view what);

}  // namespace grantd::cli
