// SPDX-License-Identifier: Apache-2.0
// The audit chain against vectors made by other code, and: no changed bit, cut or reorder goes unseen.
#include "proof/chain.h"

#include <fstream>
#include <set>
#include <sstream>

#include "support/unity.h"

using namespace grantd;

namespace {

std::string unhex(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

template <typename Bytes>
std::string hex(const Bytes& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (uint8_t b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

struct vector_record {
  uint64_t sequence = 0;
  int64_t utc_us = 0;
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string bytes;
  std::string chained;
};

std::vector<vector_record> read_vectors(const std::string& name) {
  std::ifstream in(std::string(VECTORS) + "/" + name);
  std::vector<vector_record> out;
  for (std::string line; std::getline(in, line);) {
    std::string word = line.substr(0, line.find(' '));
    std::string rest = word.size() < line.size() ? line.substr(word.size() + 1) : "";
    if (word == "record") {
      out.emplace_back();
      std::istringstream(rest) >> out.back().sequence >> out.back().utc_us;
    } else if (word == "event") {
      out.back().event = unhex(rest);
    } else if (word == "field") {
      size_t cut = rest.find(' ');
      out.back().fields.emplace_back(unhex(rest.substr(0, cut)), unhex(rest.substr(cut + 1)));
    } else if (word == "bytes") {
      out.back().bytes = rest;
    } else if (word == "chained") {
      out.back().chained = rest;
    }
  }
  return out;
}

std::vector<uint8_t> encode(const vector_record& v) {
  std::vector<std::pair<std::string_view, std::string_view>> fields(v.fields.begin(), v.fields.end());
  return proof::canonical({v.sequence, v.utc_us, v.event, fields});
}

void follow(const std::string& name, size_t records) {
  TEST_ASSERT_TRUE(proof::start());
  std::vector<vector_record> vectors = read_vectors(name);
  TEST_ASSERT_EQUAL_UINT64(records, vectors.size());
  proof::digest previous{};
  for (const vector_record& v : vectors) {
    std::vector<uint8_t> bytes = encode(v);
    TEST_ASSERT_EQUAL_STRING(v.bytes, hex(bytes));
    previous = proof::link(previous, bytes);
    TEST_ASSERT_EQUAL_STRING(v.chained, hex(previous));
  }
}

proof::digest chain(const std::vector<std::vector<uint8_t>>& records) {
  proof::digest previous{};
  for (const auto& r : records) previous = proof::link(previous, r);
  return previous;
}

std::vector<std::vector<uint8_t>> life() {
  std::vector<std::vector<uint8_t>> out;
  for (const vector_record& v : read_vectors("audit_life.txt")) out.push_back(encode(v));
  return out;
}

}  // namespace

TEST(records_of_a_grants_life_match_the_vectors) { follow("audit_life.txt", 3); }
TEST(numbers_at_their_ends_and_all_bytes_match_the_vectors) { follow("audit_edges.txt", 4); }
TEST(the_same_text_cut_elsewhere_matches_the_vectors) { follow("audit_cuts.txt", 4); }

TEST(different_records_never_encode_alike) {
  std::set<std::vector<uint8_t>> seen;
  size_t records = 0;
  for (const char* name : {"audit_life.txt", "audit_edges.txt", "audit_cuts.txt"}) {
    for (const vector_record& v : read_vectors(name)) {
      seen.insert(encode(v));
      ++records;
    }
  }
  TEST_ASSERT_EQUAL_UINT64(records, seen.size());
}

TEST(the_order_of_fields_is_part_of_the_record) {
  std::pair<std::string_view, std::string_view> one[] = {{"a", "1"}, {"b", "2"}};
  std::pair<std::string_view, std::string_view> two[] = {{"b", "2"}, {"a", "1"}};
  TEST_ASSERT_TRUE(proof::canonical({1, 1, "x", one}) != proof::canonical({1, 1, "x", two}));
}

TEST(every_flipped_bit_changes_the_head) {
  auto records = life();
  const proof::digest head = chain(records);
  for (auto& record : records) {
    for (uint8_t& byte : record) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        byte = static_cast<uint8_t>(byte ^ 1u << bit);
        TEST_ASSERT_TRUE(chain(records) != head);
        byte = static_cast<uint8_t>(byte ^ 1u << bit);
      }
    }
  }
  TEST_ASSERT_TRUE(chain(records) == head);
}

TEST(a_cut_a_reorder_and_a_splice_change_the_head) {
  const auto records = life();
  const proof::digest head = chain(records);
  TEST_ASSERT_TRUE(chain({records[0], records[1]}) != head);
  TEST_ASSERT_TRUE(chain({records[0], records[2]}) != head);
  TEST_ASSERT_TRUE(chain({records[1], records[0], records[2]}) != head);
  TEST_ASSERT_TRUE(chain({records[0], records[1], records[1], records[2]}) != head);
}

TEST(two_records_are_not_one_long_record) {
  const auto records = life();
  std::vector<uint8_t> joined = records[0];
  joined.insert(joined.end(), records[1].begin(), records[1].end());
  TEST_ASSERT_TRUE(chain({joined}) != chain({records[0], records[1]}));
}
