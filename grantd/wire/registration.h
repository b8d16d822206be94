// SPDX-License-Identifier: Apache-2.0
// The frames of session.sock (PROTOCOL.md, "session.sock"): a PAM module tells the reaper that a session
// opens or closes, the reaper answers what was decided. Pure; no allocation; fuzzed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace grantd::wire {

enum class registration_kind : uint8_t { open = 1, close = 2 };

// The sender's process is the session's leader: the reaper learns it from the socket, never from here.
struct registration {
  registration_kind kind;
  std::string_view service;  // 1 to 63 bytes
  std::string_view user;     // 1 to 63
  std::string_view remote;   // at most 63: PAM_RHOST
  std::string_view tty;      // at most 63: PAM_TTY, decoration
};

enum class registration_result : uint8_t {
  covered = 1,  // registered, and a window covers it
  nested = 2,   // inside a registered session, which covers it: nothing was looked up
  denied = 3,   // looked up and denied: what was recorded of it is being ended
  failed = 4,   // could not be registered: `text` says why
  closed = 5,   // answer to close
};

// Numbers are those of decision:: and table::; the reaper's guest::answer, flat.
struct registration_answer {
  registration_result result;
  uint8_t reason = 0;  // decision::reason
  uint8_t fault = 0;   // table::fault
  bool table_locked = false;
  uint8_t given = 1;  // decision::access
  uint8_t how = 1;    // decision::ending
  uint64_t grant = 0;
  int64_t until_ns = 0;  // BOOTTIME
  int64_t now_ns = 0;    // BOOTTIME of the decision
  int64_t end_utc_s = 0;
  int32_t utc_offset_s = 0;
  std::string_view resource{};  // at most 63
  std::string_view text{};      // at most 80: the lock's message, or why it failed
};

inline constexpr size_t max_registration = 320;
inline constexpr size_t max_registration_answer = 256;

// Bytes used, or 0 when a value is out of range or a string too long.
[[nodiscard]] size_t encode(const registration& in, std::span<uint8_t, max_registration> out) noexcept;
[[nodiscard]] size_t encode(const registration_answer& in,
                            std::span<uint8_t, max_registration_answer> out) noexcept;

// Nothing unless every byte is as PROTOCOL.md says; trailing bytes refuse. Views point into `bytes`.
[[nodiscard]] std::optional<registration> decode_registration(std::span<const uint8_t> bytes) noexcept;
[[nodiscard]] std::optional<registration_answer> decode_registration_answer(
    std::span<const uint8_t> bytes) noexcept;

}  // namespace grantd::wire
