// SPDX-License-Identifier: Apache-2.0
// Records, pages and headers as bytes: what goes in comes out, and nothing without a meaning is taken.
#include <algorithm>
#include <random>

#include "fixture.h"

using namespace grantd;
using namespace grantd::test;
using decision::record;
using table::fault;

namespace {

using bytes_of_record = std::array<uint8_t, table::record_size>;

bool takes(const record& r) {
  bytes_of_record bytes;
  return table::encode_record(r, bytes);
}

record postgres_window() {
  record r = window("alice");
  r.who.proved_by = decision::identity_class::pg;
  r.where = {decision::point_kind::postgres, "main", "orders"};
  r.role = "orders_ro";
  return r;
}

record lock(std::string_view text) {
  record r = window("alice");
  r.kind = decision::record_kind::lock;
  r.text = text;
  return r;
}

// Every byte but `at` as in a good record.
bool decodes_with(const record& good, size_t at, uint8_t value) {
  bytes_of_record bytes;
  TEST_ASSERT_TRUE(table::encode_record(good, bytes));
  bytes[at] = value;
  record out;
  return table::decode_record(bytes, out) == fault::none;
}

}  // namespace

TEST(record_comes_out_as_it_went_in) {
  record r = postgres_window();
  r.start.ns = -1;
  r.end.ns = INT64_MAX;
  r.end_utc_s = INT64_MIN;
  r.utc_offset_s = -12600;
  r.grant = UINT64_MAX;
  bytes_of_record bytes;
  TEST_ASSERT_TRUE(table::encode_record(r, bytes));
  record out;
  TEST_ASSERT_TRUE(table::decode_record(bytes, out) == fault::none);
  TEST_ASSERT_TRUE(out.kind == r.kind && out.who == r.who && out.access == r.access);
  TEST_ASSERT_EQUAL_STRING("main", out.where.place);
  TEST_ASSERT_EQUAL_STRING("orders", out.where.database);
  TEST_ASSERT_EQUAL_STRING("orders_ro", out.role);
  TEST_ASSERT_EQUAL_INT64(-1, out.start.ns);
  TEST_ASSERT_EQUAL_INT64(INT64_MAX, out.end.ns);
  TEST_ASSERT_EQUAL_INT64(INT64_MIN, out.end_utc_s);
  TEST_ASSERT_EQUAL_INT(-12600, out.utc_offset_s);
  TEST_ASSERT_EQUAL_UINT64(UINT64_MAX, out.grant);
}

TEST(name_of_128_bytes_fits_and_129_do_not) {
  const std::string name(129, 'n');
  record r = window(std::string_view(name).substr(0, 128));
  TEST_ASSERT_TRUE(takes(r));
  r.who.name = name;
  TEST_ASSERT_FALSE(takes(r));
}

TEST(strings_longer_together_than_the_record_are_refused_and_leave_zeros) {
  const std::string part(63, 'x');
  record r = postgres_window();
  r.who.name = "1234567890";  // 10 + 63 + 63 = 136
  r.where.place = r.where.database = part;
  r.role = "";
  TEST_ASSERT_TRUE(takes(r));
  r.role = "y";
  bytes_of_record bytes;
  bytes.fill(0xff);
  TEST_ASSERT_FALSE(table::encode_record(r, bytes));
  TEST_ASSERT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; }));
}

TEST(parts_longer_than_63_bytes_are_refused) {
  const std::string part(64, 'x');
  for (auto record::* field : {&record::role}) {
    record r = postgres_window();
    r.*field = part;
    TEST_ASSERT_FALSE(takes(r));
  }
  record r = postgres_window();
  r.where.place = part;
  TEST_ASSERT_FALSE(takes(r));
  r = postgres_window();
  r.where.database = part;
  TEST_ASSERT_FALSE(takes(r));
}

TEST(empty_name_or_place_is_not_any) {
  record r = window("");
  TEST_ASSERT_FALSE(takes(r));
  r = window("alice");
  r.where.place = "";
  TEST_ASSERT_FALSE(takes(r));
  r.where.any_place = true;
  TEST_ASSERT_TRUE(takes(r));
  r = postgres_window();
  r.where.database = "";
  TEST_ASSERT_FALSE(takes(r));
  r.where.any_database = true;
  TEST_ASSERT_TRUE(takes(r));
  r.where.any_database = false;
  r.where.replication = true;  // physical replication names no database
  TEST_ASSERT_TRUE(takes(r));
}

TEST(pam_has_neither_database_nor_replication) {
  record r = window("alice");
  r.where.database = "orders";
  TEST_ASSERT_FALSE(takes(r));
  r = window("alice");
  r.where.replication = true;
  TEST_ASSERT_FALSE(takes(r));
}

TEST(any_place_carries_no_string) {
  record r = window("alice");
  r.where.any_place = true;  // and place "sshd" besides
  bytes_of_record bytes;
  TEST_ASSERT_TRUE(table::encode_record(r, bytes));
  TEST_ASSERT_EQUAL_INT(0, bytes[table::record_at::place_size]);
}

TEST(lock_text_of_80_bytes_fits_and_81_do_not) {
  const std::string text(81, 't');
  TEST_ASSERT_TRUE(takes(lock(std::string_view(text).substr(0, 80))));
  TEST_ASSERT_FALSE(takes(lock(text)));
}

TEST(lock_text_with_control_bytes_is_refused) {
  TEST_ASSERT_FALSE(takes(lock("\x1b[2J")));
  TEST_ASSERT_FALSE(takes(lock("two\nlines")));
  TEST_ASSERT_FALSE(takes(lock("\x7f")));
  TEST_ASSERT_TRUE(takes(lock("Jos\xc3\xa9")));
}

TEST(enumerators_out_of_range_are_refused_in_both_directions) {
  record r = window("alice");
  r.kind = static_cast<decision::record_kind>(table::kind_point);
  TEST_ASSERT_FALSE(takes(r));
  for (uint8_t bad : {uint8_t{0}, uint8_t{5}, uint8_t{255}}) {
    r = window("alice");
    r.who.proved_by = static_cast<decision::identity_class>(bad);
    TEST_ASSERT_FALSE(takes(r));
    TEST_ASSERT_FALSE(decodes_with(window("alice"), table::record_at::proved_by, bad));
    r = window("alice");
    r.access = static_cast<decision::access>(bad);
    TEST_ASSERT_FALSE(takes(r));
    TEST_ASSERT_FALSE(decodes_with(window("alice"), table::record_at::access, bad));
    TEST_ASSERT_FALSE(decodes_with(window("alice"), table::record_at::kind, bad));
    TEST_ASSERT_FALSE(decodes_with(window("alice"), table::record_at::point, bad));
    r = window("alice");
    r.kind = decision::record_kind::ended;
    r.how = static_cast<decision::ending>(bad);
    TEST_ASSERT_FALSE(takes(r));
    r.how = decision::ending::revoked;
    TEST_ASSERT_FALSE(decodes_with(r, table::record_at::how, bad));
  }
  TEST_ASSERT_FALSE(decodes_with(window("alice"), table::record_at::how, 1));
  TEST_ASSERT_FALSE(decodes_with(window("alice"), table::record_at::flags, 8));
  TEST_ASSERT_FALSE(decodes_with(lock(""), table::record_at::access, 1));
}

TEST(reserved_and_unused_bytes_must_be_zero) {
  const record r = window("alice");  // 9 bytes of strings
  for (size_t at = 0; at < table::record_size; ++at) {
    const bool reserved = at == table::record_at::reserved ||
                          (at >= table::record_at::reserved2 && at < table::record_at::strings) ||
                          at >= table::record_at::strings + 9;
    if (reserved) TEST_ASSERT_FALSE(decodes_with(r, at, 1));
  }
}

TEST(lengths_beyond_the_record_are_refused) {
  for (size_t at = table::record_at::name_size; at <= table::record_at::text_size; ++at) {
    TEST_ASSERT_FALSE(decodes_with(postgres_window(), at, 255));
  }
}

TEST(utc_offset_of_more_than_a_day_is_refused) {
  record r = window("alice");
  r.utc_offset_s = 86401;
  TEST_ASSERT_FALSE(takes(r));
  r.utc_offset_s = INT32_MIN;
  TEST_ASSERT_FALSE(takes(r));
}

TEST(point_is_no_record_and_record_no_point) {
  bytes_of_record bytes;
  TEST_ASSERT_TRUE(table::encode_point({{decision::point_kind::pam, "sshd", {}}, "shell"}, bytes));
  record r;
  TEST_ASSERT_TRUE(table::decode_record(bytes, r) == fault::bad_record);
  TEST_ASSERT_TRUE(table::encode_record(window("alice"), bytes));
  table::point_name p;
  TEST_ASSERT_TRUE(table::decode_point(bytes, p) == fault::bad_record);
}

TEST(point_needs_a_resource_of_1_to_63_bytes) {
  bytes_of_record bytes;
  const std::string name(64, 'r');
  decision::point_pattern where{decision::point_kind::pam, "sshd", {}};
  TEST_ASSERT_FALSE(table::encode_point({where, ""}, bytes));
  TEST_ASSERT_FALSE(table::encode_point({where, name}, bytes));
  TEST_ASSERT_TRUE(table::encode_point({where, std::string_view(name).substr(1)}, bytes));
  TEST_ASSERT_FALSE(table::encode_point({{decision::point_kind::pam, "", {}}, "shell"}, bytes));
}

// Whatever decodes encodes to the same bytes again: no two encodings of one meaning.
TEST(random_records_decode_to_what_encodes_the_same) {
  std::mt19937_64 random(seed());
  unsigned decoded = 0;
  for (int i = 0; i < 200000; ++i) {
    bytes_of_record bytes;
    record r = random() % 2 ? postgres_window() : lock("text");
    TEST_ASSERT_TRUE(table::encode_record(r, bytes));
    for (auto n = random() % 3; n > 0; --n) bytes[random() % 80] = static_cast<uint8_t>(random() % 6);
    record out;
    if (table::decode_record(bytes, out) != fault::none) continue;
    ++decoded;
    bytes_of_record again;
    TEST_ASSERT_TRUE(table::encode_record(out, again));
    TEST_ASSERT_TRUE(bytes == again);
  }
  TEST_ASSERT_TRUE(decoded > 1000);
}

TEST(unused_slots_and_reserved_bytes_of_a_page_must_be_zero) {
  table::header h{};
  h.page_count = h.bucket_count = 1;
  h.key = {3, 4};
  for (size_t at : {table::page_at::reserved, table::page_at::records - 1, table::page_at::records,
                    table::page_size - 1}) {
    std::array<uint8_t, table::page_size> page{};
    table::encode_page(h, 0, {table::no_page, 0}, page);
    table::page_head head{};
    TEST_ASSERT_TRUE(table::decode_page(page, h, 0, head) == fault::none);
    page[at] = 1;
    base::siphash13 sum(h.key);
    sum.add(page.data() + 8, table::page_size - 8);
    const uint64_t good = sum.finish();
    for (unsigned i = 0; i < 8; ++i) page[i] = static_cast<uint8_t>(good >> (8 * i));
    TEST_ASSERT_TRUE(table::decode_page(page, h, 0, head) == fault::bad_page);
  }
}

TEST(faults_leave_the_result_alone) {
  std::array<uint8_t, table::header_size> bytes{};
  table::header h{};
  h.sequence = 42;
  TEST_ASSERT_TRUE(table::decode_header(bytes, h) == fault::bad_magic);
  TEST_ASSERT_EQUAL_UINT64(42, h.sequence);
  record r = window("alice");
  TEST_ASSERT_TRUE(table::decode_record(bytes_of_record{}, r) == fault::bad_record);
  TEST_ASSERT_EQUAL_STRING("alice", r.who.name);
}

TEST(every_fault_has_words) {
  for (int i = 0; i <= static_cast<int>(fault::too_many); ++i) {
    TEST_ASSERT_TRUE(std::string_view(describe(static_cast<fault>(i))) != "unknown fault");
  }
}
