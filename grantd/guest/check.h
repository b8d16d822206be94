// SPDX-License-Identifier: Apache-2.0
// What both guests do at a login: look the account up, decide. No heap, no exceptions, no name service, no
// environment, no waiting. Async-signal-safe.
#pragma once

#include <span>

#include "decision/decide.h"
#include "table/snapshot.h"

namespace grantd::guest {

// The account asked about, by each identity the server proved; at most two. A lock on any of them denies;
// else the first that is let in counts; else the reason that says most is given.
struct login {
  std::span<const decision::account> proved;
  decision::login_point where;
  std::string_view role;
  decision::access at_least = decision::access::read_only;
  bool live = false;  // a session that is already in asks again: see decision::question; never told not_yet
  bool name_resource = false;  // look the resource up even when allowed, to be able to name it
};

// Trivially destructible: it may be alive where ereport() jumps.
struct answer {
  decision::verdict
      verdict;         // `text` of it is always empty: see lock_text. not_yet: end_utc_s is the start's
  table::fault table;  // why, when verdict.why is table_bad
  bool table_locked;   // the whole table is LOCKED (verdict.why is then `locked`)
  bool narrower_left;  // of ask_again(): a window is open still, but not for the access the session was given
  table::snapshot::resource_name resource;  // of a denial (or on request): what to ask for; size 0 if unknown
  char lock_text[81];                       // locked: the message, terminated; empty if none
  unsigned identity;    // index into login.proved of the one that was let in, or that gave the reason
  base::boot_time now;  // when it was decided; read after the table was opened
};

// Opens `table_path`, then reads the clock, then decides. Never fails: what goes wrong is a denial.
[[nodiscard]] answer check(const char* table_path, const login& who) noexcept;

}  // namespace grantd::guest
