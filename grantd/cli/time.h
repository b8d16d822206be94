// SPDX-License-Identifier: Apache-2.0
// Times as people write them, in the caller's zone. Pure: zone and now are parameters; grantd never sees any
// of it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace grantd::cli {

// Seconds east of UTC at that instant, in the caller's zone.
using zone = std::function<int32_t(base::utc_time)>;

// The zone of TZ or /etc/localtime (localtime_r). Only grantctl may ask; nothing is decided by it.
[[nodiscard]] zone system_zone();

// A point in time:
//   2026-11-22T17:30:00Z, 2026-11-22 17:30 +0100     with an offset: as it says
//   17:30, 17:30:20, today 17:30                     today, in the zone
//   tomorrow 09:00, 2026-11-23 09:00                 that day, in the zone
//   now
// An offset (Z, +0100, +01:00) may follow each form; the day is then the day there. Seconds and up to six
// digits of fraction may follow the minute. Refused with the reason: a time that a clock change skips or
// shows twice (both readings are named), a day without a time, anything else.
[[nodiscard]] std::expected<base::utc_time, std::string> parse_moment(std::string_view text,
                                                                      base::utc_time now, const zone& local);

// The window of `grant`: --for 90m, --for "until 17:30", --until 17:30, --from TIME. Empty strings are
// absent.
struct window {
  std::optional<base::utc_time> from;
  std::optional<base::utc_time> until;  // never together with for_us
  std::optional<int64_t> for_us;
};
// Refused: for and until together, an end that is not after the start (or after `now`), a start before `now`.
// `from_option`: what the command calls the start.
[[nodiscard]] std::expected<window, std::string> parse_window(std::string_view for_text,
                                                              std::string_view until_text,
                                                              std::string_view from_text, base::utc_time now,
                                                              const zone& local,
                                                              std::string_view from_option = "--from");

// "until 17:30 +0100, 58 min left"; without the second part when `left_us` is not above 0.
[[nodiscard]] std::string print_until(base::utc_time end, int64_t left_us, base::utc_time now,
                                      const zone& local);

// base::print_local in the zone.
[[nodiscard]] std::string print_time(base::utc_time t, base::utc_time now, const zone& local);
// "2026-11-27 09:10:12 +0000" in the zone, whenever it is read: for what is compared and kept.
[[nodiscard]] std::string print_whole_time(base::utc_time t, const zone& local);

}  // namespace grantd::cli
