// SPDX-License-Identifier: Apache-2.0
// SSHSIG (OpenSSH PROTOCOL.sshsig): an ssh key's signature over a message. Pure; untrusted bytes; fuzzed.
// Must never take what ssh-keygen -Y verify refuses.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace grantd::proof {

inline constexpr size_t max_armour = 4096;  // bytes of an armoured signature
inline constexpr std::string_view approval_namespace = "approve@grantd";

// Why a signature does not count.
enum class signature_fault : uint8_t {
  not_armour,   // no BEGIN/END lines, bad base64, text around it
  not_sshsig,   // magic, lengths, trailing bytes
  version,      // other than 1
  name_space,   // other than asked for
  reserved,     // not empty
  hash,         // other than sha512
  key_type,     // other than ssh-ed25519 and sk-ssh-ed25519@openssh.com
  not_touched,  // a security key that nobody touched
  mismatch,     // the signature is not this key's over this message
};
[[nodiscard]] std::string_view words(signature_fault f);  // ends a sentence "the signature ..."

struct signer {
  std::string type;  // "ssh-ed25519"
  std::string
      blob;  // the public key as on the wire (RFC 8709 4): compared as raw bytes with the enrolled one
};

// The key that signed exactly `message` in `name_space`. Whose it is the caller must know.
[[nodiscard]] std::expected<signer, signature_fault> verify_sshsig(std::string_view armour,
                                                                   std::string_view name_space,
                                                                   std::string_view message);

}  // namespace grantd::proof
