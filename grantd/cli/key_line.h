// SPDX-License-Identifier: Apache-2.0
// Lines of authorized_keys (sshd(8)) that allow a key to ask, and nothing else. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace grantd::cli {

// Who speaks with a key: a person, or a relay.
enum class speaker : uint8_t { person, relay };

// `restrict,command="<grantctl> [--socket <socket>] stdio --person|--relay <name>" <type> <base64>`; the
// key's comment is left out. Refused with the reason: a name that is no plain name, a key that is not a type
// and base64, and paths that are not absolute or have quotes, backslashes or control characters (sshd and the
// shell read the line in turn).
[[nodiscard]] std::expected<std::string, std::string> key_line(std::string_view grantctl,
                                                               std::string_view socket, std::string_view name,
                                                               std::string_view key,
                                                               speaker who = speaker::person);

}  // namespace grantd::cli
