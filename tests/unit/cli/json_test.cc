// SPDX-License-Identifier: Apache-2.0
// JSON from a server that may be anybody: nothing but what it should be is taken.
#include "cli/json.h"

#include "cli/times.h"
#include "support/unity.h"

using namespace grantd;

namespace {

std::string again(std::string_view text) {
  auto v = cli::parse_json(text);
  return v ? cli::print_json(*v) : "refused: " + v.error();
}

std::string nested(int levels) {
  return std::string(static_cast<size_t>(levels), '[') + std::string(static_cast<size_t>(levels), ']');
}

}  // namespace

TEST(json_comes_out_as_it_went_in) {
  for (const char* text : {"{}", "[]", "null", "true", "-12", "9223372036854775807", "1.5", "\"a\\\"b\\\\c\"",
                           R"({"b":1,"a":[1,2,{"c":null}],"z":"Grüße"})"}) {
    TEST_ASSERT_EQUAL_STRING(text, again(text));
  }
  TEST_ASSERT_EQUAL_STRING("{\"a\":1}", again(" {\n \"a\" : 1 }\n"));
}

TEST(printed_json_can_go_to_a_terminal) {
  TEST_ASSERT_EQUAL_STRING(R"("\u001b[31m\n\u0007")", again(R"("\u001b[31m\n\u0007")"));
  TEST_ASSERT_EQUAL_STRING(R"("\u007f\u009b\u202e")", again("\"\x7f\u009b\u202e\""));
  TEST_ASSERT_EQUAL_STRING(R"("\ufffd\ufffd")", cli::print_json(cli::value("\xff\xfe")));
}

TEST(json_that_is_not_exact_is_refused) {
  for (const char* text :
       {"", "{", "{}{}", "{} x", "{\"a\":1,\"a\":2}", "nul", "'a'", "[1,]", "\"\xff\"", "01", "1e999999"}) {
    TEST_ASSERT_TRUE_MESSAGE(again(text).starts_with("refused: "), text);
  }
  TEST_ASSERT_TRUE(again(std::string_view("{}\0", 3)).starts_with("refused: "));
}

TEST(json_is_bounded_in_depth_and_members) {
  TEST_ASSERT_EQUAL_STRING(nested(cli::max_json_depth), again(nested(cli::max_json_depth)));
  TEST_ASSERT_TRUE(again(nested(cli::max_json_depth + 1)).starts_with("refused: more than"));
  TEST_ASSERT_TRUE(again(std::string(1'000'000, '[')).starts_with("refused: "));
  std::string wide = "{";
  for (size_t i = 0; i <= cli::max_json_members; ++i) wide += "\"k" + std::to_string(i) + "\":0,";
  wide.back() = '}';
  TEST_ASSERT_TRUE(again(wide).starts_with("refused: an object with too many keys"));
}

TEST(microseconds_become_times_and_seconds) {
  auto v = cli::parse_json(R"({"not_after_us":1795348800000000,"left_us":1500000,"offset_us":-2000000,"n":7,
    "deep":[{"made_us":0}],"text_us":"x","far_us":9223372036854775807})");
  TEST_ASSERT_TRUE(v.has_value());
  TEST_ASSERT_EQUAL_STRING(
      R"({"not_after":"2026-11-22T12:00:00Z","left_s":1.5,"offset_s":-2,"n":7,"deep":[{"made":"1970-01-01T00:00:00Z"}],)"
      R"("text_us":"x","far_us":9223372036854775807})",
      cli::print_json(cli::with_times(*v)));
}
