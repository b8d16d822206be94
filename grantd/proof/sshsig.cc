// SPDX-License-Identifier: Apache-2.0
// Takes an armoured signature apart, every byte of it, and lets libsodium judge it. Each refusal stands with
// its reason in PROTOCOL.md, "Approval signature".
#include "proof/sshsig.h"

#include <sodium.h>

#include <array>
#include <optional>
#include <utility>

#include "proof/base64.h"
#include "proof/public_key.h"
#include "proof/ssh_string.h"

namespace grantd::proof {
namespace {

constexpr std::string_view begin_line = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view end_line = "-----END SSH SIGNATURE-----";
constexpr std::string_view magic = "SSHSIG";
constexpr std::string_view hash_name = "sha512";
constexpr uint32_t sshsig_version = 1;
constexpr size_t signature_size = crypto_sign_BYTES;
constexpr unsigned user_present = 0x01;  // U2F's flag: the key was touched

using fault = std::unexpected<signature_fault>;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

void put_sha256(std::string& out, std::string_view bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), raw(bytes), bytes.size());
  out.append(reinterpret_cast<const char*>(hash.data()), hash.size());
}

std::optional<std::string> take_armour_off(std::string_view text) {
  if (text.size() > max_armour || !text.starts_with(begin_line)) return std::nullopt;
  text.remove_prefix(begin_line.size());
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!text.ends_with(end_line)) return std::nullopt;
  text.remove_suffix(end_line.size());
  std::string base64;
  base64.reserve(text.size());
  while (!text.empty()) {
    size_t line = text.find('\n');
    if (line == text.npos || line == 0) return std::nullopt;
    base64 += text.substr(0, line);
    text.remove_prefix(line + 1);
  }
  if (base64.empty()) return std::nullopt;
  return decode_base64(base64);
}

// The fields behind magic and version. Views into the blob.
struct fields {
  std::string_view key;
  std::string_view name_space;
  std::string_view reserved;
  std::string_view hash;
  std::string_view signature;
};

std::expected<fields, signature_fault> read_fields(std::string_view blob) {
  ssh_reader in(blob);
  if (in.bytes(magic.size()) != magic) return fault(signature_fault::not_sshsig);
  auto version = in.number();
  if (!version) return fault(signature_fault::not_sshsig);
  // Before the rest is looked at: another version may have other fields.
  if (*version != sshsig_version) return fault(signature_fault::version);
  fields out;
  for (std::string_view fields::* field :
       {&fields::key, &fields::name_space, &fields::reserved, &fields::hash, &fields::signature}) {
    auto string = in.string();
    if (!string) return fault(signature_fault::not_sshsig);
    out.*field = *string;
  }
  if (!in.done()) return fault(signature_fault::not_sshsig);
  return out;
}

// PROTOCOL.sshsig: what is signed is never the message itself.
std::string to_be_signed(std::string_view name_space, std::string_view message) {
  std::array<unsigned char, crypto_hash_sha512_BYTES> hash{};
  crypto_hash_sha512(hash.data(), raw(message), message.size());
  std::string out(magic);
  put_ssh_string(out, name_space);
  put_ssh_string(out, {});
  put_ssh_string(out, hash_name);
  put_ssh_string(out, {reinterpret_cast<const char*>(hash.data()), hash.size()});
  return out;
}

// What a security key adds to its signature.
struct touch {
  std::string_view bytes;  // flags, counter
  bool present;
};

std::expected<void, signature_fault> judge(const public_key& key, std::string_view blob,
                                           std::string signed_bytes) {
  ssh_reader in(blob);
  auto type = in.string();
  if (!type) return fault(signature_fault::not_sshsig);
  // The key says what the signature is; one of another type would be read by other rules.
  if (*type != key.type) return fault(signature_fault::key_type);
  auto signature = in.string();
  if (!signature || signature->size() != signature_size) return fault(signature_fault::not_sshsig);
  std::optional<touch> touched;
  if (key.type == sk_ed25519_type) {
    auto bytes = in.bytes(1 + 4);
    if (!bytes) return fault(signature_fault::not_sshsig);
    touched = touch{*bytes, (static_cast<unsigned char>((*bytes)[0]) & user_present) != 0};
  }
  if (!in.done()) return fault(signature_fault::not_sshsig);
  if (touched) {
    std::string by_key;
    put_sha256(by_key, key.application);
    by_key += touched->bytes;
    put_sha256(by_key, signed_bytes);
    signed_bytes = std::move(by_key);
  }
  if (crypto_sign_verify_detached(raw(*signature), raw(signed_bytes), signed_bytes.size(), raw(key.point)) !=
      0)
    return fault(signature_fault::mismatch);
  // Last: that it was not touched is the key's word, and only now known to be.
  if (touched && !touched->present) return fault(signature_fault::not_touched);
  return {};
}

}  // namespace

std::string_view words(signature_fault f) {
  switch (f) {
    case signature_fault::not_armour:
      return "is not what ssh-keygen -Y sign writes (copy the whole file, from BEGIN to END)";
    case signature_fault::not_sshsig:
      return "is damaged (copy the whole file, from BEGIN to END)";
    case signature_fault::version:
      return "has a version that is not known here (1 is)";
    case signature_fault::name_space:
      return "was made for another purpose (sign with ssh-keygen -Y sign -n approve@grantd)";
    case signature_fault::reserved:
      return "has bytes in its reserved field, which must be empty";
    case signature_fault::hash:
      return "uses another hash than sha512 (sign without -O hashalg)";
    case signature_fault::key_type:
      return "is of a key that does not count here (ssh-ed25519 and sk-ssh-ed25519@openssh.com made for ssh "
             "do)";
    case signature_fault::not_touched:
      return "was made by a security key that nobody touched (make the key without -O no-touch-required)";
    case signature_fault::mismatch:
      return "is not this key's over this text";
  }
  return "does not count";
}

std::expected<signer, signature_fault> verify_sshsig(std::string_view armour, std::string_view name_space,
                                                     std::string_view message) {
  auto blob = take_armour_off(armour);
  if (!blob) return fault(signature_fault::not_armour);
  auto f = read_fields(*blob);
  if (!f) return fault(f.error());
  if (name_space.empty() || f->name_space != name_space) return fault(signature_fault::name_space);
  if (!f->reserved.empty()) return fault(signature_fault::reserved);
  if (f->hash != hash_name) return fault(signature_fault::hash);
  auto key = read_public_key(f->key);
  if (!key) {
    return fault(key.error() == key_fault::malformed ? signature_fault::not_sshsig
                                                     : signature_fault::key_type);
  }
  if (auto good = judge(*key, f->signature, to_be_signed(name_space, message)); !good)
    return fault(good.error());
  return signer{std::string(key->type), std::string(f->key)};
}

}  // namespace grantd::proof
