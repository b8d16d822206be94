// SPDX-License-Identifier: Apache-2.0
// The sentence of an [[expect]] case, taken apart. Pure; must never skip a word it does not know.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace grantd::policy {

inline constexpr std::string_view sentence_grammar =
    "PERSON on RESOURCE [as ROLE] [read-write] [break-glass] [for DURATION] [at TIME] [because 'TEXT'] -> "
    "opens "
    "at once | needs N approvals | refused [by rule NAME]";

struct sentence {
  std::string person, resource, role, reason;
  bool read_write = false;
  bool break_glass = false;
  std::optional<int64_t> for_us;
  std::optional<base::utc_time> start;
  enum class outcome : uint8_t { opens, asks, refused } expected = outcome::refused;
  unsigned approvals = 0;  // of `asks`
  std::string rule;        // empty: whichever
};

// The error is what is wrong with it, without the grammar.
[[nodiscard]] std::expected<sentence, std::string> parse_sentence(std::string_view text);

}  // namespace grantd::policy
