// SPDX-License-Identifier: Apache-2.0
// Tables are aligned whatever stands in them, and steer no terminal.
#include "cli/table.h"

#include "support/unity.h"

using namespace grantd;

TEST(columns_align_by_what_is_seen) {
  cli::table t({"PERSON", "WHY"});
  t.add({{"alice"}, {"ticket"}});
  t.add({{"Jörg"}, {""}});
  t.add({{"日本日本"}, {"x"}});
  TEST_ASSERT_EQUAL_STRING("PERSON    WHY\nalice     ticket\nJörg      -\n日本日本  x\n", t.print(false));
}

TEST(a_cell_cannot_leave_its_line_or_colour_the_screen) {
  cli::table t({"A", "B"});
  t.add({{"x\ny\x1b[2J"}, {"z"}});
  TEST_ASSERT_EQUAL_STRING("A            B\nx\\ny\\x1b[2J  z\n", t.print(false));
}

TEST(colours_stand_only_where_they_are_wanted) {
  cli::table t({"A"});
  t.add({{"open", cli::colour::good}});
  TEST_ASSERT_TRUE(t.print(true).find("\033[32mopen\033[0m") != std::string::npos);
  TEST_ASSERT_TRUE(t.print(false).find('\033') == std::string::npos);
}
