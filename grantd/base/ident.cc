// SPDX-License-Identifier: Apache-2.0
// Numbers to ids and back; one spelling for each number, but for the case of letters.
#include "base/ident.h"

namespace grantd::base {
namespace {

constexpr char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr uint64_t largest = uint64_t{1} << 53;
constexpr unsigned least_digits = 3;
constexpr unsigned most_digits = 11;  // 2^53 has 54 bits
constexpr uint64_t check_modulus = 29;

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr int value_of(char c) noexcept {
  c = lower(c);
  for (int i = 0; i < 32; ++i) {
    if (digits[i] == c) return i;
  }
  return -1;
}

}  // namespace

id_text print_id(char kind, uint64_t number) noexcept {
  char reversed[13];  // 64 bits in fives
  unsigned count = 0;
  for (uint64_t left = number; left != 0 || count < least_digits; left /= 32)
    reversed[count++] = digits[left % 32];
  id_text out{};
  out.text[out.size++] = kind;
  out.text[out.size++] = '-';
  while (count != 0) out.text[out.size++] = reversed[--count];
  out.text[out.size++] = digits[number % check_modulus];
  return out;
}

std::optional<uint64_t> parse_id(char kind, std::string_view text) noexcept {
  constexpr size_t around = 3;  // kind, '-', check digit
  if (text.size() < around + least_digits || text.size() > around + most_digits) return {};
  if (lower(text[0]) != lower(kind) || text[1] != '-') return {};
  if (text.size() > around + least_digits && text[2] == '0') return {};  // one number, one id
  uint64_t number = 0;
  for (size_t i = 2; i + 1 < text.size(); ++i) {
    int v = value_of(text[i]);
    if (v < 0) return {};
    number = number * 32 + static_cast<uint64_t>(v);
  }
  if (number == 0 || number > largest) return {};
  int check = value_of(text[text.size() - 1]);
  if (check < 0 || static_cast<uint64_t>(check) != number % check_modulus) return {};
  return number;
}

}  // namespace grantd::base
