// SPDX-License-Identifier: Apache-2.0
// What may be shown on a terminal or put on a command line. Pure; no locale.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace grantd::cli {

struct character {
  std::string_view bytes;  // 1 to 4; a byte that begins no valid character stands alone
  char32_t code;           // the byte itself when not valid
  bool valid;              // shortest form, no surrogate, <= U+10FFFF
};
// The first character of `text`, which must not be empty.
[[nodiscard]] character next_character(std::string_view text);

// Control characters (C0, DEL, C1), line separators, and the marks that reorder or hide text on a screen.
[[nodiscard]] bool harmful(char32_t code);

// For a terminal, in one line: harmful characters and bytes that are not UTF-8 as \n, \t, \x1b, \u202e.
[[nodiscard]] std::string visible(std::string_view text);

// Columns on a terminal: 0 for combining marks, 2 for wide East Asian characters and emoji, else 1.
[[nodiscard]] size_t display_width(std::string_view text);

// "a", "a and b", "a, b and c"; empty for none.
[[nodiscard]] std::string all_of(std::span<const std::string> words);

// One word for sh: as it is when nothing in it is special, else in single quotes.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace grantd::cli
