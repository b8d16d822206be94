// SPDX-License-Identifier: Apache-2.0
// Frames of session.sock: what goes in comes out; every frame that is not exactly one is refused.
#include "wire/registration.h"

#include <algorithm>

#include "support/unity.h"
#include "unit/wire/frames.h"

using namespace grantd;
using test::with;
using wire::registration;
using wire::registration_answer;
using wire::registration_kind;
using wire::registration_result;

namespace {

registration question() { return {registration_kind::open, "sshd", "alice", "192.0.2.7", "ssh"}; }

registration_answer denial() {
  return {.result = registration_result::denied,
          .reason = 1,
          .fault = 2,
          .table_locked = true,
          .given = 2,
          .how = 3,
          .grant = 42,
          .until_ns = -7,
          .now_ns = 8,
          .end_utc_s = 9,
          .utc_offset_s = -3600,
          .resource = "orders-db",
          .text = "incident 7"};
}

test::bytes bytes_of(const registration& r) { return test::encoded<wire::max_registration>(r); }
test::bytes bytes_of(const registration_answer& a) { return test::encoded<wire::max_registration_answer>(a); }
bool refused(const test::bytes& b) { return !wire::decode_registration(b).has_value(); }
bool answer_refused(const test::bytes& b) { return !wire::decode_registration_answer(b).has_value(); }

bool same(const registration& a, const registration& b) {
  return a.kind == b.kind && a.service == b.service && a.user == b.user && a.remote == b.remote &&
         a.tty == b.tty;
}
bool same(const registration_answer& a, const registration_answer& b) {
  return a.result == b.result && a.reason == b.reason && a.fault == b.fault &&
         a.table_locked == b.table_locked && a.given == b.given && a.how == b.how && a.grant == b.grant &&
         a.until_ns == b.until_ns && a.now_ns == b.now_ns && a.end_utc_s == b.end_utc_s &&
         a.utc_offset_s == b.utc_offset_s && a.resource == b.resource && a.text == b.text;
}

}  // namespace

TEST(frames_come_out_as_they_went_in) {
  const auto asked = bytes_of(question());
  const auto r = wire::decode_registration(asked);
  TEST_ASSERT_TRUE(r.has_value() && same(*r, question()));
  const auto answered = bytes_of(denial());
  const auto a = wire::decode_registration_answer(answered);
  TEST_ASSERT_TRUE(a.has_value() && same(*a, denial()));
}

TEST(registration_vectors_encode_and_decode_as_they_say) {
  const auto lines = test::vectors(VECTORS, "registration.txt");
  TEST_ASSERT_EQUAL_INT(9, lines.size());
  TEST_ASSERT_EQUAL_INT(3, std::ranges::count(lines, "registration", &test::vector_line::kind));
  for (const auto& l : lines) {
    const test::bytes frame = l.frame();
    if (l.kind() == "registration") {
      const std::string texts[] = {l.text(2), l.text(3), l.text(4), l.text(5)};
      const registration r{static_cast<registration_kind>(l.small(1)), texts[0], texts[1], texts[2],
                           texts[3]};
      TEST_ASSERT_TRUE(bytes_of(r) == frame);
      const auto read = wire::decode_registration(frame);
      TEST_ASSERT_TRUE(read.has_value() && same(*read, r));
      continue;
    }
    TEST_ASSERT_EQUAL_STRING("answer", l.kind());
    TEST_ASSERT_EQUAL_INT(15, l.size());
    const std::string resource = l.text(12), text = l.text(13);
    const registration_answer a{.result = static_cast<registration_result>(l.small(1)),
                                .reason = l.small(2),
                                .fault = l.small(3),
                                .table_locked = l.small(4) == 1,
                                .given = l.small(5),
                                .how = l.small(6),
                                .grant = l.big(8),
                                .until_ns = l.integer(9),
                                .now_ns = l.integer(10),
                                .end_utc_s = l.integer(11),
                                .utc_offset_s = static_cast<int32_t>(l.integer(7)),
                                .resource = resource,
                                .text = text};
    TEST_ASSERT_TRUE(bytes_of(a) == frame);
    const auto read = wire::decode_registration_answer(frame);
    TEST_ASSERT_TRUE(read.has_value() && same(*read, a));
  }
}

TEST(frames_cut_off_anywhere_are_refused) {
  const auto asked = bytes_of(question());
  test::edge edge;
  for (size_t n = 0; n < asked.size(); ++n)
    TEST_ASSERT_FALSE(wire::decode_registration(edge.lay(std::span(asked).first(n))).has_value());
  const auto answered = bytes_of(denial());
  for (size_t n = 0; n < answered.size(); ++n)
    TEST_ASSERT_FALSE(wire::decode_registration_answer(edge.lay(std::span(answered).first(n))).has_value());
}

TEST(frames_with_a_trailing_byte_are_refused) {
  auto asked = bytes_of(question());
  asked.push_back(0);
  TEST_ASSERT_TRUE(refused(asked) && refused(test::bytes(100000, 'g')));
  auto answered = bytes_of(denial());
  answered.push_back(0);
  TEST_ASSERT_TRUE(answer_refused(answered) && answer_refused(test::bytes(100000, 'g')));
}

TEST(a_question_is_no_answer_and_an_answer_no_question) {
  TEST_ASSERT_TRUE(refused(bytes_of(denial())));
  TEST_ASSERT_TRUE(answer_refused(bytes_of(question())));
}

TEST(fields_of_a_registration_out_of_range_are_refused) {
  const auto bad = [](size_t at, int value) {
    return refused(with(bytes_of(question()), at, static_cast<uint8_t>(value)));
  };
  for (size_t at : {0, 1, 2, 3}) TEST_ASSERT_TRUE(bad(at, 'x'));
  for (int v : {0, 3}) TEST_ASSERT_TRUE(bad(4, v));
  for (size_t at : {5, 6, 7, 8}) TEST_ASSERT_TRUE(bad(at, 255));
  for (size_t at : {9, 10, 11}) TEST_ASSERT_TRUE(bad(at, 1));
}

TEST(fields_of_an_answer_out_of_range_are_refused) {
  const auto bad = [](size_t at, int value) {
    return answer_refused(with(bytes_of(denial()), at, static_cast<uint8_t>(value)));
  };
  for (size_t at : {0, 1, 2, 3}) TEST_ASSERT_TRUE(bad(at, 'x'));
  for (int v : {0, 6}) TEST_ASSERT_TRUE(bad(4, v));
  for (int v : {1, 2, 4, 5}) TEST_ASSERT_TRUE(bad(4, v));  // only a denial has a reason
  TEST_ASSERT_TRUE(bad(5, 7));
  TEST_ASSERT_TRUE(bad(6, 15));
  TEST_ASSERT_TRUE(bad(7, 2));
  for (int v : {0, 3}) TEST_ASSERT_TRUE(bad(8, v));
  for (int v : {0, 4}) TEST_ASSERT_TRUE(bad(9, v));
  for (size_t at : {10, 11}) TEST_ASSERT_TRUE(bad(at, 255));
  TEST_ASSERT_FALSE(bad(12, 255));  // any offset: display only
}

TEST(an_answer_with_control_bytes_is_refused_by_both_sides) {
  for (char c : {'\0', '\n', '\x1b', '\x7f'}) {
    const std::string text = std::string("a") + c;
    for (auto field : {&registration_answer::resource, &registration_answer::text}) {
      registration_answer a = denial();
      a.*field = "aa";
      test::bytes b = bytes_of(a);
      TEST_ASSERT_FALSE(answer_refused(b));
      *std::find(b.begin() + 48, b.end(), 'a') = static_cast<uint8_t>(c);
      a.*field = text;
      TEST_ASSERT_TRUE(bytes_of(a).empty());
      if (field == &registration_answer::resource) TEST_ASSERT_TRUE(answer_refused(b));
      b = bytes_of(denial());
      b.back() = static_cast<uint8_t>(c);
      TEST_ASSERT_TRUE(answer_refused(b));
    }
  }
}

TEST(strings_of_a_frame_too_long_are_refused_by_both_sides) {
  const std::string longest(81, 'x');
  struct field {
    std::string_view registration::* text;
    size_t size_at;
  };
  for (const field& f : {field{&registration::service, 5}, field{&registration::user, 6},
                         field{&registration::remote, 7}, field{&registration::tty, 8}}) {
    registration r = question();
    r.*f.text = std::string_view(longest).substr(0, 64);
    TEST_ASSERT_TRUE(bytes_of(r).empty());
    r.*f.text = std::string_view(longest).substr(0, 63);
    test::bytes b = bytes_of(r);
    TEST_ASSERT_FALSE(refused(b));
    ++b[f.size_at];  // the lengths add up still
    b.push_back('x');
    TEST_ASSERT_TRUE(refused(b));
  }
  struct answer_field {
    std::string_view registration_answer::* text;
    size_t most, size_at;
  };
  for (const answer_field& f : {answer_field{&registration_answer::resource, 63, 10},
                                answer_field{&registration_answer::text, 80, 11}}) {
    registration_answer a = denial();
    a.*f.text = std::string_view(longest).substr(0, f.most + 1);
    TEST_ASSERT_TRUE(bytes_of(a).empty());
    a.*f.text = std::string_view(longest).substr(0, f.most);
    test::bytes b = bytes_of(a);
    TEST_ASSERT_FALSE(answer_refused(b));
    ++b[f.size_at];
    b.push_back('x');
    TEST_ASSERT_TRUE(answer_refused(b));
  }
}

TEST(a_registration_without_service_or_user_is_refused_by_both_sides) {
  registration r = question();
  r.service = {};
  TEST_ASSERT_TRUE(bytes_of(r).empty());
  r = question();
  r.user = {};
  TEST_ASSERT_TRUE(bytes_of(r).empty());
  test::bytes b = bytes_of(question());
  b[5] = 0;
  b.erase(b.begin() + 12, b.begin() + 16);
  TEST_ASSERT_TRUE(refused(b));
  b = bytes_of(question());
  b[6] = 0;
  b.erase(b.begin() + 16, b.begin() + 21);
  TEST_ASSERT_TRUE(refused(b));
}

TEST(values_out_of_range_are_not_sent) {
  registration r = question();
  r.kind = static_cast<registration_kind>(3);
  TEST_ASSERT_TRUE(bytes_of(r).empty());
  const auto unsound = [](auto&& spoil) {
    registration_answer a = denial();
    spoil(a);
    return bytes_of(a).empty();
  };
  TEST_ASSERT_FALSE(unsound([](registration_answer&) {}));
  TEST_ASSERT_TRUE(unsound([](registration_answer& a) { a.result = static_cast<registration_result>(6); }));
  TEST_ASSERT_TRUE(unsound([](registration_answer& a) { a.result = registration_result::covered; }));
  TEST_ASSERT_TRUE(unsound([](registration_answer& a) { a.reason = 7; }));
  TEST_ASSERT_TRUE(unsound([](registration_answer& a) { a.fault = 15; }));
  TEST_ASSERT_TRUE(unsound([](registration_answer& a) { a.given = 0; }));
  TEST_ASSERT_TRUE(unsound([](registration_answer& a) { a.how = 4; }));
}
