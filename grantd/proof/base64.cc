// SPDX-License-Identifier: Apache-2.0
// libsodium's codec. It must never be given characters to ignore: libsodium would then take NUL bytes too.
#include "proof/base64.h"

#include <sodium.h>

#include <algorithm>

namespace grantd::proof {
namespace {
constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
}  // namespace

std::string encode_base64(std::span<const uint8_t> bytes) {
  // The size that libsodium asks for has room for a NUL, which a string has anyway.
  std::string out(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), variant);
  out.pop_back();
  return out;
}

std::string encode_base64(std::string_view bytes) {
  return encode_base64({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

std::optional<std::string> decode_base64(std::string_view text) {
  // libsodium 1.0.18 takes the bytes 0xab and 0xaf for '+' and '/'.
  if (std::ranges::any_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }))
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  size_t size = 0;
  // Without a place for the end, anything that is left over is an error.
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(),
                        nullptr, &size, nullptr, variant) != 0) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

}  // namespace grantd::proof
