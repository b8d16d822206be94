// SPDX-License-Identifier: Apache-2.0
// Every bad page denies: checksums, chains, records, accounts with too many, and every single flipped bit.
#include <algorithm>

#include "base/little_endian.h"
#include "fixture.h"

using namespace grantd;
using namespace grantd::test;
using table::fault;

namespace {

// One account of 60 records: a chain of three pages.
struct chained : fixture {
  chained() {
    for (int i = 0; i < 60; ++i) {
      auto r = window("alice", static_cast<uint64_t>(i));
      if (i >= 30) r.kind = decision::record_kind::ended;
      source.records.push_back(r);
    }
    publish();
    expect(fault::none, look_up(os("alice")));
  }
  // The pages of alice's chain, in order.
  [[nodiscard]] std::vector<uint32_t> chain() const {
    table::snapshot s;
    expect(fault::none, s.open(path.c_str()));
    std::vector<uint8_t> file = read_file(path);
    std::vector<uint32_t> pages;
    for (uint32_t i = table::bucket_of(s.head(), os("alice")); i != table::no_page;) {
      pages.push_back(i);
      table::page_head head{};
      expect(fault::none, table::decode_page(page_of(file, i), s.head(), i, head));
      i = head.next;
    }
    return pages;
  }
  // Lets page `from` be followed by page `to`, with a good checksum.
  void link(uint32_t from, uint32_t to) {
    table::snapshot s;
    expect(fault::none, s.open(path.c_str()));
    std::vector<uint8_t> file = read_file(path);
    const auto count = base::load_little<uint16_t>(page_of(file, from).data() + table::page_at::count);
    table::encode_page(s.head(), from, {to, count}, page_of(file, from));
    write_file(path, file);
  }
};

}  // namespace

TEST(wrong_checksum_in_a_page_is_refused) {
  good t;
  std::vector<uint8_t> file = read_file(t.path);
  page_of(file, 0)[table::page_at::checksum] ^= 1;
  write_file(t.path, file);
  t.refused_as(fault::bad_page);
}

TEST(page_of_another_table_is_refused) {
  good t;
  const std::vector<uint8_t> old = read_file(t.path);
  t.source.records.clear();
  t.publish(publication(2));
  std::vector<uint8_t> file = read_file(t.path);
  std::copy(old.begin() + table::page_size, old.end(),
            page_of(file, 0).begin());  // checksum of the same seed
  write_file(t.path, file);
  t.refused_as(fault::bad_page);
}

TEST(page_in_anothers_place_is_refused) {
  chained t;
  const auto chain = t.chain();
  std::vector<uint8_t> file = read_file(t.path);
  std::vector<uint8_t> other(page_of(file, chain[1]).begin(), page_of(file, chain[1]).end());
  std::copy(other.begin(), other.end(), page_of(file, chain[0]).begin());
  write_file(t.path, file);
  t.expect(fault::bad_page, t.look_up(os("alice")));
}

TEST(page_with_too_many_records_is_refused) {
  good t;
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  std::vector<uint8_t> file = read_file(t.path);
  auto page = page_of(file, 0);
  table::encode_page(s.head(), 0, {table::no_page, 21}, page);
  page[table::page_at::count] = 22;
  base::siphash13 sum(s.head().key);
  sum.add(page.data() + 8, table::page_size - 8);
  base::store_little(page.data(), sum.finish());
  write_file(t.path, file);
  t.refused_as(fault::bad_page);
}

TEST(page_chain_that_loops_is_refused) {
  chained t;
  const auto chain = t.chain();
  TEST_ASSERT_EQUAL_INT(3, chain.size());
  t.link(chain[2], chain[1]);
  t.expect(fault::bad_chain, t.look_up(os("alice")));
}

TEST(page_that_follows_itself_is_refused) {
  chained t;
  const auto chain = t.chain();
  t.link(chain[1], chain[1]);
  t.expect(fault::bad_chain, t.look_up(os("alice")));
}

TEST(page_chain_out_of_the_table_is_refused) {
  chained t;
  t.link(t.chain()[2], 1000000);
  t.expect(fault::bad_chain, t.look_up(os("alice")));
}

TEST(page_chain_into_a_bucket_is_refused) {
  fixture t;
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("user" + std::to_string(i));
  for (const auto& name : names) t.source.records.push_back(window(name));
  t.publish();
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  TEST_ASSERT_TRUE(s.head().bucket_count > 2);
  std::vector<uint8_t> file = read_file(t.path);
  const auto count = base::load_little<uint16_t>(page_of(file, 0).data() + table::page_at::count);
  table::encode_page(s.head(), 0, {1, count}, page_of(file, 0));
  table::page_head head{};
  t.expect(fault::bad_chain, table::decode_page(page_of(file, 0), s.head(), 0, head));
}

TEST(chain_of_too_many_pages_is_refused) {
  // Forward links only, and yet more than a lookup may have to follow.
  table::header h{};
  h.boot = publication().boot;
  h.bucket_count = 1;
  h.page_count = 66;
  std::vector<uint8_t> file((h.page_count + 1) * table::page_size);
  table::encode_header(h, header_of(file));
  for (uint32_t i = 0; i < h.page_count; ++i) {
    table::encode_page(h, i, {i + 1 < h.page_count ? i + 1 : table::no_page, 0}, page_of(file, i));
  }
  fixture t;
  write_file(t.path, file);
  t.expect(fault::bad_chain, t.look_up(os("alice")));
}

TEST(damaged_record_with_a_good_checksum_is_refused) {
  good t;
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  std::vector<uint8_t> file = read_file(t.path);
  record_of(file, 0, 0)[table::record_at::kind] = 9;
  table::encode_page(s.head(), 0, {table::no_page, 1}, page_of(file, 0));
  write_file(t.path, file);
  t.refused_as(fault::bad_record);
}

TEST(table_with_33_windows_for_one_account_is_refused_by_the_lookup) {
  // The publisher refuses to write one, so it is made by hand: a full page, and 12 records in its overflow
  // page.
  table::header h{};
  h.boot = publication().boot;
  h.bucket_count = 1;
  h.page_count = 2;
  for (unsigned in_second : {11U, 12U}) {
    h.record_count = h.window_count = 21 + in_second;
    std::vector<uint8_t> file(3 * table::page_size);
    table::encode_header(h, header_of(file));
    for (unsigned i = 0; i < 21 + in_second; ++i) {
      TEST_ASSERT_TRUE(table::encode_record(window("alice", i), record_of(file, i / 21, i % 21)));
    }
    table::encode_page(h, 0, {1, 21}, page_of(file, 0));
    table::encode_page(h, 1, {table::no_page, static_cast<uint16_t>(in_second)}, page_of(file, 1));
    fixture t;
    write_file(t.path, file);
    t.expect(in_second == 11 ? fault::none : fault::too_many, t.look_up(os("alice")));
  }
}

TEST(table_with_65_records_for_one_account_is_refused_by_the_lookup) {
  table::header h{};
  h.boot = publication().boot;
  h.bucket_count = 1;
  h.page_count = 4;
  h.record_count = 65;
  std::vector<uint8_t> file(5 * table::page_size);
  table::encode_header(h, header_of(file));
  auto r = window("alice");
  r.kind = decision::record_kind::ended;
  for (unsigned i = 0; i < 65; ++i)
    TEST_ASSERT_TRUE(table::encode_record(r, record_of(file, i / 21, i % 21)));
  for (uint32_t i = 0; i < 4; ++i) {
    table::encode_page(h, i, {i < 3 ? i + 1 : table::no_page, static_cast<uint16_t>(i < 3 ? 21 : 2)},
                       page_of(file, i));
  }
  fixture t;
  write_file(t.path, file);
  t.expect(fault::too_many, t.look_up(os("alice")));
}

TEST(two_accounts_in_one_bucket_are_kept_apart) {
  fixture t;
  auto pg = window("alice", 2);
  pg.who.proved_by = decision::identity_class::pg;
  t.source.records = {window("alice", 1), pg, window("alic", 3), window("alicea", 4)};
  t.publish();
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  TEST_ASSERT_EQUAL_INT(1, s.head().bucket_count);
  TEST_ASSERT_TRUE(t.grants(os("alice")) == std::vector<uint64_t>{1});
  TEST_ASSERT_TRUE(t.grants(pg.who) == std::vector<uint64_t>{2});
  TEST_ASSERT_TRUE(t.grants(os("alic")) == std::vector<uint64_t>{3});
  TEST_ASSERT_TRUE(t.grants(os("bob")).empty());
  auto found = std::make_unique<table::found>();
  for (std::string_view name : {"alic", "alice", "alicea"}) {
    t.expect(fault::none, s.find(os(name), *found));
    TEST_ASSERT_EQUAL_INT(1, found->count);  // not even a name that begins like it
  }
}

namespace {

// Everything a small table answers, as text.
std::string answers(const std::string& path, table::found& found) {
  table::snapshot s;
  if (s.open(path.c_str()) != fault::none || s.not_from_future({1000}) != fault::none) return "refused";
  std::ostringstream out;
  out << s.locked() << s.head().sequence;
  for (std::string_view name : {"alice", "bob", "carol"}) {
    if (s.find(os(name), found) != fault::none) return "refused";
    for (const auto& r : found.all()) {
      out << int(r.kind) << int(r.who.proved_by) << r.who.name << int(r.where.kind) << r.where.place << '/'
          << r.where.any_place << r.where.replication << r.role << int(r.access) << r.start.ns << ':'
          << r.end.ns << int(r.how) << r.grant << ':' << r.end_utc_s << ':' << r.utc_offset_s << r.text;
    }
  }
  table::snapshot::resource_name name{};
  if (s.find_resource({decision::point_kind::pam, "sshd", {}}, name) != fault::none) return "refused";
  out << std::string_view(name.text, name.size);
  return out.str();
}

}  // namespace

TEST(every_single_flipped_bit_is_refused_or_changes_nothing) {
  fixture t;
  auto lock = window("bob", 9);
  lock.kind = decision::record_kind::lock;
  lock.text = "stolen laptop";
  t.source.records = {window("alice", 7), window("bob", 8), lock};
  const table::point_name points[] = {{{decision::point_kind::pam, "sshd", {}}, "shell"}};
  auto what = publication();
  what.points = points;
  t.publish(what);
  auto found = std::make_unique<table::found>();
  const std::string truth = answers(t.path, *found);
  TEST_ASSERT_TRUE_MESSAGE(truth.find("shell") != std::string::npos, truth);

  const std::vector<uint8_t> file = read_file(t.path);
  base::unique_fd fd(open(t.path.c_str(), O_WRONLY | O_CLOEXEC));
  unsigned refused = 0, unchanged = 0;
  for (size_t at = 0; at < file.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const auto flipped = static_cast<uint8_t>(file[at] ^ 1U << bit);
      TEST_ASSERT_EQUAL_INT(1, pwrite(fd.get(), &flipped, 1, static_cast<off_t>(at)));
      const std::string now = answers(t.path, *found);
      TEST_ASSERT_TRUE_MESSAGE(now == "refused" || now == truth, "byte " + std::to_string(at) + ": " + now);
      ++(now == "refused" ? refused : unchanged);
    }
    TEST_ASSERT_EQUAL_INT(1, pwrite(fd.get(), &file[at], 1, static_cast<off_t>(at)));
  }
  // All that counts is under a checksum; the rest of the header page is not read.
  TEST_ASSERT_EQUAL_INT(8 * (table::header_size + table::page_size), refused);
  TEST_ASSERT_EQUAL_INT(8 * (table::page_size - table::header_size), unchanged);
}
