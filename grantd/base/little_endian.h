// SPDX-License-Identifier: Apache-2.0
// Integers in files and datagrams: little-endian, assembled from bytes, at any alignment. No bounds checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace grantd::base {

// Reads sizeof(T) bytes at `at`.
template <typename T>
[[nodiscard]] constexpr T load_little(const uint8_t* at) noexcept {
  std::make_unsigned_t<T> value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value =
        static_cast<std::make_unsigned_t<T>>(value | static_cast<std::make_unsigned_t<T>>(at[i]) << (8 * i));
  }
  return static_cast<T>(value);
}

// Writes sizeof(T) bytes at `at`.
template <typename T>
constexpr void store_little(uint8_t* at, T value) noexcept {
  for (size_t i = 0; i < sizeof(T); ++i) {
    at[i] = static_cast<uint8_t>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i));
  }
}

}  // namespace grantd::base
