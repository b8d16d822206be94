// SPDX-License-Identifier: Apache-2.0
// Users of logind whose sessions were registered: when the last window that covers one of their login points
// is gone, what systemd runs for them beside their sessions is ended, too.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reaper/session.h"
#include "reaper/spool.h"
#include "reaper/state.h"
#include "reaper/user_services.h"

namespace grantd::reaper {

struct user {
  uid_t uid = 0;
  std::string name;
  std::string beside;                            // path of a session scope of theirs
  std::map<std::string, guest::answer> covered;  // by PAM service: what was known of its window last
  std::vector<std::string> services;             // all that were seen; linger comes back with a window of any
  bool kept_linger = false;
  std::vector<cgroup> dying;                 // to be seen empty
  std::vector<std::string> troubles;         // why the last try could not end all
  base::boot_time ended{};                   // when its last window was gone
  bool due = false;                          // it was not seen yet that systemd runs nothing for it
  std::optional<base::boot_time> first_try;  // to end it
  base::boot_time next_try{};                // when to end it, or to look at what is dying again
  uint64_t left_over = 0;                    // the number under which that was said; 0: not
};

// What the users need of the rest.
struct user_surroundings {
  const user_services& services;
  const state& kept;
  spool& told;
  std::function<guest::answer(const std::string& user, const std::string& service)> look_up;
  std::function<guest::fate(const std::string& user, const std::string& service, guest::answer& last)>
      ask_again;
  std::function<bool(uint64_t scope)> registered;
  std::function<bool(uid_t owner)> has_sessions;  // in their scopes; being ended or not
  std::function<uint64_t()> next_number;
};

// A user's sessions go first, in their own way; what systemd runs beside them follows when they are gone, or
// after so long.
inline constexpr int64_t sessions_first_ns = 250'000'000;

class users {
 public:
  explicit users(user_surroundings around) : around_(std::move(around)) {}

  void recall();
  // A session of theirs was let in.
  void add(const session& s);
  // One was refused though its login had begun: what systemd started for it meanwhile goes, unless a window
  // covers another login point of theirs.
  void refuse(const session& s, base::boot_time now);
  // The window table changed, or time has come: asks for each.
  void look(base::boot_time now);
  // Ends what is due, watches what is dying, forgets what is gone. What could not be ended, or is not gone,
  // is said to be left over a second later, and tried again each second.
  void chase(base::boot_time now);
  // When to look or chase next; nothing: never.
  [[nodiscard]] std::optional<base::boot_time> next() const;
  [[nodiscard]] size_t count() const { return users_.size(); }

 private:
  [[nodiscard]] user& note(const session& s);
  // One of their services has a window: true if something was to be ended, or linger to be put back.
  bool cover_again(user& u);
  [[nodiscard]] bool is_time(const user& u, base::boot_time now) const;
  void try_to_end(user& u, base::boot_time now);
  void end(user& u);
  void say_left_over(user& u);
  void save(const user& u) const;
  user_surroundings around_;
  std::map<uid_t, user> users_;
};

}  // namespace grantd::reaper
