// SPDX-License-Identifier: Apache-2.0
// The audit's hash chain (DESIGN section 12; PROTOCOL.md, "Audit record"). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grantd::proof {

using digest = std::array<uint8_t, 32>;  // BLAKE2b-256

// Must be called once before anything else of proof/. false: libsodium cannot start.
[[nodiscard]] bool start();

// One audit record before it is chained. Keys are fixed words of PROTOCOL.md; values any bytes.
struct audit_record {
  uint64_t sequence;  // 1, 2, 3 ... without a gap
  int64_t utc_us;
  std::string_view event;  // "grant", "revoke", "expire", ...
  std::span<const std::pair<std::string_view, std::string_view>> fields;
};

// Canonical: length-prefixed, in the given order, version inside; two different records never encode alike.
[[nodiscard]] std::vector<uint8_t> canonical(const audit_record& r);

// BLAKE2b-256 of a domain label, the previous digest (all zero before the first record) and the record's
// bytes.
[[nodiscard]] digest link(const digest& previous, std::span<const uint8_t> record);

}  // namespace grantd::proof
