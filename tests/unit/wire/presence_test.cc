// SPDX-License-Identifier: Apache-2.0
// Presence datagrams: what goes in comes out; every datagram that is not exactly one is refused.
#include "wire/presence.h"

#include "support/unity.h"
#include "unit/wire/frames.h"

using namespace grantd;
using test::with;
using wire::presence;
using wire::presence_cause;
using wire::presence_state;

namespace {

constexpr size_t first_string = 64;

presence good() {
  return {.state = presence_state::leftover,
          .cause = presence_cause::expired,
          .proved_by = 2,
          .point = 2,
          .access = 2,
          .replication = false,
          .run = 77,
          .number = 3,
          .grant = 42,
          .since_ns = 5,
          .until_ns = 6,
          .pid = 4242,
          .name = "alice",
          .place = "main",
          .database = "orders",
          .role = "alice_rw",
          .remote = "192.0.2.7",
          .text = "process 9"};
}

test::bytes bytes_of(const presence& p) { return test::encoded<wire::max_presence>(p); }
bool refused(const test::bytes& b) { return !wire::decode_presence(b).has_value(); }
bool refuses_with(size_t at, int value) {
  return refused(with(bytes_of(good()), at, static_cast<uint8_t>(value)));
}

bool same(const presence& a, const presence& b) {
  return a.state == b.state && a.cause == b.cause && a.proved_by == b.proved_by && a.point == b.point &&
         a.access == b.access && a.replication == b.replication && a.run == b.run && a.number == b.number &&
         a.grant == b.grant && a.since_ns == b.since_ns && a.until_ns == b.until_ns && a.pid == b.pid &&
         a.name == b.name && a.place == b.place && a.database == b.database && a.role == b.role &&
         a.remote == b.remote && a.text == b.text;
}

}  // namespace

TEST(presence_comes_out_as_it_went_in) {
  const auto bytes = bytes_of(good());
  const auto out = wire::decode_presence(bytes);
  TEST_ASSERT_TRUE(out.has_value() && same(*out, good()));
}

TEST(presence_vectors_encode_and_decode_as_they_say) {
  const auto lines = test::vectors(VECTORS, "presence.txt");
  TEST_ASSERT_EQUAL_INT(5, lines.size());
  for (const auto& l : lines) {
    TEST_ASSERT_EQUAL_INT(20, l.size());
    std::string texts[6];
    for (size_t i = 0; i < 6; ++i) texts[i] = l.text(13 + i);
    const presence p{.state = static_cast<presence_state>(l.small(1)),
                     .cause = static_cast<presence_cause>(l.small(2)),
                     .proved_by = l.small(3),
                     .point = l.small(4),
                     .access = l.small(5),
                     .replication = l.small(6) == 1,
                     .run = l.big(7),
                     .number = l.big(8),
                     .grant = l.big(9),
                     .since_ns = l.integer(10),
                     .until_ns = l.integer(11),
                     .pid = static_cast<uint32_t>(l.big(12)),
                     .name = texts[0],
                     .place = texts[1],
                     .database = texts[2],
                     .role = texts[3],
                     .remote = texts[4],
                     .text = texts[5]};
    TEST_ASSERT_TRUE(bytes_of(p) == l.frame());
    const test::bytes frame = l.frame();
    const auto read = wire::decode_presence(frame);
    TEST_ASSERT_TRUE(read.has_value() && same(*read, p));
  }
}

TEST(presence_cut_off_anywhere_is_refused) {
  const auto bytes = bytes_of(good());
  test::edge edge;
  TEST_ASSERT_TRUE(wire::decode_presence(edge.lay(bytes)).has_value());
  for (size_t n = 0; n < bytes.size(); ++n) {
    TEST_ASSERT_FALSE(wire::decode_presence(edge.lay(std::span(bytes).first(n))).has_value());
  }
}

TEST(presence_with_a_trailing_byte_is_refused) {
  auto bytes = bytes_of(good());
  bytes.push_back(0);
  TEST_ASSERT_TRUE(refused(bytes));
  TEST_ASSERT_TRUE(refused(test::bytes(100000, 'g')));
}

TEST(presence_fields_out_of_range_are_refused) {
  for (size_t at : {0, 1, 2, 3}) TEST_ASSERT_TRUE(refuses_with(at, 'x'));
  for (int v : {0, 1, 4, 5}) TEST_ASSERT_TRUE(refuses_with(4, v));  // live and ungated have no cause
  for (int v : {0, 8}) TEST_ASSERT_TRUE(refuses_with(5, v));
  for (int v : {0, 5}) TEST_ASSERT_TRUE(refuses_with(6, v));
  for (int v : {0, 3}) TEST_ASSERT_TRUE(refuses_with(7, v));
  for (int v : {0, 3}) TEST_ASSERT_TRUE(refuses_with(8, v));
  TEST_ASSERT_TRUE(refuses_with(9, 2));
  for (size_t at = 10; at < 16; ++at) TEST_ASSERT_TRUE(refuses_with(at, 255));
  TEST_ASSERT_TRUE(refuses_with(16, 0));     // run
  TEST_ASSERT_TRUE(refuses_with(24, 0));     // number
  TEST_ASSERT_TRUE(refuses_with(47, 0x80));  // since
  TEST_ASSERT_TRUE(refuses_with(55, 0x80));  // until
  for (size_t at : {60, 61, 62, 63}) TEST_ASSERT_TRUE(refuses_with(at, 1));
}

TEST(presence_values_out_of_range_are_not_sent) {
  const auto unsound = [](auto&& spoil) {
    presence p = good();
    spoil(p);
    return bytes_of(p).empty();
  };
  TEST_ASSERT_FALSE(unsound([](presence&) {}));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.state = presence_state::live; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.cause = presence_cause::none; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.state = static_cast<presence_state>(5); }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.cause = static_cast<presence_cause>(8); }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.proved_by = 5; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.point = 0; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.access = 0; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.run = 0; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.number = 0; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.since_ns = -1; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.until_ns = -1; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.name = {}; }));
  TEST_ASSERT_TRUE(unsound([](presence& p) { p.place = {}; }));
}

TEST(presence_strings_too_long_are_refused_by_both_sides) {
  const std::string longest(129, 'x');
  struct field {
    std::string_view presence::* text;
    size_t most, size_at;
  };
  const field fields[] = {{&presence::name, 128, 10},    {&presence::place, 63, 11},
                          {&presence::database, 63, 12}, {&presence::role, 63, 13},
                          {&presence::remote, 63, 14},   {&presence::text, 80, 15}};
  for (const field& f : fields) {
    presence p = good();
    p.*f.text = std::string_view(longest).substr(0, f.most + 1);
    TEST_ASSERT_TRUE(bytes_of(p).empty());
    p.*f.text = std::string_view(longest).substr(0, f.most);
    test::bytes b = bytes_of(p);
    TEST_ASSERT_FALSE(refused(b));
    ++b[f.size_at];  // the lengths add up still
    b.push_back('x');
    TEST_ASSERT_TRUE(refused(b));
  }
}

TEST(the_longest_presence_fits_its_buffer) {
  const std::string name(128, 'n'), part(63, 'p'), text(80, 't');
  presence p = good();
  p.name = name;
  p.place = p.database = p.role = p.remote = part;
  p.text = text;
  TEST_ASSERT_EQUAL_INT(first_string + 128 + 4 * 63 + 80, bytes_of(p).size());
}

TEST(presence_without_name_or_place_is_refused) {
  test::bytes b = bytes_of(good());
  b[10] = 0;
  b.erase(b.begin() + first_string, b.begin() + first_string + 5);
  TEST_ASSERT_TRUE(refused(b));
  b = bytes_of(good());
  b[11] = 0;
  b.erase(b.begin() + first_string + 5, b.begin() + first_string + 9);
  TEST_ASSERT_TRUE(refused(b));
}
