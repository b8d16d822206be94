// SPDX-License-Identifier: Apache-2.0
// Four letters to three bytes by a table.
#include "cli/base64.h"

#include <array>
#include <cstdint>

namespace grantd::cli {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint32_t bad = 1U << 31;

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> t{};
  t.fill(bad);
  for (uint32_t i = 0; i < letters.size(); ++i) t[static_cast<unsigned char>(letters[i])] = i;
  return t;
}
constexpr std::array<uint32_t, 256> table = make_table();

uint32_t six(char c) { return table[static_cast<unsigned char>(c)]; }

}  // namespace

std::optional<std::string> decode_public_base64(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out(text.size() / 4 * 3, '\0');
  size_t whole = padding == 0 ? text.size() : text.size() - 4;
  size_t at = 0;
  uint32_t seen = 0;
  for (size_t i = 0; i < whole; i += 4) {
    uint32_t v = six(text[i]) << 18 | six(text[i + 1]) << 12 | six(text[i + 2]) << 6 | six(text[i + 3]);
    seen |= six(text[i]) | six(text[i + 1]) | six(text[i + 2]) | six(text[i + 3]);
    out[at++] = static_cast<char>(v >> 16 & 0xff);
    out[at++] = static_cast<char>(v >> 8 & 0xff);
    out[at++] = static_cast<char>(v & 0xff);
  }
  if (padding != 0) {
    uint32_t third = padding == 2 ? 0 : six(text[whole + 2]);
    uint32_t last = six(text[whole]) << 18 | six(text[whole + 1]) << 12 | third << 6;
    seen |= six(text[whole]) | six(text[whole + 1]) | third;
    if ((last & (padding == 2 ? 0xffffU : 0xffU)) != 0) return {};  // bits that no byte has
    out[at++] = static_cast<char>(last >> 16 & 0xff);
    if (padding == 1) out[at++] = static_cast<char>(last >> 8 & 0xff);
  }
  if ((seen & bad) != 0) return {};
  out.resize(at);
  return out;
}

}  // namespace grantd::cli
