// SPDX-License-Identifier: Apache-2.0
// tests/vectors/table_*.txt, made from PROTOCOL.md by another implementation: our bytes are theirs, both
// ways.
#include <deque>
#include <fstream>
#include <map>

#include "fixture.h"

using namespace grantd;
using namespace grantd::test;
using table::fault;

namespace {

using columns = std::vector<std::string>;

columns split(const std::string& line) {
  columns out(1);
  for (char c : line) {
    if (c == '\t')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

template <typename T>
T number(const std::string& text) {
  return text[0] == '-' ? static_cast<T>(std::stoll(text)) : static_cast<T>(std::stoull(text));
}

std::vector<uint8_t> from_hex(const std::string& text) {
  std::vector<uint8_t> out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return out;
}

struct vector_file {
  std::deque<columns> lines;  // keeps the strings that records and points view
  table::header head{};
  memory_source source;
  std::vector<table::point_name> points;
  std::vector<uint8_t> bytes;

  explicit vector_file(const std::string& name) {
    std::ifstream in(std::string(VECTORS) + "/" + name);
    TEST_ASSERT_TRUE_MESSAGE(in.good(), name);
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line[0] == '#') continue;
      const columns& c = lines.emplace_back(split(line));
      if (c[0] == "header") header(c);
      if (c[0] == "record") record(c);
      if (c[0] == "bytes") bytes.resize(std::stoul(c[1]));
      if (c[0] == "at") {
        const auto part = from_hex(c[2]);
        std::copy(part.begin(), part.end(), bytes.begin() + std::stol(c[1]));
      }
    }
    TEST_ASSERT_TRUE(bytes.size() >= 2 * table::page_size);
  }

  void header(const columns& c) {
    head.flags = number<uint32_t>(c[1]);
    head.sequence = number<uint64_t>(c[2]);
    const auto boot = from_hex(c[3]);
    std::copy(boot.begin(), boot.end(), head.boot.begin());
    head.written.ns = number<int64_t>(c[4]);
    head.page_count = number<uint32_t>(c[5]);
    head.bucket_count = number<uint32_t>(c[6]);
    head.record_count = number<uint32_t>(c[7]);
    head.window_count = number<uint32_t>(c[8]);
    head.key = {number<uint64_t>(c[9]), number<uint64_t>(c[10])};
  }

  void record(const columns& c) {
    const auto flags = number<unsigned>(c[4]);
    const decision::point_pattern where{
        number<decision::point_kind>(c[3]), c[8], c[9], (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
    if (number<uint8_t>(c[1]) == table::kind_point) {
      points.push_back({where, c[11]});
      return;
    }
    source.records.push_back({number<decision::record_kind>(c[1]),
                              {number<decision::identity_class>(c[2]), c[7]},
                              where,
                              c[10],
                              number<decision::access>(c[5]),
                              {number<int64_t>(c[14])},
                              {number<int64_t>(c[15])},
                              number<decision::ending>(c[6]),
                              number<uint64_t>(c[13]),
                              number<int64_t>(c[16]),
                              number<int32_t>(c[12]),
                              c[11]});
  }
};

const char* const names[] = {"table_empty.txt", "table_kinds.txt", "table_locked.txt", "table_chain.txt"};

std::string in_words(const decision::record& r) {
  std::array<uint8_t, table::record_size> bytes;
  TEST_ASSERT_TRUE(table::encode_record(r, bytes));
  std::ostringstream out;
  for (uint8_t b : bytes) out << int(b) << ' ';
  return out.str();
}

}  // namespace

TEST(publisher_writes_the_bytes_of_the_vectors) {
  for (const char* name : names) {
    const vector_file v(name);
    fixture t;
    t.source.records = v.source.records;
    t.publish({v.head.sequence, v.head.boot, v.head.written, v.head.key, v.head.flags, v.points});
    const std::vector<uint8_t> ours = read_file(t.path);
    TEST_ASSERT_EQUAL_INT(v.bytes.size(), ours.size());
    const auto differ = std::mismatch(ours.begin(), ours.end(), v.bytes.begin());
    TEST_ASSERT_TRUE_MESSAGE(differ.first == ours.end(),
                             std::string(name) + ": byte " + std::to_string(differ.first - ours.begin()));
  }
}

TEST(header_of_the_vectors_reads_as_they_say) {
  for (const char* name : names) {
    vector_file v(name);
    table::header h{};
    fixture::expect(fault::none, table::decode_header(header_of(v.bytes), h));
    TEST_ASSERT_EQUAL_INT(v.head.flags, h.flags);
    TEST_ASSERT_EQUAL_UINT64(v.head.sequence, h.sequence);
    TEST_ASSERT_TRUE(v.head.boot == h.boot && v.head.written == h.written);
    TEST_ASSERT_EQUAL_INT(v.head.page_count, h.page_count);
    TEST_ASSERT_EQUAL_INT(v.head.bucket_count, h.bucket_count);
    TEST_ASSERT_EQUAL_INT(v.head.record_count, h.record_count);
    TEST_ASSERT_EQUAL_INT(v.head.window_count, h.window_count);
    TEST_ASSERT_TRUE(v.head.key.k0 == h.key.k0 && v.head.key.k1 == h.key.k1);
    std::array<uint8_t, table::header_size> again;
    table::encode_header(h, again);
    TEST_ASSERT_TRUE(std::equal(again.begin(), again.end(), v.bytes.begin()));
  }
}

TEST(lookups_in_the_vectors_find_what_they_say) {
  for (const char* name : names) {
    const vector_file v(name);
    fixture t;
    write_file(t.path, v.bytes);
    table::snapshot s;
    t.expect(fault::none, s.open(t.path.c_str()));
    TEST_ASSERT_EQUAL_INT(v.head.flags, s.locked() ? 1 : 0);
    table::found found;
    for (const auto& r : v.source.records) {
      std::vector<std::string> wanted, got;
      for (const auto& other : v.source.records) {
        if (other.who == r.who) wanted.push_back(in_words(other));
      }
      t.expect(fault::none, s.find(r.who, found));
      for (const auto& f : found.all()) got.push_back(in_words(f));
      TEST_ASSERT_TRUE_MESSAGE(wanted == got, std::string(name) + ": " + std::string(r.who.name));
    }
    for (const auto& p : v.points) {
      table::snapshot::resource_name resource{};
      t.expect(fault::none,
               s.find_resource({p.where.kind, p.where.any_place ? "elsewhere" : p.where.place,
                                p.where.any_database ? "another" : p.where.database, p.where.replication},
                               resource));
      TEST_ASSERT_EQUAL_STRING(p.resource, std::string_view(resource.text, resource.size));
    }
  }
}

TEST(vector_of_chains_has_chains) {
  const vector_file v("table_chain.txt");
  TEST_ASSERT_TRUE(v.head.page_count > v.head.bucket_count + 1);
}
