// SPDX-License-Identifier: Apache-2.0
// Names: the boundary of what is one.
#include "base/names.h"

#include <string>

#include "support/unity.h"

using namespace grantd::base;
using namespace std::literals;

namespace {

struct judged {
  std::string text;
  bool account, identity, plain, printable;
};

std::string times(std::string_view what, size_t n) {
  std::string out;
  while (n-- != 0) out += what;
  return out;
}

const judged table[] = {
    // text, account, identity, plain, printable
    {"", false, false, false, true},
    {"a", true, true, true, true},
    {"0", true, true, true, true},
    {"alice", true, true, true, true},
    {"orders-db", true, true, true, true},
    {"a._-9", true, true, true, true},
    {"Alice", true, true, false, true},
    {"aLICE", true, true, false, true},
    {"alice@REALM", true, true, false, true},
    {"-1", false, true, false, true},
    {"-", false, true, false, true},
    {"a-", true, true, true, true},
    {".a", true, true, false, true},
    {"_a", true, true, false, true},
    {"a/b", false, true, false, true},
    {"/CN=alice", false, true, false, true},
    {"CN=Alice Example,O=\"x\"", true, true, false, true},
    {" a", false, false, false, true},
    {"a ", false, false, false, true},
    {" ", false, false, false, true},
    {"a b", true, true, false, true},
    {times("a", 63), true, true, true, true},
    {times("a", 64), false, true, false, true},
    {times("a", 128), false, true, false, true},
    {times("a", 129), false, false, false, true},
    {times("\xc3\xa9", 31), true, true, false, true},
    {times("\xc3\xa9", 32), false, true, false, true},
    {"a\0b"s, false, false, false, false},
    {"\0"s, false, false, false, false},
    {"a\0"s, false, false, false, false},
    {"a\nb", false, false, false, false},
    {"\x1f", false, false, false, false},
    {"\x1b[2J", false, false, false, false},
    {"a\x7f", false, false, false, false},
    {"~", true, true, false, true},
    {"\xc2\x80", false, false, false, false},  // C1, first and last
    {"\xc2\x9f", false, false, false, false},
    {"\xc2\xa0", true, true, false, true},
    {"\xdf\xbf", true, true, false, true},
    {"\xe2\x82\xac", true, true, false, true},
    {"\xf0\x9f\x90\x98", true, true, false, true},
    {"\x80", false, false, false, false},  // a continuation alone
    {"\xbf", false, false, false, false},
    {"\xc0\x80", false, false, false, false},  // NUL, overlong
    {"\xc0\xaf", false, false, false, false},  // '/', overlong
    {"\xc1\xbf", false, false, false, false},
    {"\xe0\x80\xaf", false, false, false, false},
    {"\xe0\x9f\xbf", false, false, false, false},
    {"\xe0\xa0\x80", true, true, false, true},
    {"\xed\x9f\xbf", true, true, false, true},
    {"\xed\xa0\x80", false, false, false, false},  // surrogates
    {"\xed\xbf\xbf", false, false, false, false},
    {"\xee\x80\x80", true, true, false, true},
    {"\xf0\x80\x80\xaf", false, false, false, false},
    {"\xf0\x8f\xbf\xbf", false, false, false, false},
    {"\xf0\x90\x80\x80", true, true, false, true},
    {"\xf4\x8f\xbf\xbf", true, true, false, true},
    {"\xf4\x90\x80\x80", false, false, false, false},  // beyond U+10FFFF
    {"\xf5\x80\x80\x80", false, false, false, false},
    {"\xff", false, false, false, false},
    {"\xc3", false, false, false, false},  // cut short
    {"a\xc3", false, false, false, false},
    {"\xe2\x82", false, false, false, false},
    {"\xe2", false, false, false, false},
    {"\xf0\x9f\x90", false, false, false, false},
    {"\xc3"
     "a",
     false, false, false, false},
    {"\xe2\x82"
     "a",
     false, false, false, false},
    {"\xe2"
     "a\x82",
     false, false, false, false},
    {"\xf0"
     "a\x90\x98",
     false, false, false, false},
    {"\xf0\x9f"
     "a\x98",
     false, false, false, false},
    {"\xf0\x9f\x90"
     "a",
     false, false, false, false},
};

std::string hex(std::string_view text) {
  std::string out;
  for (char c : text) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

TEST(names_are_judged_by_their_bytes) {
  for (const judged& j : table) {
    TEST_ASSERT_TRUE_MESSAGE(is_account_name(j.text) == j.account, hex(j.text));
    TEST_ASSERT_TRUE_MESSAGE(is_identity_name(j.text) == j.identity, hex(j.text));
    TEST_ASSERT_TRUE_MESSAGE(is_plain_name(j.text) == j.plain, hex(j.text));
    TEST_ASSERT_TRUE_MESSAGE(is_printable_utf8(j.text) == j.printable, hex(j.text));
  }
}

// The same by counting up: every sequence of two bytes, against the code points' own definition.
TEST(two_bytes_are_printable_only_as_utf8_says) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const char text[] = {static_cast<char>(a), static_cast<char>(b)};
      auto ascii = [](unsigned c) { return c >= 0x20 && c < 0x7f; };
      bool two = (a & 0xe0) == 0xc0 && (b & 0xc0) == 0x80 && ((a & 0x1f) << 6 | (b & 0x3f)) >= 0xa0;
      TEST_ASSERT_TRUE(is_printable_utf8({text, 2}) == ((ascii(a) && ascii(b)) || two));
    }
  }
}
