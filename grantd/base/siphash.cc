// SPDX-License-Identifier: Apache-2.0
// SipHash as its authors define it. No allocation; reads only what it is given.
#include "base/siphash.h"

#include <bit>
#include <cstring>

namespace grantd::base {
namespace {

uint64_t little_endian(const uint8_t* p) noexcept {
  uint64_t w = 0;
  std::memcpy(&w, p, sizeof w);
  if constexpr (std::endian::native == std::endian::big) w = __builtin_bswap64(w);
  return w;
}

}  // namespace

template <int C, int D>
siphash<C, D>::siphash(siphash_key key) noexcept
    : v0_(key.k0 ^ 0x736f6d6570736575),
      v1_(key.k1 ^ 0x646f72616e646f6d),
      v2_(key.k0 ^ 0x6c7967656e657261),
      v3_(key.k1 ^ 0x7465646279746573) {}

template <int C, int D>
void siphash<C, D>::round() noexcept {
  v0_ += v1_;
  v1_ = std::rotl(v1_, 13) ^ v0_;
  v0_ = std::rotl(v0_, 32);
  v2_ += v3_;
  v3_ = std::rotl(v3_, 16) ^ v2_;
  v0_ += v3_;
  v3_ = std::rotl(v3_, 21) ^ v0_;
  v2_ += v1_;
  v1_ = std::rotl(v1_, 17) ^ v2_;
  v2_ = std::rotl(v2_, 32);
}

template <int C, int D>
void siphash<C, D>::word(uint64_t m) noexcept {
  v3_ ^= m;
  for (int i = 0; i < C; ++i) round();
  v0_ ^= m;
}

template <int C, int D>
void siphash<C, D>::add(const void* bytes, size_t size) noexcept {
  const auto* p = static_cast<const uint8_t*>(bytes);
  const auto* end = p + size;
  for (; p != end && size_ % 8 != 0; ++p) {
    tail_ |= uint64_t{*p} << (8 * (size_ % 8));
    if (++size_ % 8 == 0) {
      word(tail_);
      tail_ = 0;
    }
  }
  for (; end - p >= 8; p += 8, size_ += 8) word(little_endian(p));
  for (; p != end; ++p, ++size_) tail_ |= uint64_t{*p} << (8 * (size_ % 8));
}

template <int C, int D>
uint64_t siphash<C, D>::finish() noexcept {
  word(tail_ | size_ << 56);
  v2_ ^= 0xff;
  for (int i = 0; i < D; ++i) round();
  return v0_ ^ v1_ ^ v2_ ^ v3_;
}

template class siphash<1, 3>;
template class siphash<2, 4>;

}  // namespace grantd::base
