// SPDX-License-Identifier: Apache-2.0
// Every session that is registered: let in, asked again, warned, put out, seen to be gone. One thread; `now`
// is a parameter; what is looked up is injected.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "reaper/session.h"
#include "reaper/spool.h"
#include "reaper/state.h"
#include "reaper/users.h"
#include "wire/registration.h"

namespace grantd::reaper {

// Between SIGTERM and the kill, after an expiry.
inline constexpr int64_t grace_ns = 150'000'000;
// In which sshd carries the last line from the terminal to the person.
inline constexpr int64_t reading_ns = 25'000'000;
// In which a refused leader reads why.
inline constexpr int64_t refused_ns = 200'000'000;
// From the end to the alarm, which P2 wants within the second; then between two kills of what is left over.
inline constexpr int64_t alarm_ns = 900'000'000;
inline constexpr int64_t again_ns = base::ns_per_s;
// Presence of everybody: at most so often when the table changes.
inline constexpr int64_t presence_sooner_ns = base::ns_per_s;

struct peer {
  pid_t pid;
  int pidfd;
};

struct surroundings {
  const hierarchy& groups;
  const state& kept;
  spool& told;
  const user_services& services;
  // Where own cgroups are made; nothing: beneath the leader's present one.
  std::optional<std::string> own_parent;
  uint64_t run;
  std::function<guest::answer(const session&)> look_up;  // guest::check, with the resource's name
  std::function<guest::fate(const session&, guest::answer& last)> ask_again;  // guest::ask_again
  std::function<void(const session&)> watch = [](const session&) {};          // its cgroup.events
};

class sessions {
 public:
  explicit sessions(surroundings around);

  // What was there before a restart.
  void recall(base::boot_time now);

  // Records the peer's cgroup (or makes one and moves it there), then looks up. The views of the answer live
  // until the next call.
  [[nodiscard]] wire::registration_answer open(const peer& leader, const wire::registration& asked,
                                               base::boot_time now);
  void close(const peer& leader);

  // The window table changed, or may have.
  void look(base::boot_time now);
  // What is due: ends, warnings, kills, repetitions.
  void act(base::boot_time now);
  // The cgroup of this session may be empty.
  void check(uint64_t number, base::boot_time now);
  [[nodiscard]] base::boot_time next() const;  // when act() has something to do

  [[nodiscard]] const std::map<uint64_t, session>& all() const { return sessions_; }

 private:
  [[nodiscard]] std::optional<cgroup> fresh_scope(const peer& leader, const std::string& path) const;
  [[nodiscard]] std::expected<cgroup, std::string> make_own(const std::string& path, uint64_t number) const;
  [[nodiscard]] std::expected<void, std::string> enter(const peer& leader, const cgroup& own,
                                                       const std::string& from) const;
  // On file, with the leader in its cgroup; or nothing of it is left.
  [[nodiscard]] std::expected<session, std::string> record(const peer& leader,
                                                           const wire::registration& asked,
                                                           base::boot_time now);
  [[nodiscard]] bool save(const session& s);
  [[nodiscard]] uint64_t next_number();  // kept, so that none is given twice in a run
  void keep_number(uint64_t last);
  void begin_end(session& s, wire::presence_cause cause, base::boot_time now);
  void put_out(session& s, base::boot_time now);
  void warn(session& s, base::boot_time now);
  void ask(session& s, base::boot_time now);
  bool finish_if_empty(session& s, base::boot_time now);  // true: `s` is gone
  [[nodiscard]] base::boot_time next_of(const session& s) const;
  [[nodiscard]] user_surroundings for_users();

  surroundings around_;
  users users_;
  std::map<uint64_t, session> sessions_;
  uint64_t last_number_ = 0;
  base::boot_time said_{};  // presence of everybody
  base::boot_time said_changed_{};
  bool changed_ = false;  // the table has changed since
  guest::answer answered_{};
  std::string failed_;
};

// The warnings (15, 5 and 1 minutes before the end) whose time has come, as bits.
[[nodiscard]] unsigned due_warnings(const session& s, base::boot_time now);

}  // namespace grantd::reaper
