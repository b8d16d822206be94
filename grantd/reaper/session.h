// SPDX-License-Identifier: Apache-2.0
// One session that the reaper keeps: who, in which cgroup, until when, and how far its end has come. A value;
// what it means is in sessions.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "guest/live.h"
#include "reaper/cgroup.h"
#include "wire/presence.h"

namespace grantd::reaper {

enum class stage : uint8_t { inside = 1, ending = 2 };

struct session {
  uint64_t number = 0;
  std::string service;
  std::string user;
  std::string remote;
  std::string tty;
  pid_t leader = 0;
  cgroup group;
  bool own = false;            // a cgroup of our making
  std::optional<uid_t> owner;  // of the session scope; nothing for an own cgroup
  base::boot_time since{};
  guest::answer last{};  // until when, by which grant; after the end: why
  unsigned warned = 0;   // bits of warnings said
  bool closed = false;   // its person has left it; what it left running is kept
  stage at = stage::inside;
  wire::presence_cause cause = wire::presence_cause::none;
  base::boot_time ended{};     // when its time was up, or it was taken away
  base::boot_time begun{};     // when it was begun to be ended: later, if nobody was there
  bool asked_to_go = false;    // SIGHUP and SIGTERM were sent
  base::boot_time next_try{};  // when to ask, to kill, to kill again
  bool left_over = false;      // said that it is

  [[nodiscard]] decision::account account() const { return {decision::identity_class::os, user}; }
  [[nodiscard]] decision::login_point where() const { return {decision::point_kind::pam, service, {}}; }
};

}  // namespace grantd::reaper
