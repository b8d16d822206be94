// SPDX-License-Identifier: Apache-2.0
// Looks at bytes only: no locale decides what a letter is, and nothing is changed or folded.
#include "base/names.h"

#include <cstdint>

namespace grantd::base {
namespace {

// Bytes of the character that begins at `p`, of which `left` are there; 0 if it is no valid UTF-8 (RFC 3629,
// section 4) or a control character.
size_t printable(const char* p, size_t left) noexcept {
  auto at = [p](size_t i) { return static_cast<uint8_t>(p[i]); };
  auto continues = [&](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const uint8_t first = at(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  if (first < 0xc2) return 0;  // a continuation, or an overlong form
  if (first < 0xe0) {
    if (left < 2 || !continues(1)) return 0;
    return first == 0xc2 && at(1) < 0xa0 ? 0 : 2;  // C1 controls
  }
  if (first < 0xf0) {
    if (left < 3 || !continues(1) || !continues(2)) return 0;
    if (first == 0xe0 && at(1) < 0xa0) return 0;   // overlong
    if (first == 0xed && at(1) >= 0xa0) return 0;  // surrogates
    return 3;
  }
  if (first > 0xf4) return 0;
  if (left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (first == 0xf0 && at(1) < 0x90) return 0;   // overlong
  if (first == 0xf4 && at(1) >= 0x90) return 0;  // beyond U+10FFFF
  return 4;
}

bool fits(std::string_view text, size_t most) noexcept {
  return !text.empty() && text.size() <= most && text.front() != ' ' && text.back() != ' ' &&
         is_printable_utf8(text);
}

constexpr bool lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_printable_utf8(std::string_view text) noexcept {
  for (size_t i = 0; i < text.size();) {
    size_t size = printable(text.data() + i, text.size() - i);
    if (size == 0) return false;
    i += size;
  }
  return true;
}

bool is_account_name(std::string_view text) noexcept {
  if (!fits(text, max_name) || text.front() == '-') return false;
  for (char c : text) {
    if (c == '/') return false;
  }
  return true;
}

bool is_identity_name(std::string_view text) noexcept { return fits(text, max_identity); }

bool is_plain_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > max_name || !lower_or_digit(text.front())) return false;
  for (char c : text) {
    if (!lower_or_digit(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

}  // namespace grantd::base
