// SPDX-License-Identifier: Apache-2.0
// What an adapter says is believed only where it is exactly what ADAPTERS.md asks for.
#include "provision/answer.h"

#include "cli/json.h"
#include "support/unity.h"

namespace grantd::test {
namespace {

using provision::read_answer;

std::string why(const std::string& step, const std::string& output, const std::string& trouble = "") {
  auto r = read_answer(step, {output, "", trouble});
  return r ? "done" : r.error();
}

}  // namespace

TEST(an_object_and_exit_code_0_is_done) {
  TEST_ASSERT_EQUAL_STRING("done", why("open", "{}\n"));
  TEST_ASSERT_EQUAL_STRING("done", why("close", R"({"something":"else"})"));
}

TEST(anything_else_is_not_done) {
  for (const char* garbage : {"", "ok", "[]", "{} {}", "null", "{\"a\":", "\xff\xfe", "\"\""}) {
    TEST_ASSERT_TRUE_MESSAGE(why("open", garbage) != "done", garbage);
    TEST_ASSERT_TRUE_MESSAGE(why("list", garbage) != "done", garbage);
  }
}

TEST(an_exit_code_counts_whatever_it_said) {
  TEST_ASSERT_EQUAL_STRING("the adapter: it failed with 1", why("open", "{}", "it failed with 1"));
}

TEST(its_own_reason_is_told_and_counts_with_exit_code_0_too) {
  TEST_ASSERT_EQUAL_STRING("no such role", why("open", R"({"error":"no such role"})", "it failed with 1"));
  TEST_ASSERT_EQUAL_STRING("no such role", why("open", R"({"error":"no such role"})"));
}

TEST(a_list_is_names_of_accounts_and_roles) {
  auto r = read_answer(
      "list",
      {R"({"memberships":[{"account":"alice","role":"o r"},{"account":"b","role":"c","x":1}]})", "", ""});
  TEST_ASSERT_TRUE(r.has_value());
  TEST_ASSERT_EQUAL_INT(2, r->size());
  TEST_ASSERT_EQUAL_STRING("alice", (*r)[0].account);
  TEST_ASSERT_EQUAL_STRING("o r", (*r)[0].role);
  for (const char* bad :
       {"{}", R"({"memberships":{}})", R"({"memberships":[1]})", R"({"memberships":[{"account":"a"}]})",
        R"({"memberships":[{"account":"","role":"b"}]})", R"({"memberships":[{"account":"a/b","role":"b"}]})",
        R"({"memberships":[{"account":7,"role":"b"}]})"})
    TEST_ASSERT_TRUE_MESSAGE(why("list", bad) != "done", bad);
}

TEST(a_sentence_is_one_short_printable_line) {
  TEST_ASSERT_EQUAL_STRING("a b [2Jc", provision::sentence("a\nb\x1b[2Jc\n"));
  TEST_ASSERT_EQUAL_STRING("it does not say why", provision::sentence("\n\n"));
  TEST_ASSERT_EQUAL_STRING("??", provision::sentence("\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9" ? "??" : "wrong");
  TEST_ASSERT_EQUAL_STRING("\xc3\xa9??", "\xc3\xa9" + provision::sentence("\xff\xfe"));
  TEST_ASSERT_EQUAL_INT(300, provision::sentence(std::string(5000, 'x')).size());
}

TEST(the_input_holds_what_was_written_and_quotes_it) {
  cli::value settings;
  settings.set("connection", "password='a\"b'");
  provision::membership m{"alice", "o\"r"};
  auto back = cli::parse_json(provision::print_input("main", settings, &m));
  TEST_ASSERT_TRUE(back.has_value());
  TEST_ASSERT_EQUAL_INT64(1, *back->find("version")->integer());
  TEST_ASSERT_EQUAL_STRING("main", *back->find("system")->text());
  TEST_ASSERT_EQUAL_STRING("o\"r", *back->find("role")->text());
  TEST_ASSERT_EQUAL_STRING("password='a\"b'", *back->find("settings")->find("connection")->text());
  TEST_ASSERT_TRUE(cli::parse_json(provision::print_input("main", settings, nullptr))->find("account") ==
                   nullptr);
}

}  // namespace grantd::test
