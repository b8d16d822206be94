// SPDX-License-Identifier: Apache-2.0
// What a guest saw, as one datagram to report.sock (PROTOCOL.md, "report.sock"). Pure; no allocation; fuzzed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace grantd::wire {

// `would_deny`: mode=audit. `service` is never sent for each login (DESIGN section 2).
enum class outcome : uint8_t { allowed = 1, denied = 2, would_deny = 3, break_glass = 4 };

// Numbers are those of decision:: (reason, identity_class, point_kind); wire does not link decision.
struct report {
  wire::outcome outcome;
  uint8_t reason;
  uint8_t proved_by;
  uint8_t point;
  bool replication;
  uint64_t grant;             // 0: none
  int64_t boot_ns;            // when it was decided
  uint32_t pid;               // decoration
  std::string_view name;      // <= 128 bytes
  std::string_view place;     // <= 63
  std::string_view database;  // <= 63
  std::string_view role;      // <= 63
  std::string_view remote;    // <= 63: PAM_RHOST or the client's address; cut to fit by the sender
};

inline constexpr size_t max_report = 512;

// Bytes used, or 0 when a string is too long.
[[nodiscard]] size_t encode(const report& in, std::span<uint8_t, max_report> out) noexcept;

// Nothing unless every byte is as PROTOCOL.md says; trailing bytes refuse. Views point into `bytes`.
[[nodiscard]] std::optional<report> decode_report(std::span<const uint8_t> bytes) noexcept;

}  // namespace grantd::wire
