// SPDX-License-Identifier: Apache-2.0
// This host's signing key. It must never leave more than one copy of its secret, and none behind it.
#include <sodium.h>

#include "proof/checkpoint.h"

namespace grantd::proof {
namespace {
static_assert(crypto_sign_SEEDBYTES == std::tuple_size_v<node_key::seed>);
static_assert(crypto_sign_PUBLICKEYBYTES == std::tuple_size_v<node_key::public_part>);
}  // namespace

node_key node_key::from(const seed& s) {
  node_key out;
  static_assert(crypto_sign_SECRETKEYBYTES == sizeof out.secret_);
  crypto_sign_seed_keypair(out.public_.data(), out.secret_.data(), s.data());
  return out;
}

node_key node_key::make() {
  seed s{};
  randombytes_buf(s.data(), s.size());
  node_key out = from(s);
  sodium_memzero(s.data(), s.size());
  return out;
}

node_key::~node_key() { sodium_memzero(secret_.data(), secret_.size()); }

node_key::node_key(node_key&& other) noexcept : secret_(other.secret_), public_(other.public_) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

void node_key::write_seed(seed& out) const { crypto_sign_ed25519_sk_to_seed(out.data(), secret_.data()); }

std::array<uint8_t, 64> node_key::sign(std::string_view message) const {
  std::array<uint8_t, crypto_sign_BYTES> out{};
  crypto_sign_detached(out.data(), nullptr, reinterpret_cast<const unsigned char*>(message.data()),
                       message.size(), secret_.data());
  return out;
}

}  // namespace grantd::proof
