// SPDX-License-Identifier: Apache-2.0
// Makes SSHSIG signatures, well-formed and not, as somebody with libsodium and bad intentions would: each
// field can be anything. Security keys too, since a test has no hardware.
#pragma once

#include <sodium.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace grantd::test {

struct signing_key {
  std::string type;  // "ssh-ed25519" or "sk-ssh-ed25519@openssh.com"
  std::string application;
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> point{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
};

inline std::string ssh_string(std::string_view text) {
  std::string out;
  for (unsigned shift : {24u, 16u, 8u, 0u}) out += static_cast<char>(text.size() >> shift & 0xff);
  return out.append(text);
}

inline signing_key make_key(uint8_t number, bool hardware, std::string application = "ssh:") {
  signing_key k;
  k.type = hardware ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519";
  if (hardware) k.application = std::move(application);
  std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
  seed[0] = number;
  crypto_sign_seed_keypair(k.point.data(), k.secret.data(), seed.data());
  return k;
}

inline std::string key_blob(const signing_key& k) {
  std::string point(reinterpret_cast<const char*>(k.point.data()), k.point.size());
  return ssh_string(k.type) + ssh_string(point) + (k.application.empty() ? "" : ssh_string(k.application));
}

inline std::string base64(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();
  return out;
}

inline std::string key_line(const signing_key& k) { return k.type + ' ' + base64(key_blob(k)); }

inline std::string hash_of(std::string_view name, std::string_view text) {
  std::array<unsigned char, crypto_hash_sha512_BYTES> out{};
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const bool small = name == "sha256";
  if (small) {
    crypto_hash_sha256(out.data(), bytes, text.size());
  } else {
    crypto_hash_sha512(out.data(), bytes, text.size());
  }
  return {reinterpret_cast<const char*>(out.data()), small ? size_t{crypto_hash_sha256_BYTES} : out.size()};
}

// A field that is what it would be anyway.
inline constexpr char same[] = "(same)";
inline std::string said(const std::string& value, std::string otherwise) {
  return value == same ? std::move(otherwise) : value;
}

// What stands in the signature; `signed_*` is what the key signed, where that differs.
struct making {
  std::string magic = "SSHSIG";
  uint32_t version = 1;
  std::string name_space = "approve@grantd";
  std::string signed_name_space = same;
  std::string reserved = {};
  std::string hash = "sha512";
  std::string signed_hash = same;
  uint8_t flags = 1;
  uint32_t counter = 7;
  std::string key = same;  // instead of the signer's blob
  std::string signature_type = same;
  bool add_order = false;  // S + L: the same signature to a verifier that does not look
  std::string behind_signature = {};
  std::string behind = {};
};

inline std::string big_endian(uint32_t n) {
  std::string out;
  for (unsigned shift : {24u, 16u, 8u, 0u}) out += static_cast<char>(n >> shift & 0xff);
  return out;
}

// The order of the group, little-endian.
inline void add_order_to(std::string& signature) {
  static constexpr std::array<uint8_t, 32> order = {
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]) + unsigned{order[i]};
    signature[32 + i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
}

inline std::string make_blob(const signing_key& k, std::string_view message, const making& m = {}) {
  const std::string hash = said(m.signed_hash, m.hash);
  std::string text = "SSHSIG" + ssh_string(said(m.signed_name_space, m.name_space)) + ssh_string("") +
                     ssh_string(hash) + ssh_string(hash_of(hash, message));
  std::string tail;
  if (k.type.starts_with("sk-")) {
    tail = std::string(1, static_cast<char>(m.flags)) + big_endian(m.counter);
    text = hash_of("sha256", k.application) + tail + hash_of("sha256", text);
  }
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(), k.secret.data());
  if (m.add_order) add_order_to(signature);
  return m.magic + big_endian(m.version) + ssh_string(said(m.key, key_blob(k))) + ssh_string(m.name_space) +
         ssh_string(m.reserved) + ssh_string(m.hash) +
         ssh_string(ssh_string(said(m.signature_type, k.type)) + ssh_string(signature) + tail +
                    m.behind_signature) +
         m.behind;
}

inline std::string armour(std::string_view blob) {
  std::string text = base64(blob);
  std::string out = "-----BEGIN SSH SIGNATURE-----\n";
  for (size_t at = 0; at < text.size(); at += 70) (out += text.substr(at, 70)) += '\n';
  return out + "-----END SSH SIGNATURE-----\n";
}

}  // namespace grantd::test
