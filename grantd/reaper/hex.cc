// SPDX-License-Identifier: Apache-2.0
// Hexadecimal digits.
#include "reaper/hex.h"

namespace grantd::reaper {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

}  // namespace

std::string to_hex(std::span<const uint8_t> bytes) {
  std::string out;
  for (uint8_t b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

std::string to_hex(uint64_t number) {
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += digits[number >> shift & 15];
  return out;
}

std::vector<uint8_t> from_hex(std::string_view text) {
  std::vector<uint8_t> out;
  if (text.size() % 2 != 0) return out;
  for (size_t i = 0; i < text.size(); i += 2) {
    const size_t high = digits.find(text[i]), low = digits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return {};
    out.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return out;
}

}  // namespace grantd::reaper
