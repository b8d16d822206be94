// SPDX-License-Identifier: Apache-2.0
// What systemd runs for a user outside of their sessions: user@UID.service, and linger, which starts it
// without any session. Ended when the user's last window is gone; linger is put back with the next one.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "reaper/cgroup.h"

namespace grantd::reaper {

class user_services {
 public:
  // `linger` is logind's directory of files named by users (escaped as logind does), `kept` ours (0700, made
  // if absent): a file moves from one to the other, so that what was stopped is remembered across reboots.
  // Both may be absent (no logind).
  user_services(const hierarchy& groups, std::string linger = "/var/lib/systemd/linger",
                std::string kept = "/var/lib/grantd-reaper/linger");

  struct ended {
    std::vector<cgroup> killed;         // to be watched until they are empty
    std::vector<std::string> troubles;  // one line each
    bool lingered = false;  // kept of them, now or from an end that was interrupted: restore() is due
  };
  // Stops linger, then kills user@UID.service, wherever the slice of `beside` (a session scope's path) has
  // it; and the whole user-UID.slice if `registered` says yes for the id of every session scope in it. `name`
  // is a file name: one with '/', or "." or "..", is refused. Never for uid 0. What cannot be opened is
  // swept, and a trouble until it is gone: who is in it cannot be told.
  [[nodiscard]] ended end(uid_t uid, const std::string& name, const std::string& beside,
                          const std::function<bool(uint64_t scope_id)>& registered) const;
  // Puts linger back if we took it. True if there was something to put back.
  bool restore(const std::string& name) const;

 private:
  const hierarchy& groups_;
  std::string linger_;
  std::string kept_;
};

}  // namespace grantd::reaper
