// SPDX-License-Identifier: Apache-2.0
// Bytes of a server before a terminal sees them.
#include "cli/text.h"

#include "support/unity.h"

using namespace grantd;

TEST(what_moves_a_terminal_is_escaped) {
  TEST_ASSERT_EQUAL_STRING("\\x1b[31mred\\x07", cli::visible("\x1b[31mred\x07"));
  TEST_ASSERT_EQUAL_STRING("a\\nb\\tc\\x0d", cli::visible("a\nb\tc\r"));
  TEST_ASSERT_EQUAL_STRING("\\x7f", cli::visible("\x7f"));
  TEST_ASSERT_EQUAL_STRING("\\x9b31m", cli::visible("\u009b31m"));  // CSI as one character
  TEST_ASSERT_EQUAL_STRING("\\u202ecod.exe", cli::visible("\u202ecod.exe"));
  TEST_ASSERT_EQUAL_STRING("\\u2028", cli::visible("\u2028"));
  TEST_ASSERT_EQUAL_STRING("\\x00", cli::visible(std::string_view("\0", 1)));
}

TEST(bytes_that_are_not_utf8_are_escaped_one_by_one) {
  TEST_ASSERT_EQUAL_STRING("\\xff\\xfe", cli::visible("\xff\xfe"));
  TEST_ASSERT_EQUAL_STRING("\\xc0\\xaf", cli::visible("\xc0\xaf"));           // overlong '/'
  TEST_ASSERT_EQUAL_STRING("\\xed\\xa0\\x80", cli::visible("\xed\xa0\x80"));  // a surrogate
  TEST_ASSERT_EQUAL_STRING("\\xe2\\x82", cli::visible("\xe2\x82"));           // cut short
  TEST_ASSERT_EQUAL_STRING("\\xf4\\x90\\x80\\x80", cli::visible("\xf4\x90\x80\x80"));
}

TEST(letters_of_every_script_stay) {
  for (const char* text : {"Grüße", "日本", "Ελλάδα", "👍", "plain"})
    TEST_ASSERT_EQUAL_STRING(text, cli::visible(text));
}

TEST(width_counts_columns_and_not_bytes) {
  TEST_ASSERT_EQUAL_UINT64(5, cli::display_width("Grüße"));
  TEST_ASSERT_EQUAL_UINT64(4, cli::display_width("日本"));
  TEST_ASSERT_EQUAL_UINT64(1, cli::display_width("u\u0308"));
  TEST_ASSERT_EQUAL_UINT64(2, cli::display_width("👍"));
}

TEST(a_shell_word_is_one_word_for_the_shell) {
  TEST_ASSERT_EQUAL_STRING("orders-db", cli::shell_word("orders-db"));
  TEST_ASSERT_EQUAL_STRING("'ticket 4711'", cli::shell_word("ticket 4711"));
  TEST_ASSERT_EQUAL_STRING("'it'\\''s $(x)'", cli::shell_word("it's $(x)"));
  TEST_ASSERT_EQUAL_STRING("''", cli::shell_word(""));
}
