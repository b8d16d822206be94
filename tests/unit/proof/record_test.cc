// SPDX-License-Identifier: Apache-2.0
// Records read back, and chains followed: no changed bit, cut, reorder, repetition or splice goes unseen.
#include "proof/record.h"

#include <chrono>
#include <iostream>
#include <random>

#include "proof/checkpoint.h"
#include "support/sanitized.h"
#include "support/unity.h"

using namespace grantd;
using proof::chain_reader;

namespace {

struct made {
  std::vector<uint8_t> bytes;
  proof::digest stored;
  std::string batch;  // of this record alone
};

std::vector<made> make_chain(size_t count, const std::string& person = "alice", uint64_t first = 1) {
  std::vector<made> out;
  proof::digest previous{};
  for (uint64_t i = first; i < first + count; ++i) {
    const std::string grant = std::to_string(32768 + i);
    const std::pair<std::string_view, std::string_view> fields[] = {
        {"grant", grant},
        {"person", person},
        {"resource", "orders-db"},
        {"by", "bob"},
        {"reason", "ticket 4711"},
        {"scope", "pg:alice at pg:main/orders as alice, read-only"},
        {"scope", "os:alice at pam:sshd"}};
    made m;
    m.bytes = proof::canonical({i, static_cast<int64_t>(1795383000000000 + i), "grant", fields});
    m.stored = previous = proof::link(previous, m.bytes);
    proof::put_chained(m.batch, m.bytes, m.stored);
    out.push_back(std::move(m));
  }
  return out;
}

std::string join(const std::vector<made>& chain) {
  std::string out;
  for (const made& m : chain) out += m.batch;
  return out;
}

chain_reader follow(const std::string& batch) {
  chain_reader r;
  (void)r.take(batch, {});
  return r;
}

chain_reader::fault fault_of(const std::string& batch) { return follow(batch).why(); }

std::vector<uint8_t> encode(const proof::record& r) {
  std::vector<std::pair<std::string_view, std::string_view>> fields(r.fields.begin(), r.fields.end());
  return proof::canonical({r.sequence, r.utc_us, r.event, fields});
}

void ready() { TEST_ASSERT_TRUE(proof::start()); }

}  // namespace

TEST(a_record_is_read_back_with_its_fields_in_order) {
  const auto chain = make_chain(1);
  auto r = proof::decode_record(chain[0].bytes);
  TEST_ASSERT_TRUE(r.has_value());
  TEST_ASSERT_EQUAL_UINT64(1, r->sequence);
  TEST_ASSERT_EQUAL_INT64(1795383000000001, r->utc_us);
  TEST_ASSERT_EQUAL_STRING("grant", r->event);
  TEST_ASSERT_EQUAL_UINT64(7, r->fields.size());
  TEST_ASSERT_EQUAL_STRING("pg:alice at pg:main/orders as alice, read-only", r->field("scope"));
  TEST_ASSERT_EQUAL_STRING("", r->field("nothing"));
  TEST_ASSERT_TRUE(encode(*r) == chain[0].bytes);
}

TEST(a_record_cut_or_with_a_byte_more_is_none) {
  auto bytes = make_chain(1)[0].bytes;
  for (size_t n = 0; n < bytes.size(); ++n)
    TEST_ASSERT_FALSE(proof::decode_record(std::span(bytes).first(n)).has_value());
  bytes.push_back(0);
  TEST_ASSERT_FALSE(proof::decode_record(bytes).has_value());
}

TEST(another_version_is_none) {
  auto bytes = make_chain(1)[0].bytes;
  bytes[0] = 2;
  TEST_ASSERT_FALSE(proof::decode_record(bytes).has_value());
}

TEST(a_count_of_fields_that_the_bytes_do_not_bear_is_none_and_allocates_nothing) {
  auto bytes = proof::canonical({1, 1, "x", {}});
  for (size_t i = bytes.size() - 4; i < bytes.size(); ++i) bytes[i] = 0xff;
  TEST_ASSERT_FALSE(proof::decode_record(bytes).has_value());
}

TEST(what_is_decoded_from_changed_bytes_encodes_to_the_same_bytes) {
  std::mt19937_64 random(test::seed());
  const auto good = make_chain(1)[0].bytes;
  size_t decoded = 0;
  for (int i = 0; i < 100'000; ++i) {
    auto bytes = good;
    for (size_t n = random() % 3 + 1; n != 0; --n)
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    auto r = proof::decode_record(bytes);
    if (!r) continue;
    ++decoded;
    TEST_ASSERT_TRUE(encode(*r) == bytes);
  }
  TEST_ASSERT_TRUE(decoded > 1000);
}

TEST(a_good_chain_is_followed_in_batches_of_any_size) {
  ready();
  const auto chain = make_chain(100);
  chain_reader r;
  std::vector<uint64_t> seen;
  auto each = [&](const proof::record& rec, const proof::digest& d) {
    seen.push_back(rec.sequence);
    TEST_ASSERT_TRUE(d == chain[rec.sequence - 1].stored);
  };
  TEST_ASSERT_TRUE(r.take("", each));
  for (size_t at = 0, n = 1; at < chain.size(); at += n, ++n) {
    std::string batch;
    for (size_t i = at; i < std::min(at + n, chain.size()); ++i) batch += chain[i].batch;
    TEST_ASSERT_TRUE(r.take(batch, each));
  }
  TEST_ASSERT_EQUAL_UINT64(100, seen.size());
  TEST_ASSERT_EQUAL_UINT64(100, r.sequence());
  TEST_ASSERT_TRUE(r.head() == chain.back().stored);
  TEST_ASSERT_TRUE(r.why() == chain_reader::fault::none);
}

// The reader's place before each record is known, so a copy of it takes only what was changed and what
// follows.
TEST(every_flipped_bit_of_2000_records_is_found) {
  ready();
  const auto chain = make_chain(2000);
  chain_reader before;
  uint64_t flips = 0;
  for (const made& m : chain) {
    std::string batch = m.batch;
    for (char& byte : batch) {
      const auto at = static_cast<unsigned>(&byte - batch.data());
      for (unsigned bit = test::sanitized ? at % 8 : 0; bit < 8; bit += test::sanitized ? 8 : 1, ++flips) {
        const char was = byte;
        byte = static_cast<char>(byte ^ 1 << bit);
        chain_reader r = before;
        TEST_ASSERT_FALSE(r.take(batch, {}));
        TEST_ASSERT_TRUE(r.why() != chain_reader::fault::none);
        TEST_ASSERT_EQUAL_UINT64(before.sequence(), r.sequence());
        byte = was;
      }
    }
    TEST_ASSERT_TRUE(before.take(batch, {}));
  }
  std::cout << flips << " flips\n";
  TEST_ASSERT_TRUE(flips > (test::sanitized ? 300'000 : 3'000'000));
}

TEST(a_mismatch_is_final) {
  ready();
  const auto chain = make_chain(3);
  std::string bad = chain[1].batch;
  bad[10] = static_cast<char>(bad[10] ^ 1);
  chain_reader r;
  TEST_ASSERT_TRUE(r.take(chain[0].batch, {}));
  TEST_ASSERT_FALSE(r.take(bad, {}));
  TEST_ASSERT_FALSE(r.take(chain[1].batch, {}));
  TEST_ASSERT_FALSE(r.take("", {}));
  TEST_ASSERT_EQUAL_UINT64(1, r.sequence());
}

TEST(a_batch_that_ends_inside_a_record_is_cut) {
  ready();
  const auto chain = make_chain(2);
  const std::string all = join(chain);
  for (size_t n = 0; n < all.size(); ++n) {
    const auto expected =
        n == 0 || n == chain[0].batch.size() ? chain_reader::fault::none : chain_reader::fault::cut;
    TEST_ASSERT_TRUE(fault_of(all.substr(0, n)) == expected);
  }
}

TEST(a_record_left_out_put_twice_or_moved_is_found) {
  ready();
  const auto chain = make_chain(4);
  auto batch = [&](std::initializer_list<size_t> order) {
    std::string out;
    for (size_t i : order) out += chain[i].batch;
    return out;
  };
  TEST_ASSERT_TRUE(fault_of(batch({0, 1, 2, 3})) == chain_reader::fault::none);
  TEST_ASSERT_TRUE(fault_of(batch({1, 2, 3})) == chain_reader::fault::sequence);
  TEST_ASSERT_TRUE(fault_of(batch({0, 2, 3})) == chain_reader::fault::sequence);
  TEST_ASSERT_TRUE(fault_of(batch({0, 1, 1, 2, 3})) == chain_reader::fault::sequence);
  TEST_ASSERT_TRUE(fault_of(batch({0, 2, 1, 3})) == chain_reader::fault::sequence);
}

TEST(a_record_of_another_chain_is_found) {
  ready();
  const auto chain = make_chain(4);
  const auto other = make_chain(4, "mallory");
  TEST_ASSERT_TRUE(fault_of(chain[0].batch + other[1].batch + chain[2].batch) ==
                   chain_reader::fault::changed);
  // Its digest made to fit: then the next one does not.
  std::string spliced = chain[0].batch;
  proof::put_chained(spliced, other[1].bytes, proof::link(chain[0].stored, other[1].bytes));
  TEST_ASSERT_TRUE(fault_of(spliced) == chain_reader::fault::none);
  TEST_ASSERT_TRUE(fault_of(spliced + chain[2].batch) == chain_reader::fault::changed);
}

TEST(an_unbroken_numbering_is_demanded_even_of_a_chain_whose_digests_fit) {
  ready();
  const auto late = make_chain(3, "alice", 2);
  TEST_ASSERT_TRUE(fault_of(join(late)) == chain_reader::fault::sequence);
}

// What the bytes alone cannot show: an end cut off, and a chain made anew. A checkpoint kept elsewhere shows
// both.
TEST(an_end_cut_off_and_a_chain_made_anew_are_found_with_a_checkpoint) {
  ready();
  const auto chain = make_chain(10);
  const std::array<uint8_t, 16> uuid{1};
  const proof::node_key key = proof::node_key::make();
  const proof::verifier by{proof::node_name(uuid), key.shown()};
  const std::string note = proof::sign_checkpoint({by.name, 8, chain[7].stored, {}}, key);
  auto kept = proof::open_checkpoint(note, by);
  TEST_ASSERT_TRUE(kept.has_value());
  auto holds = [&](const std::string& batch) {
    bool met = false;
    chain_reader r;
    bool good = r.take(batch, [&](const proof::record& rec, const proof::digest& d) {
      met = met || (rec.sequence == kept->size && d == kept->head);
    });
    return good && met;
  };
  TEST_ASSERT_TRUE(holds(join(chain)));
  const std::string cut = join({chain.begin(), chain.begin() + 7});
  TEST_ASSERT_TRUE(fault_of(cut) == chain_reader::fault::none);
  TEST_ASSERT_FALSE(holds(cut));
  const std::string anew = join(make_chain(10, "mallory"));
  TEST_ASSERT_TRUE(fault_of(anew) == chain_reader::fault::none);
  TEST_ASSERT_FALSE(holds(anew));
}

TEST(a_hundred_thousand_records_are_verified_at_a_speed_worth_saying) {
  ready();
  const std::string batch = join(make_chain(100'000));
  const auto start = std::chrono::steady_clock::now();
  chain_reader r;
  TEST_ASSERT_TRUE(r.take(batch, {}));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << static_cast<uint64_t>(100'000 / took.count()) << " records/s\n";
  TEST_ASSERT_EQUAL_UINT64(100'000, r.sequence());
}
