// SPDX-License-Identifier: Apache-2.0
// Bad bytes on api.sock: framing, JSON, parameters.
#include "daemon/parameters.h"
#include "daemon/varlink.h"
#include "support/unity.h"

using namespace grantd::daemon;

namespace {
bool refused(std::string_view message) { return !decode_call(message).has_value(); }
std::string nested(int depth) {
  return std::string(static_cast<size_t>(depth), '[') + std::string(static_cast<size_t>(depth), ']');
}
}  // namespace

TEST(a_call_is_read_with_all_its_flags) {
  auto c = decode_call("{\"method\":\"a.b.C\",\n\"parameters\":{\"x\":-5},\"more\":true}");
  TEST_ASSERT_TRUE(c.has_value());
  TEST_ASSERT_EQUAL_STRING("a.b.C", c->method);
  TEST_ASSERT_EQUAL_INT64(-5, *c->parameters.find("x")->integer());
  TEST_ASSERT_TRUE(c->more);
  TEST_ASSERT_FALSE(c->oneway);
}

TEST(what_is_not_a_call_is_refused) {
  for (const char* bad : {"",
                          " ",
                          "[]",
                          "1",
                          "null",
                          "\"a\"",
                          "{",
                          "{}",
                          "{\"method\":1}",
                          "{\"method\":null}",
                          "{\"method\":\"a\",\"parameters\":[]}",
                          "{\"method\":\"a\",\"parameters\":null}",
                          "{\"method\":\"a\",\"more\":1}",
                          "{\"method\":\"a\",\"colour\":1}",
                          "{\"method\":\"a\"} x",
                          "{\"method\":\"a\"}{\"method\":\"a\"}",
                          "{\"method\":\"a\",}",
                          "{'method':'a'}",
                          "{\"method\":\"a\",\"more\":true,\"oneway\":true}",
                          "{\"method\":\"a\",\"parameters\":{\"x\":1e999}}",
                          "{\"method\":\"a\",\"parameters\":{\"x\":01}}",
                          "{\"method\":\"a\",\"parameters\":{\"x\":NaN}}",
                          "\xEF\xBB\xBF{\"method\":\"a\"}"}) {
    TEST_ASSERT_TRUE_MESSAGE(refused(bad), bad);
  }
}

TEST(a_key_twice_in_one_object_is_refused_at_any_depth) {
  TEST_ASSERT_TRUE(refused(R"({"method":"a","method":"b"})"));
  TEST_ASSERT_TRUE(refused(R"({"method":"a","parameters":{"x":1,"x":1}})"));
  TEST_ASSERT_TRUE(refused(R"({"method":"a","parameters":{"x":1,"\u0078":1}})"));
  TEST_ASSERT_TRUE(refused(R"({"method":"a","parameters":{"y":[{"x":1,"x":1}]}})"));
  TEST_ASSERT_FALSE(refused(R"({"method":"a","parameters":{"y":[{"x":1},{"x":1}]}})"));
}

TEST(bytes_that_are_not_utf8_are_refused) {
  for (const char* bad :
       {"\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x80"}) {
    TEST_ASSERT_TRUE(refused(std::string("{\"method\":\"") + bad + "\"}"));
  }
  TEST_ASSERT_TRUE(refused(R"({"method":"\ud800"})"));
  TEST_ASSERT_FALSE(refused("{\"method\":\"\xc3\xa9\"}"));
}

TEST(nesting_ends_at_sixteen) {
  TEST_ASSERT_TRUE(json::parse(nested(16)).has_value());
  TEST_ASSERT_FALSE(json::parse(nested(17)).has_value());
  TEST_ASSERT_FALSE(json::parse(nested(30000)).has_value());
  TEST_ASSERT_FALSE(json::parse(std::string(60000, '[')).has_value());
}

TEST(integers_are_integers) {
  auto v = json::parse(
      R"({"a":9223372036854775807,"b":9223372036854775808,"c":1.0,"d":1e3,"e":-9223372036854775808})");
  TEST_ASSERT_TRUE(v.has_value());
  parameters p(*v);
  TEST_ASSERT_TRUE(p.integer("a", 0, INT64_MAX).has_value());
  TEST_ASSERT_TRUE(p.integer("e", INT64_MIN, 0).has_value());
  for (const char* key : {"b", "c", "d"}) {
    parameters q(*v);
    TEST_ASSERT_FALSE(q.integer(key, INT64_MIN, INT64_MAX).has_value());
    TEST_ASSERT_EQUAL_STRING("org.varlink.service.InvalidParameter", q.fault()->error);
  }
}

TEST(a_parameter_nobody_asked_for_is_refused) {
  auto v = json::parse(R"({"a":"x","b":"y"})");
  parameters p(*v);
  (void)p.text("a");
  TEST_ASSERT_EQUAL_STRING("b", *p.fault()->parameters.find("parameter")->text());
}

TEST(what_is_printed_is_json_whatever_the_bytes) {
  json::value v;
  v.set("k", std::string("a\"\\\n\x01\xff\x7f\xc3\xa9", 9));
  auto back = json::parse(v.print());
  TEST_ASSERT_TRUE(back.has_value());
  TEST_ASSERT_EQUAL_STRING("a\"\\\n\x01\xEF\xBF\xBD\x7f\xc3\xa9", *back->find("k")->text());
}

TEST(messages_are_cut_at_nul_however_they_arrive) {
  std::string stream("{\"method\":\"a\"}\0{\"method\":\n\"b\"}\0{\"meth", 37);
  for (size_t piece : {size_t{1}, size_t{2}, size_t{7}, stream.size()}) {
    framer f(100);
    std::string got;
    for (size_t at = 0; at < stream.size(); at += piece) {
      f.add(std::string_view(stream).substr(at, piece));
      while (auto m = f.next()) got += decode_call(*m)->method;
    }
    TEST_ASSERT_EQUAL_STRING("ab", got);
    TEST_ASSERT_FALSE(f.too_long());
    TEST_ASSERT_EQUAL_INT(stream.size() - stream.rfind('\0') - 1, f.waiting());
  }
}

TEST(a_message_is_too_long_from_the_first_byte_beyond) {
  framer fits(10);
  fits.add(std::string_view("123456789\0", 10));
  TEST_ASSERT_TRUE(fits.next().has_value());
  framer whole(10);
  whole.add(std::string_view("1234567890\0", 11));
  TEST_ASSERT_FALSE(whole.next().has_value());
  TEST_ASSERT_TRUE(whole.too_long());
  framer unfinished(10);
  unfinished.add("1234567890");
  TEST_ASSERT_FALSE(unfinished.next().has_value());
  TEST_ASSERT_TRUE(unfinished.too_long());
}
