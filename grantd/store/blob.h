// SPDX-License-Identifier: Apache-2.0
// The two kinds of bytes kept in columns: scopes of a grant, fields of an audit record. Exact or nothing.
#pragma once

#include "store/store.h"

namespace grantd::store {

// version, count u16, then each: class, kind, flags, account, place, database, role (u16 length + bytes); in
// version 2, which is written where a scope has one, then member_of.
// Integers are little-endian. Nothing when there are too many or a text is too long.
[[nodiscard]] std::optional<std::vector<uint8_t>> encode_scopes(std::span<const policy::scope> scopes);
[[nodiscard]] std::optional<std::vector<policy::scope>> decode_scopes(std::span<const uint8_t> bytes);
// One scope as the audit writes it: "os:alice at pam:sshd, full", "pg:alice at pg:main/orders as app,
// ...".
[[nodiscard]] std::string print_scope(const policy::scope& s);

// count u16, then key and value of each (u32 length + bytes).
[[nodiscard]] std::optional<std::vector<uint8_t>> encode_fields(std::span<const field> fields);
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> decode_fields(
    std::span<const uint8_t> bytes);

}  // namespace grantd::store
