// SPDX-License-Identifier: Apache-2.0
// Ids: one spelling for each number, and a slip of the finger is noticed.
#include "base/ident.h"

#include <random>
#include <string>

#include "support/unity.h"

using namespace grantd::base;
using namespace std::literals;

namespace {

constexpr uint64_t largest = uint64_t{1} << 53;

}  // namespace

TEST(ids_have_three_digits_and_a_check_digit) {
  TEST_ASSERT_EQUAL_STRING("g-0011", print_id('g', 1).view());
  TEST_ASSERT_EQUAL_STRING("g-zzzt", print_id('g', 32767).view());  // 32767 = 29 * 1129 + 26
  TEST_ASSERT_EQUAL_INT(7, print_id('g', 32768).size);
  TEST_ASSERT_EQUAL_INT(14, print_id('r', largest).size);
  TEST_ASSERT_EQUAL_INT(16, print_id('g', ~uint64_t{0}).size);
}

TEST(an_id_is_read_back_in_either_case) {
  std::mt19937_64 random(grantd::test::seed());
  for (int i = 0; i < 100'000; ++i) {
    uint64_t number = i < 40'000 ? static_cast<uint64_t>(i) + 1 : (random() >> (11 + random() % 42)) + 1;
    std::string id(print_id('g', number).view());
    auto back = parse_id('g', id);
    TEST_ASSERT_TRUE_MESSAGE(back.has_value(), id);
    TEST_ASSERT_EQUAL_UINT64(number, *back);
    for (char& c : id) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    TEST_ASSERT_TRUE(parse_id('g', id) == back);
  }
  TEST_ASSERT_TRUE(parse_id('g', print_id('g', largest).view()) == largest);
}

TEST(one_wrong_or_two_swapped_digits_are_noticed) {
  std::mt19937_64 random(grantd::test::seed());
  const std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
  unsigned slips = 0, missed = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string id(print_id('g', random() % 1'000'000 + 1).view());
    size_t at = 2 + random() % (id.size() - 2);
    std::string wrong = id;
    wrong[at] = digits[random() % 32];
    if (at + 1 < id.size() && i % 2 == 0) {
      wrong = id;
      std::swap(wrong[at], wrong[at + 1]);
    }
    if (wrong == id) continue;
    ++slips;
    if (parse_id('g', wrong)) ++missed;
  }
  TEST_ASSERT_TRUE(slips > 10'000);
  TEST_ASSERT_TRUE_MESSAGE(missed * 100 < slips * 2, std::to_string(missed) + " of " + std::to_string(slips));
}

TEST(anything_else_is_no_id) {
  const std::string good(print_id('g', 7'210).view());
  TEST_ASSERT_TRUE(parse_id('g', good).has_value());
  TEST_ASSERT_TRUE(!parse_id('r', good));
  std::string wrong_check = good;
  wrong_check.back() = good.back() == '0' ? '1' : '0';
  const std::string table[] = {
      "",
      "g",
      "g-",
      "g-0",
      "g-00",
      "g-001",
      "g-0000",
      "-1",
      "-",
      "--",
      good + "0",
      "0" + good,
      " " + good,
      good + " ",
      good + "\n",
      good + std::string(1, '\0'),
      good.substr(2),
      good.substr(0, 1) + "_" + good.substr(2),
      "g-0" + good.substr(2),  // a second spelling
      wrong_check,
      "g-z00z",
      "g-00iz",
      "g-00lz",
      "g-00oz",
      "g-00uz",  // u, i, l, o are no digits
      "g-\xff\xff\xff\xff",
      "g-\xc3\xa9"
      "0a",
      std::string("g-0\00011", 6),
      std::string(print_id('g', largest + 1).view()),  // beyond the range
      std::string(print_id('g', ~uint64_t{0}).view()),
      "g-" + std::string(12, 'z'),
      "g-" + std::string(70, '0'),
      "g-zzzzzzzzzzzz",
      "g-zzzzzzzzzzzzz",
  };
  for (const auto& text : table) TEST_ASSERT_TRUE_MESSAGE(!parse_id('g', text), text);
}
