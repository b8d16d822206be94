// SPDX-License-Identifier: Apache-2.0
// decide(): the one answer to "may this account in here now?". Pure: no I/O, no clock, no globals, no
// allocation. The guests run it on records of the window table, the daemon on its own memory.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"
#include "decision/scope.h"

namespace grantd::decision {

inline constexpr unsigned max_windows_per_account = 32;

// How a window ended before its time was up, or that it ran out.
enum class ending : uint8_t { expired = 1, revoked = 2, given_back = 3 };

enum class record_kind : uint8_t { window = 1, ended = 2, lock = 3 };

// One thing known about one account. `who` of every record given to decide() is compared again: a record of
// somebody else is ignored, never trusted to have been filtered.
struct record {
  record_kind kind;
  account who;
  point_pattern where;
  std::string_view role;    // the database role they may log in as; empty for PAM
  decision::access access;  // meaningless for a lock
  base::boot_time start;    // window: half open, start <= t < end. ended, lock: when it began
  base::boot_time end;      // lock: when it is over. ended: when the record may be forgotten
  decision::ending how;     // ended only
  uint64_t grant;           // number of the grant, or of the lock
  int64_t end_utc_s;        // for display only: the end as UTC seconds ...
  int32_t utc_offset_s;     // ... and the host's offset then
  std::string_view text;    // lock: the message for the person, <= 80 bytes
};

struct question {
  account who;
  login_point where;
  std::string_view role;  // PostgreSQL: the role logged in as; empty for PAM
  // What the session must be covered for. At login `read_only`: whatever is open will do. A live session
  // asks again with the access it was given then.
  access at_least = access::read_only;
  // A session that is already in: `given` is then at_least, however broad what has opened since, and `until`
  // the furthest end of that (I10).
  bool live = false;
};

// The order is the precedence when several would do; of `revoked` and `ended` the one that happened later.
enum class reason : uint8_t {
  allowed = 0,
  locked = 1,
  not_yet = 2,
  revoked = 3,
  ended = 4,
  no_window = 5,
  table_bad = 6,  // never from decide(): the caller had no records to decide on
};

struct verdict {
  reason why = reason::no_window;
  // allowed: the furthest time reachable without a gap through windows with at least `given`.
  // not_yet: the earliest start. revoked, ended: when. locked: when the lock ends.
  base::boot_time until{};
  access given = access::read_only;  // allowed: the broadest access open now (fixed for the session, I10)
  uint64_t grant = 0;                // allowed: the grant whose window ends last; else the one named, or 0
  ending how = ending::expired;      // revoked and ended only
  int64_t end_utc_s = 0;             // display, of the record that gave `until`
  int32_t utc_offset_s = 0;
  std::string_view text{};  // locked: the message; lives as long as the records

  [[nodiscard]] constexpr bool allows() const noexcept { return why == reason::allowed; }
};

// Never fails: whatever the records hold, what does not clearly allow denies (I7). More than
// max_windows_per_account windows, a window with start >= end, an enumerator out of range: those records
// count for nothing. A lock that matches (by account and login point) beats every window. A window whose time
// is over is `ended` by expiry; an `ended` record counts until it may be forgotten. given_back is reported as
// `ended`. The order of the records changes nothing.
[[nodiscard]] verdict decide(std::span<const record> records, const question& asked,
                             base::boot_time now) noexcept;

}  // namespace grantd::decision
