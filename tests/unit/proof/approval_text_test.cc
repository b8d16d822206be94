// SPDX-License-Identifier: Apache-2.0
// The text an approver signs: as other code writes it from the prose, one for each set of facts, and none
// where two could look alike.
#include "proof/approval_text.h"

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>

#include "support/unity.h"

using namespace grantd;

namespace {

struct facts {
  std::array<uint8_t, 16> host{};
  uint64_t request = 32768;
  std::string person = "alice", resource = "orders-db", role, reason;
  bool read_write = false, break_glass = false, first_use = false;
  int64_t for_us = 3'600'000'000, asked_for_us = 3'600'000'000;
  std::optional<base::utc_time> start, until;
  uint64_t extends = 0;
  base::utc_time asked{1795365000000000};
  std::vector<std::string> scopes;
  auto operator<=>(const facts&) const = default;
};

std::optional<std::string> text(const facts& f) {
  return proof::approval_text({f.host, f.request, f.person, f.resource, f.role, f.read_write, f.break_glass,
                               f.for_us, f.asked_for_us, f.start, f.first_use, f.until, f.extends, f.asked,
                               f.reason, f.scopes});
}

void follow(const std::string& name) {
  std::ifstream in(std::string(VECTORS) + "/" + name);
  facts f;
  const std::map<std::string, std::function<void(const std::string&)>> take = {
      {"host",
       [&](const std::string& v) {
         for (size_t i = 0; i < 16; ++i)
           f.host[i] = static_cast<uint8_t>(std::stoul(v.substr(2 * i, 2), nullptr, 16));
       }},
      {"request", [&](const std::string& v) { f.request = std::stoull(v); }},
      {"person", [&](const std::string& v) { f.person = v; }},
      {"resource", [&](const std::string& v) { f.resource = v; }},
      {"role", [&](const std::string& v) { f.role = v; }},
      {"reason", [&](const std::string& v) { f.reason = v; }},
      {"read_write", [&](const std::string&) { f.read_write = true; }},
      {"break_glass", [&](const std::string&) { f.break_glass = true; }},
      {"first_use", [&](const std::string&) { f.first_use = true; }},
      {"for", [&](const std::string& v) { f.for_us = std::stoll(v) * base::us_per_s; }},
      {"asked_for", [&](const std::string& v) { f.asked_for_us = std::stoll(v) * base::us_per_s; }},
      {"start", [&](const std::string& v) { f.start = base::utc_time{std::stoll(v)}; }},
      {"until", [&](const std::string& v) { f.until = base::utc_time{std::stoll(v)}; }},
      {"extends", [&](const std::string& v) { f.extends = std::stoull(v); }},
      {"asked", [&](const std::string& v) { f.asked = base::utc_time{std::stoll(v)}; }},
      {"scopes", [&](const std::string& v) { f.scopes.push_back(v); }}};
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line) && !line.empty()) {
    size_t cut = line.find(' ');
    take.at(line.substr(0, cut))(line.substr(cut + 1));
  }
  const std::string expected{std::istreambuf_iterator<char>(in), {}};
  TEST_ASSERT_TRUE(!expected.empty());
  auto got = text(f);
  TEST_ASSERT_TRUE(got.has_value());
  TEST_ASSERT_EQUAL_STRING(expected, *got);
}

bool none(const std::function<void(facts&)>& change) {
  facts f;
  change(f);
  return !text(f);
}

}  // namespace

TEST(a_plain_approval_matches_the_vector) { follow("approval_plain.txt"); }
TEST(an_approval_with_every_line_matches_the_vector) { follow("approval_full.txt"); }
TEST(an_approval_at_first_use_matches_the_vector) { follow("approval_first_use.txt"); }
TEST(an_approval_at_first_use_from_a_time_matches_the_vector) { follow("approval_first_use_later.txt"); }

TEST(an_extension_with_its_end_matches_the_vector) { follow("approval_until.txt"); }

TEST(different_facts_have_different_texts) {
  std::mt19937_64 random(test::seed());
  auto below = [&](size_t n) { return random() % n; };
  // Values that look like the text around them.
  const std::vector<std::string> words = {"a",         "a a", "reason: x",   "scope: a",
                                          "role: app", "yes", "at approval", "alice"};
  std::map<std::string, facts> seen;
  size_t same = 0;
  for (int i = 0; i < 100'000; ++i) {
    facts f;
    f.host[below(16)] = static_cast<uint8_t>(below(2));
    f.request = 1 + below(2);
    f.person = words[below(words.size())];
    f.resource = words[below(2)];
    if (below(2) == 0) f.role = words[below(words.size())];
    if (below(2) == 0) f.reason = words[below(words.size())];
    f.read_write = below(2) == 0;
    f.break_glass = below(2) == 0;
    f.first_use = below(2) == 0;
    f.for_us = static_cast<int64_t>(1 + below(2)) * base::us_per_s;
    f.asked_for_us = f.for_us + static_cast<int64_t>(below(2)) * base::us_per_s;
    if (below(2) == 0) f.start = base::utc_time{static_cast<int64_t>(below(2))};
    f.asked.us = static_cast<int64_t>(below(2));
    if (below(2) == 0) f.until = base::utc_time{static_cast<int64_t>(2 + below(2))};
    f.extends = below(3);
    for (size_t n = below(3); n != 0; --n) f.scopes.push_back(words[below(words.size())]);
    auto t = text(f);
    TEST_ASSERT_TRUE(t.has_value());
    auto [at, fresh] = seen.emplace(*t, f);
    TEST_ASSERT_TRUE_MESSAGE(at->second == f, "two approvals have this text:\n" + *t);
    same += fresh ? 0 : 1;
  }
  TEST_ASSERT_TRUE(seen.size() > 10'000);
}

TEST(a_value_that_is_not_one_printable_line_has_no_text) {
  for (const char* bad : {"a\nb", "a\rb", "a\tb", "a\x1b[2Jb", "a\x7f", "\xff",
                          "a\xc2\x85"
                          "b",
                          " a", "a ", "a\u2028b", "a\u2029b", "a\u202eb", "a\u2066b"}) {
    TEST_ASSERT_TRUE(none([&](facts& f) { f.person = bad; }));
    TEST_ASSERT_TRUE(none([&](facts& f) { f.resource = bad; }));
    TEST_ASSERT_TRUE(none([&](facts& f) { f.role = bad; }));
    TEST_ASSERT_TRUE(none([&](facts& f) { f.reason = bad; }));
    TEST_ASSERT_TRUE(none([&](facts& f) { f.scopes = {"good", bad}; }));
  }
}

TEST(an_empty_name_or_scope_has_no_text) {
  TEST_ASSERT_TRUE(none([](facts& f) { f.person = ""; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.resource = ""; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.scopes = {""}; }));
}

TEST(a_length_that_the_text_cannot_say_has_no_text) {
  TEST_ASSERT_TRUE(none([](facts& f) { f.for_us = 0; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.for_us = -base::us_per_s; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.for_us += 1, f.asked_for_us *= 2; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.asked_for_us += 1; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.for_us = 2 * f.asked_for_us; }));
}

TEST(a_number_or_a_time_out_of_range_has_no_text) {
  TEST_ASSERT_TRUE(none([](facts& f) { f.request = 0; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.request = (uint64_t{1} << 53) + 1; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.asked.us = -1; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.start = base::utc_time{-1}; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.extends = (uint64_t{1} << 53) + 1; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.until = f.asked; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.until = base::utc_time{253'402'300'800'000'000}; }));
  TEST_ASSERT_TRUE(none([](facts& f) { f.start = base::utc_time{253'402'300'800'000'000}; }));
}
