// SPDX-License-Identifier: Apache-2.0
// SipHash against vectors that others computed.
#include "base/siphash.h"

#include <array>
#include <random>
#include <vector>

#include "support/unity.h"

using namespace grantd::base;

namespace {

// The authors' vectors (vectors_sip64 of github.com/veorq/SipHash): key 00 .. 0f, input 00 .. n-1, n = 0
// .. 15.
constexpr siphash_key counting{0x0706050403020100, 0x0f0e0d0c0b0a0908};
constexpr std::array<uint64_t, 16> sip24{
    0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
    0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
    0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
    0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5};

template <typename Hash>
uint64_t of(siphash_key key, const std::vector<uint8_t>& bytes) {
  Hash h(key);
  h.add(bytes.data(), bytes.size());
  return h.finish();
}

}  // namespace

TEST(siphash24_gives_the_authors_vectors) {
  std::vector<uint8_t> input;
  for (size_t n = 0; n < sip24.size(); ++n) {
    TEST_ASSERT_EQUAL_UINT64(sip24[n], of<siphash24>(counting, input));
    input.push_back(static_cast<uint8_t>(n));
  }
}

// hash(bytes(range(n))) of CPython 3.11 (SipHash-1-3) with PYTHONHASHSEED=0, whose key is zero.
TEST(siphash13_gives_what_cpython_gives) {
  struct {
    size_t n;
    uint64_t hash;
  } const table[] = {{1, 0x68a914128e01e473},  {7, 0x2f098ab0c751325a},  {8, 0xead411e67ebe2eea},
                     {9, 0x75927f9d95124362},  {15, 0xf30eb725bb91c9ea}, {16, 0x8972188433a5c5b7},
                     {63, 0x385d3e39e5f37359}, {64, 0x75e05fd5bbc870c6}, {120, 0xc845348e7792516c}};
  for (const auto& t : table) {
    std::vector<uint8_t> input(t.n);
    for (size_t i = 0; i < t.n; ++i) input[i] = static_cast<uint8_t>(i);
    TEST_ASSERT_EQUAL_UINT64(t.hash, of<siphash13>({}, input));
  }
}

TEST(feeding_in_pieces_gives_the_same) {
  std::mt19937_64 random(grantd::test::seed());
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint8_t> input(random() % 70);
    for (auto& b : input) b = static_cast<uint8_t>(random());
    siphash_key key{random(), random()};
    siphash13 pieces(key);
    for (size_t at = 0; at < input.size();) {
      size_t n = std::min<size_t>(random() % 12, input.size() - at);
      pieces.add(input.data() + at, n);
      at += n;
    }
    TEST_ASSERT_EQUAL_UINT64(of<siphash13>(key, input), pieces.finish());
  }
}
