// SPDX-License-Identifier: Apache-2.0
// Report datagrams: what goes in comes out; every datagram that is not exactly one is refused.
#include "wire/report.h"

#include <fstream>
#include <vector>

#include "support/unity.h"

using namespace grantd;
using wire::report;

namespace {

report good() {
  return {wire::outcome::denied,
          5,
          2,
          2,
          false,
          7,
          123,
          4242,
          "alice",
          "main",
          "orders",
          "alice_ro",
          "192.0.2.7"};
}

std::vector<uint8_t> bytes_of(const report& r) {
  std::array<uint8_t, wire::max_report> out;
  const size_t n = encode(r, out);
  return {out.begin(), out.begin() + static_cast<ptrdiff_t>(n)};
}

bool refuses_with(size_t at, uint8_t value) {
  std::vector<uint8_t> bytes = bytes_of(good());
  bytes[at] = value;
  return !wire::decode_report(bytes).has_value();
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> out(1);
  for (char c : line) {
    if (c == '\t')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

std::string from_hex(const std::string& text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoul(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

bool same(const report& a, const report& b) {
  return a.outcome == b.outcome && a.reason == b.reason && a.proved_by == b.proved_by && a.point == b.point &&
         a.replication == b.replication && a.grant == b.grant && a.boot_ns == b.boot_ns && a.pid == b.pid &&
         a.name == b.name && a.place == b.place && a.database == b.database && a.role == b.role &&
         a.remote == b.remote;
}

}  // namespace

TEST(report_comes_out_as_it_went_in) {
  const auto bytes = bytes_of(good());
  TEST_ASSERT_TRUE(bytes.size() > 40);
  const auto out = wire::decode_report(bytes);
  TEST_ASSERT_TRUE(out.has_value() && same(*out, good()));
}

TEST(vectors_encode_and_decode_as_they_say) {
  std::ifstream in(std::string(VECTORS) + "/report.txt");
  unsigned seen = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto c = split(line);
    TEST_ASSERT_EQUAL_INT(15, c.size());
    std::vector<std::string> texts;
    for (size_t i = 9; i < 14; ++i) texts.push_back(from_hex(c[i]));
    const auto small = [&](size_t i) { return static_cast<uint8_t>(std::stoul(c[i])); };
    const report r{static_cast<wire::outcome>(small(1)),
                   small(2),
                   small(3),
                   small(4),
                   c[5] == "1",
                   std::stoull(c[6]),
                   std::stoll(c[7]),
                   static_cast<uint32_t>(std::stoull(c[8])),
                   texts[0],
                   texts[1],
                   texts[2],
                   texts[3],
                   texts[4]};
    const std::string wanted = from_hex(c[14]);
    const auto ours = bytes_of(r);
    TEST_ASSERT_TRUE(std::string(ours.begin(), ours.end()) == wanted);
    const auto read = wire::decode_report(ours);
    TEST_ASSERT_TRUE(read.has_value() && same(*read, r));
    ++seen;
  }
  TEST_ASSERT_EQUAL_INT(5, seen);
}

TEST(report_cut_off_anywhere_is_refused) {
  const auto bytes = bytes_of(good());
  for (size_t n = 0; n < bytes.size(); ++n) {
    TEST_ASSERT_FALSE(wire::decode_report(std::span(bytes).first(n)).has_value());
  }
}

TEST(report_with_a_trailing_byte_is_refused) {
  auto bytes = bytes_of(good());
  bytes.push_back(0);
  TEST_ASSERT_FALSE(wire::decode_report(bytes).has_value());
}

TEST(oversized_report_is_refused) {
  const std::vector<uint8_t> bytes(100000, 'g');
  TEST_ASSERT_FALSE(wire::decode_report(bytes).has_value());
}

TEST(values_out_of_range_are_refused) {
  for (size_t at : {0, 3}) TEST_ASSERT_TRUE(refuses_with(at, 'x'));  // magic, version
  for (uint8_t v : std::initializer_list<uint8_t>{0, 5}) TEST_ASSERT_TRUE(refuses_with(4, v));  // outcome
  TEST_ASSERT_TRUE(refuses_with(5, 7));                                                         // reason
  for (uint8_t v : std::initializer_list<uint8_t>{0, 5}) TEST_ASSERT_TRUE(refuses_with(6, v));  // proved_by
  for (uint8_t v : std::initializer_list<uint8_t>{0, 3}) TEST_ASSERT_TRUE(refuses_with(7, v));  // point
  TEST_ASSERT_TRUE(refuses_with(8, 2));                                                         // flags
  for (size_t at : {14, 15, 36, 37, 38, 39}) TEST_ASSERT_TRUE(refuses_with(at, 1));
  for (size_t at = 9; at < 14; ++at) TEST_ASSERT_TRUE(refuses_with(at, 255));
}

TEST(strings_too_long_are_refused_by_both_sides) {
  const std::string part(64, 'x');
  const std::string name(129, 'n');
  for (auto field : {&report::place, &report::database, &report::role, &report::remote}) {
    report r = good();
    r.*field = part;
    TEST_ASSERT_EQUAL_INT(0, bytes_of(r).size());
    r.*field = std::string_view(part).substr(1);
    TEST_ASSERT_TRUE(!bytes_of(r).empty());
  }
  report r = good();
  r.name = name;
  TEST_ASSERT_EQUAL_INT(0, bytes_of(r).size());
  // A datagram whose lengths add up, but whose place is too long.
  auto bytes = bytes_of(good());
  bytes[10] = 64;
  bytes.insert(bytes.end(), 60, 'x');
  TEST_ASSERT_FALSE(wire::decode_report(bytes).has_value());
}

TEST(longest_report_fits_its_buffer) {
  const std::string name(128, 'n'), part(63, 'p');
  report r = good();
  r.name = name;
  r.place = r.database = r.role = r.remote = part;
  TEST_ASSERT_EQUAL_INT(40 + 128 + 4 * 63, bytes_of(r).size());
}

TEST(enumerators_out_of_range_are_not_sent) {
  report r = good();
  r.outcome = static_cast<wire::outcome>(0);
  TEST_ASSERT_EQUAL_INT(0, bytes_of(r).size());
  r = good();
  r.reason = 7;
  TEST_ASSERT_EQUAL_INT(0, bytes_of(r).size());
}

TEST(strings_of_a_stranger_are_carried_as_they_are) {
  report r = good();
  r.name = std::string_view("a\0\x1b[2J\xff", 7);
  const auto bytes = bytes_of(r);
  const auto out = wire::decode_report(bytes);
  TEST_ASSERT_TRUE(out.has_value() && out->name == r.name);
}
