// SPDX-License-Identifier: Apache-2.0
// One session as its ender sees it, as one datagram to report.sock (PROTOCOL.md, "report.sock"). Said again
// and again: what is lost comes back. Pure; no allocation; fuzzed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace grantd::wire {

enum class presence_state : uint8_t {
  live = 1,      // inside, and will be put out when nothing covers it
  ended = 2,     // gone; `cause` says why
  leftover = 3,  // should be gone and is not; or what a session left behind. `text` says what
  ungated = 4,   // inside without having been asked for a grant (grantd.mode was off or audit): not put out
};

enum class presence_cause : uint8_t {
  none = 0,
  closed = 1,  // left by itself
  expired = 2,
  revoked = 3,
  given_back = 4,
  locked = 5,
  narrowed = 6,  // a window is left, but not for the access it was given
  lost = 7,      // no window and no ending is known: removed by policy, table rewritten
};

// Numbers are those of decision::.
struct presence {
  presence_state state;
  presence_cause cause = presence_cause::none;  // of ended and leftover
  uint8_t proved_by;
  uint8_t point;
  uint8_t access;  // what it was given
  bool replication = false;
  uint64_t run;          // random, of the reporter's state: numbers of another run are other sessions
  uint64_t number;       // consecutive in a run, from 1: a gap is a session never heard of
  uint64_t grant = 0;    // that covers it, or covered it last; 0: none
  int64_t since_ns = 0;  // BOOTTIME: when it opened
  int64_t until_ns =
      0;             // BOOTTIME: live: when it will be ended; ended and leftover: when it was, or began to be
  uint32_t pid = 0;  // of its leader; decoration
  std::string_view name;      // <= 128
  std::string_view place;     // <= 63
  std::string_view database;  // <= 63
  std::string_view role;      // <= 63
  std::string_view remote;    // <= 63
  std::string_view text;      // <= 80: leftover: what; live: the tty
};

inline constexpr size_t max_presence = 576;

inline constexpr int64_t presence_every_s =
    10;  // each live, leftover or ungated one is said again at least so often ...
inline constexpr int64_t presence_good_s =
    35;  // ... and one not heard of for so long is not shown as live any more
inline constexpr int64_t ended_again_s =
    900;  // ended ones are said again for so long, the newest 256 of them

// Bytes used, or 0 when a value is out of range or a string too long.
[[nodiscard]] size_t encode(const presence& in, std::span<uint8_t, max_presence> out) noexcept;
// Nothing unless every byte is as PROTOCOL.md says; trailing bytes refuse. Views point into `bytes`.
[[nodiscard]] std::optional<presence> decode_presence(std::span<const uint8_t> bytes) noexcept;

}  // namespace grantd::wire
