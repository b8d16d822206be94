// SPDX-License-Identifier: Apache-2.0
// Lines of authorized_keys (sshd(8)) that allow a key to ask, and nothing else. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace grantd::cli {

// `restrict,command="<grantctl> [--socket <socket>] stdio --person <person>" <type> <base64>`; the key's
// comment is left out. Refused with the reason: a person that is no plain name, a key that is not a type and
// base64, and paths that are not absolute or have quotes, backslashes or control characters (sshd and the
// shell read the line in turn).
[[nodiscard]] std::expected<std::string, std::string> key_line(std::string_view grantctl,
                                                               std::string_view socket,
                                                               std::string_view person, std::string_view key);

}  // namespace grantd::cli
