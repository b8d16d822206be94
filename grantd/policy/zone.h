// SPDX-License-Identifier: Apache-2.0
// The rules of one time zone, out of a TZif file (RFC 8536 and 9636, versions 1 to 4). Pure: bytes in,
// offsets out; exact or nothing, never a guess.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace grantd::policy {

inline constexpr size_t max_zone_bytes = 256 << 10;  // the largest of tzdata has 4 KiB

// When summer time begins or ends, in each year: of a footer as in "CET-1CEST,M3.5.0,M10.5.0/3".
struct yearly_change {
  enum class by : uint8_t { julian, day, week } kind = by::julian;  // Jn (no 29 February), n (from 0), Mm.w.d
  int month = 0, week = 0, day = 0;  // week 5: the last; day of a week: 0 is Sunday
  int32_t time_s = 7200;             // local time before the change; may be negative, or past the day
};

struct yearly_rule {
  int32_t standard_s = 0;
  std::optional<int32_t> summer_s;  // nothing: standard time all year
  yearly_change begins, ends;       // of summer time
};

struct time_zone {
  std::vector<int64_t> changes_s;  // UTC, strictly ascending
  std::vector<int32_t> offsets_s;  // east is positive; [0] before the first change, [i + 1] from the i-th on
  std::optional<yearly_rule> afterwards;  // from the last change on
};

// The error says what is wrong with the file. Files that count leap seconds ("right/...") are refused.
[[nodiscard]] std::expected<time_zone, std::string> parse_zone(std::string_view bytes);

// Local time minus UTC. Nothing where the file does not say (past its last change, without a footer), and
// outside the years 1 to 9999.
[[nodiscard]] std::optional<int32_t> offset_at(const time_zone& z, base::utc_time t);

}  // namespace grantd::policy
