// SPDX-License-Identifier: Apache-2.0
// Which byte strings are names. Pure; names are compared bytewise and never given to a resolver.
#pragma once

#include <cstddef>
#include <string_view>

namespace grantd::base {

inline constexpr size_t max_name = 63;  // OS users, roles, databases, persons, resources, clusters, services
inline constexpr size_t max_identity = 128;  // distinguished names and Kerberos principals

// 1 to 63 bytes of valid UTF-8, no control bytes (0x00-0x1f, 0x7f, C1), no '/', no leading '-', no space at
// either end. What PostgreSQL or Linux-PAM would call an account, cluster, database or service.
[[nodiscard]] bool is_account_name(std::string_view text) noexcept;

// The same to 128 bytes, '/' and leading '-' allowed: a certificate's DN, a Kerberos principal.
[[nodiscard]] bool is_identity_name(std::string_view text) noexcept;

// Names that grantd itself gives out (persons, resources, groups): [a-z0-9] then [a-z0-9._-], 1 to 63 bytes.
[[nodiscard]] bool is_plain_name(std::string_view text) noexcept;

// Valid UTF-8 (no overlong forms, surrogates or > U+10FFFF) without control bytes; any length.
[[nodiscard]] bool is_printable_utf8(std::string_view text) noexcept;

}  // namespace grantd::base
