// SPDX-License-Identifier: Apache-2.0
// OpenSSH public keys as one line of text. Pure; decides what may stand in an authorized_keys line, so it
// must never let through options, a second line, or anything that is not exactly one key.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace grantd::policy {

struct key_line {
  std::string type;  // "ssh-ed25519"
  std::string blob;  // decoded: what identifies the key, whatever its comment
};

inline constexpr unsigned min_rsa_bits = 2048;

// "TYPE BASE64 [COMMENT]", printable UTF-8, single spaces before the comment; types ssh-ed25519,
// ecdsa-sha2-nistp*, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com and ssh-rsa (RFC
// 4253 6.6, RFC 5656 3.1, RFC 8709 4, OpenSSH PROTOCOL.u2f). Otherwise why not, in words that end a sentence
// "this key ...".
[[nodiscard]] std::expected<key_line, std::string> parse_key_line(std::string_view line);

}  // namespace grantd::policy
