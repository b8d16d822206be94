// SPDX-License-Identifier: Apache-2.0
// The public keys that may sign an approval, as they stand on the wire (RFC 8709 section 4, OpenSSH
// PROTOCOL.u2f). Pure; untrusted bytes. Must never take a key with anything behind it.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace grantd::proof {

inline constexpr std::string_view ed25519_type = "ssh-ed25519";
inline constexpr std::string_view sk_ed25519_type = "sk-ssh-ed25519@openssh.com";

// Views into the blob it was read from.
struct public_key {
  std::string_view type;
  std::string_view point;        // 32 bytes
  std::string_view application;  // of a security key: "ssh:..."; otherwise empty
};

enum class key_fault : uint8_t {
  malformed,
  type,         // another type: not verified here
  application,  // a security key's that was not made for ssh
};

[[nodiscard]] std::expected<public_key, key_fault> read_public_key(std::string_view blob);

}  // namespace grantd::proof
