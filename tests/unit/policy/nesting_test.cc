// SPDX-License-Identifier: Apache-2.0
// The pass that keeps toml++ from recursing without end: what it counts, and what it leaves alone.
#include "policy/nesting.h"

#include "support/unity.h"

using namespace grantd::policy;

namespace {

std::string dotted(unsigned parts) {
  std::string out = "a";
  for (unsigned i = 1; i < parts; ++i) out += ".a";
  return out;
}

}  // namespace

TEST(sixteen_levels_pass_and_seventeen_do_not) {
  TEST_ASSERT_FALSE(too_deep(dotted(16) + " = 1").has_value());
  TEST_ASSERT_TRUE(too_deep(dotted(17) + " = 1").has_value());
  TEST_ASSERT_FALSE(too_deep("x = " + std::string(16, '[') + std::string(16, ']')).has_value());
  TEST_ASSERT_TRUE(too_deep("x = " + std::string(17, '[')).has_value());
  TEST_ASSERT_TRUE(too_deep("x = " + std::string(17, '{')).has_value());
  TEST_ASSERT_TRUE(too_deep("[" + dotted(17) + "]").has_value());
}

TEST(the_place_is_the_first_that_is_too_deep) {
  auto at = too_deep("# one\n\"x.y\" = '''\n.....'''\n" + dotted(17));
  TEST_ASSERT_TRUE(at.has_value());
  TEST_ASSERT_EQUAL_UINT64(4, at->line);
  TEST_ASSERT_EQUAL_UINT64(32, at->column);
}

TEST(strings_and_comments_do_not_count) {
  const std::string deep(40, '[');
  const std::string dots(40, '.');
  for (const std::string& s : {"# " + deep + dots, "x = \"" + deep + dots + "\"", "x = '" + deep + dots + "'",
                               "x = \"\\\"" + deep + "\"", "x = \"\"\"a\"\"" + deep + "\n" + dots + "\"\"\"",
                               "x = '''" + deep + "''" + deep + "'''", "x = \"\"\"" + deep + "\"\"\"\"\""}) {
    TEST_ASSERT_FALSE(too_deep(s).has_value());
  }
}

TEST(what_stands_after_a_string_counts) {
  const std::string deep(40, '[');
  for (const std::string& s : {"x = \"\\\\\"" + deep, "x = '\\'" + deep, "x = \"\"" + deep, "x = ''" + deep,
                               "x = \"\"\"a\"\"\"\"" + deep, "x = '''a'''" + deep,
                               "x = \"\"\"\\\"\"\"\"" + deep, "x = \"open\n" + deep, "# c\n" + deep}) {
    TEST_ASSERT_TRUE_MESSAGE(too_deep(s).has_value(), s);
  }
}

TEST(many_shallow_things_are_not_deep) {
  std::string text;
  for (unsigned i = 0; i < 1000; ++i) text += "[a.b.c" + std::to_string(i) + "]\nx.y = [[1.5, 2.5], [3.5]]\n";
  TEST_ASSERT_FALSE(too_deep(text).has_value());
}

TEST(text_that_ends_inside_a_string_is_left_to_the_parser) {
  for (const char* s : {"\"", "'", "\"\"\"", "'''", "\"\\", "\"\"\"\\", "\"\"\"a\"\""}) {
    TEST_ASSERT_FALSE(too_deep(s).has_value());
  }
}
