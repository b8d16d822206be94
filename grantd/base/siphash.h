// SPDX-License-Identifier: Apache-2.0
// SipHash-1-3 and SipHash-2-4 (Aumasson and Bernstein, 2012): the table's keyed hash and its checksum.
#pragma once

#include <cstddef>
#include <cstdint>

namespace grantd::base {

struct siphash_key {
  uint64_t k0 = 0;
  uint64_t k1 = 0;
};

// Incremental; feeding in pieces gives the same as feeding at once.
template <int C, int D>
class siphash {
 public:
  explicit siphash(siphash_key key) noexcept;
  void add(const void* bytes, size_t size) noexcept;
  [[nodiscard]] uint64_t finish() noexcept;

 private:
  void round() noexcept;
  void word(uint64_t m) noexcept;
  uint64_t v0_, v1_, v2_, v3_;
  uint64_t tail_ = 0;
  uint64_t size_ = 0;
};

extern template class siphash<1, 3>;
extern template class siphash<2, 4>;

using siphash13 = siphash<1, 3>;
using siphash24 = siphash<2, 4>;

}  // namespace grantd::base
