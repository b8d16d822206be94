// SPDX-License-Identifier: Apache-2.0
// OpenSSH's fingerprint of a public key.
#include "proof/fingerprint.h"

#include <sodium.h>

#include <array>

#include "proof/base64.h"

namespace grantd::proof {

std::string fingerprint(std::string_view blob) {
  std::array<uint8_t, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(blob.data()), blob.size());
  std::string text = encode_base64(hash);
  return "SHA256:" + text.substr(0, text.find('='));
}

std::string fingerprint_of_line(std::string_view line) {
  const size_t type_end = line.find(' ');
  if (type_end == line.npos) return {};
  line.remove_prefix(type_end + 1);
  auto blob = decode_base64(line.substr(0, line.find(' ')));
  return blob && !blob->empty() ? fingerprint(*blob) : std::string();
}

}  // namespace grantd::proof
