// SPDX-License-Identifier: Apache-2.0
// The class sessions with everything around it: real cgroups and window tables, a clock that only the test
// moves, and an ear where grantd would listen.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reaper/sessions.h"
#include "unit/guest/table_fixture.h"
#include "unit/reaper/ground.h"

namespace grantd::test {

// A presence datagram that was heard.
struct heard {
  wire::presence_state state;
  wire::presence_cause cause;
  uint64_t run;
  uint64_t number;
  uint64_t grant;
  int64_t until_ns;
  std::string name;
  std::string text;
};

// A datagram socket bound to a path.
class ear {
 public:
  explicit ear(const std::string& path);
  // All that came since; waits up to `first_ms` for the first. Throws at what is no presence.
  [[nodiscard]] std::vector<heard> listen(int first_ms = 0);

 private:
  base::unique_fd socket_;
};

class house {
 public:
  house();

  // `sessions` of its own; the ones before are forgotten as by a kill -9. `now` is where it recalls.
  void start(base::boot_time now);
  [[nodiscard]] reaper::sessions& all() { return *sessions_; }
  [[nodiscard]] const reaper::session& only();  // of the one session there is; throws

  // A fresh process in a cgroup of its own below the test's, in which no session is.
  [[nodiscard]] std::unique_ptr<child> arrive(const std::function<void()>& body = {});
  [[nodiscard]] wire::registration_answer open(const child& leader, base::boot_time now,
                                               std::string_view user = "bob");
  // act() at `now`, then all that follows until nothing is due by `now`.
  void act(base::boot_time now) { all().act(now); }
  // The session's cgroup is empty before `deadline_ms` of real time; check() is then called with `now`.
  [[nodiscard]] bool gone(base::boot_time now, int deadline_ms = 5000);
  [[nodiscard]] std::string state_file(uint64_t number) const;

  ground g;
  temp_dir dir;
  table_fixture table;
  ear grantd;
  // In place of guest::check; by default it.
  std::function<guest::answer(const reaper::session&)> look_up;
  uint64_t run = 0x1234;
  std::optional<std::string> own_parent;  // the test's own

 private:
  reaper::state kept_;
  reaper::spool told_;
  reaper::user_services services_;
  std::unique_ptr<reaper::sessions> sessions_;
  unsigned arrived_ = 0;
};

// `ms` after `from`.
[[nodiscard]] constexpr base::boot_time later(base::boot_time from, int64_t ms) {
  return {from.ns + ms * 1'000'000};
}

}  // namespace grantd::test
