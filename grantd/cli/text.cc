// SPDX-License-Identifier: Apache-2.0
// Escapes and measures untrusted text. No I/O, no locale.
#include "cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace grantd::cli {
namespace {

struct range {
  char32_t first;
  char32_t last;
};

// Nonspacing marks and joiners that people's names and reasons really contain (Unicode 15, Mn/Me/Cf,
// abridged).
constexpr range narrow_as_nothing[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489},  {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0900, 0x0902}, {0x093c, 0x093c},  {0x0941, 0x0948}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},  {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};
// East Asian Width W and F (UAX 11), abridged to whole blocks.
constexpr range wide[] = {{0x1100, 0x115f},   {0x231a, 0x231b},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
                          {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3},
                          {0xf900, 0xfaff},   {0xfe30, 0xfe4f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                          {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

template <size_t N>
bool within(const range (&ranges)[N], char32_t code) {
  return std::any_of(ranges, ranges + N, [&](range r) { return code >= r.first && code <= r.last; });
}

}  // namespace

character next_character(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  character alone{text.substr(0, 1), first, first < 0x80};
  if (first < 0x80) return alone;
  size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return alone;
  char32_t code = first & (0xffU >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return alone;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return alone;
  return {text.substr(0, size), code, true};
}

bool harmful(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    character c = next_character(text);
    auto number = static_cast<uint32_t>(c.code);
    if (c.code == '\n') {
      out += "\\n";
    } else if (c.code == '\t') {
      out += "\\t";
    } else if (!c.valid || (harmful(c.code) && number < 0x100)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", number);
    } else if (harmful(c.code)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", number);
    } else {
      out += c.bytes;
    }
    text.remove_prefix(c.bytes.size());
  }
  return out;
}

size_t display_width(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    character c = next_character(text);
    columns += within(narrow_as_nothing, c.code) ? 0 : within(wide, c.code) ? 2 : 1;
    text.remove_prefix(c.bytes.size());
  }
  return columns;
}

std::string all_of(std::span<const std::string> words) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " and " : ", ";
    out += words[i];
  }
  return out;
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,=-";
  if (!text.empty() && text.find_first_not_of(plain) == text.npos) return std::string(text);
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace grantd::cli
