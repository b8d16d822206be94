// SPDX-License-Identifier: Apache-2.0
// Who is inside, as the enders say it (PROTOCOL.md section 2, "Presence"), and what of that the audit lacks
// yet. Decides nothing. No I/O, no clock: `now` is a parameter. Bounded for each ender, whatever it says.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "daemon/rate.h"
#include "service/log.h"
#include "wire/presence.h"

namespace grantd::daemon {

// Of one ender, those that ended included. What does not fit is not kept, and counts as never heard of.
inline constexpr size_t max_sessions = 20'000;
// Ended ones are kept for as long as their ender says them again, so that each is recorded once.
inline constexpr size_t max_ended_sessions = 4096;
inline constexpr int64_t ended_session_kept_ns = (wire::ended_again_s + 60) * base::ns_per_s;
// After that long without a word the ender is gone for good, and so are its sessions ("lost").
inline constexpr int64_t silent_kept_ns = 86'400 * base::ns_per_s;

// One session. Strings are bytes as a stranger may have typed them.
struct inside {
  wire::presence_state state = wire::presence_state::live;
  wire::presence_cause cause = wire::presence_cause::none;
  uint8_t proved_by = 0;
  uint8_t point = 0;
  uint8_t access = 0;
  bool replication = false;
  uint64_t run = 0;
  uint64_t number = 0;
  uint64_t grant = 0;
  base::boot_time since{};
  base::boot_time until{};  // as wire::presence says
  base::boot_time heard{};  // when its ender last spoke of it
  uint32_t pid = 0;
  std::string name, place, database, role, remote, text;

  // Inside for all that is known, but its ender has not said so for too long.
  [[nodiscard]] bool silent(base::boot_time now) const {
    return (state == wire::presence_state::live || state == wire::presence_state::ungated) &&
           now.ns - heard.ns > wire::presence_good_s * base::ns_per_s;
  }
};

[[nodiscard]] std::string_view cause_word(wire::presence_cause c);  // "revoked", ...; empty for none
[[nodiscard]] std::string_view access_word(const inside& s);        // "read-only", "read-write"
[[nodiscard]] std::string account_of(const inside& s);              // "pg:alice"
[[nodiscard]] std::string point_of(const inside& s);                // "pg:main/orders"
[[nodiscard]] std::string id_of(const inside& s);                   // the audit's `session`: run, ":", number
[[nodiscard]] std::string run_of(const inside& s);                  // hex
// UTC of a point on BOOTTIME.
[[nodiscard]] int64_t utc_us(const base::clock_reading& now, base::boot_time at);

class sessions {
 public:
  // `from`: since when datagrams have been listened for; what opened earlier may have ended unheard.
  explicit sessions(base::boot_time from = {}) : from_(from) {}

  // The reporter may speak about that login point: the caller has looked. false: not believed.
  [[nodiscard]] bool hear(const base::clock_reading& now, uid_t reporter, const wire::presence& p);
  // Forgets what is over, and takes enders that are gone at their silence.
  void tidy(base::boot_time now);

  // Hands the audit what it lacks, at a rate for each ender; what `keep` has no room for (false) is for
  // later, and nothing is forgotten before. A session that is first heard of is a `session`, its end a
  // `session-end`, what is left over a `leftover`. Each of a session's has a name, `once`: what the audit
  // `has` by that name, of before a restart, is not handed to it again.
  using fields = std::vector<std::pair<std::string, std::string>>;
  struct audit {
    std::function<bool(const std::string& once)> has;
    std::function<bool(std::string event, fields f, std::string once)> keep;
  };
  void record(const base::clock_reading& now, const audit& to);
  // Of how many sessions the audit lacks something.
  [[nodiscard]] size_t unrecorded() const;

  struct line {
    service::level at;
    std::string text;
  };
  [[nodiscard]] std::vector<line> take_lines() { return std::exchange(lines_, {}); }

  // Those that have not ended.
  void each(const std::function<void(uid_t reporter, const inside&)>& f) const;
  [[nodiscard]] size_t leftovers() const;
  // How many were opened while this listened and have not been heard of.
  [[nodiscard]] uint64_t missed() const;
  [[nodiscard]] size_t held() const;  // in memory, ended ones included

 private:
  using key = std::pair<uint64_t, uint64_t>;  // run, number
  enum class told : uint8_t { nothing, opened, ended, leftover };
  struct kept {
    inside what;
    told audit = told::nothing;
    bool queued = false;
    bool presumed = false;  // its end: nobody has said so
    base::boot_time ended{};
  };
  // The reaper (no cluster), or a cluster's worker.
  struct ender {
    uint64_t run = 0;
    std::deque<uint64_t> retired;  // runs before it
    std::map<key, kept> all;
    std::set<std::pair<base::boot_time, key>> over;  // the ended ones, by when that was heard
    std::deque<key> unrecorded;
    size_t leftovers = 0;
    rate recorded{200, 10};
    rate logged{50, 2};
    uint64_t unsaid = 0;
    // What `missed` is reckoned from, of this run.
    bool whole = false;  // it began while we listened
    uint64_t first = 0;  // the lowest number that opened while we listened; 0: none
    uint64_t last = 0;
    uint64_t counted = 0;
  };
  static bool settled(const kept& k);
  static told lacking(const kept& k);
  void take_run(ender& e, const std::string& who, base::boot_time now, uint64_t run);
  void enter(ender& e, key k, kept& one, wire::presence_state next, base::boot_time now);
  void queue(ender& e, key k, kept& one);
  bool make_room(ender& e);
  void forget(ender& e, base::boot_time now);
  void lose(ender& e, key k, kept& one, base::boot_time now);
  void say(ender& e, base::boot_time now, service::level at, std::string text);

  base::boot_time from_;
  base::boot_time tidied_{};
  std::map<std::pair<uid_t, std::string>, ender> enders_;
  std::vector<line> lines_;
};

}  // namespace grantd::daemon
