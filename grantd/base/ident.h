// SPDX-License-Identifier: Apache-2.0
// Short ids: "g-7k2m". Pure. An id alone authorises nothing, so it need not be secret, only hard to mistype.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace grantd::base {

struct id_text {
  char text[20];
  unsigned size;
  [[nodiscard]] std::string_view view() const noexcept { return {text, size}; }
};

// `number` (1 .. 2^53) in Crockford's base 32 (no i, l, o, u; lower case), at least three digits, and one
// check digit (number mod 29), after "<kind>-". Numbers are never reused, so neither are ids.
[[nodiscard]] id_text print_id(char kind, uint64_t number) noexcept;

// Reads it back, upper or lower case. Nothing for another kind, a wrong check digit, or any other byte.
[[nodiscard]] std::optional<uint64_t> parse_id(char kind, std::string_view text) noexcept;

}  // namespace grantd::base
