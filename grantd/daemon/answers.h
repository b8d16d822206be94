// SPDX-License-Identifier: Apache-2.0
// Values of the daemon as JSON (PROTOCOL.md section 3, "Values"). Pure.
#pragma once

#include "daemon/locks.h"
#include "daemon/pool.h"
#include "daemon/timekeeper.h"
#include "daemon/varlink.h"
#include "daemon/windows.h"

namespace grantd::daemon {

// A grant object.
[[nodiscard]] json::value describe(const pool& names, const timekeeper& time, const open_grant& g);
[[nodiscard]] json::value describe(const pool& names, const ended_grant& e);
[[nodiscard]] json::value describe(const store::grant& g, const timekeeper& time);

struct request_people {
  std::vector<std::string> approvers{};  // who still may approve
  std::vector<std::string> notify{};     // of break-glass: who is told
  // Of a pending one: how many more it takes, and who approved it so that it counts no longer.
  std::optional<unsigned> missing{};
  std::vector<std::string> uncounted{};
};
// A request object. `lapses`: when, on BOOTTIME; of a pending one only.
[[nodiscard]] json::value describe(const store::request& r, const timekeeper& time, base::boot_time lapses,
                                   const request_people& involved);

// A lock object.
[[nodiscard]] json::value describe(const lock_in_force& l, const timekeeper& time);

[[nodiscard]] std::string id_of(uint64_t grant);
[[nodiscard]] std::string lock_id_of(uint64_t lock);
[[nodiscard]] std::string request_id_of(uint64_t request);
[[nodiscard]] std::string_view state_word(store::request::state s);
// To others than its person, an open grant is none.
[[nodiscard]] reply no_open_grant_of_yours(std::string_view id);
// The refusal of `text` as one: "g-9 is no id of a grant". `parameter`: its name.
[[nodiscard]] reply no_grant_id(std::string_view parameter, std::string_view text);
[[nodiscard]] reply no_request_id(std::string_view text);
// "alice", "orders-db", "everybody"
[[nodiscard]] std::string_view subject_of(const store::lock& l);
[[nodiscard]] std::string_view state_word(store::state s);
[[nodiscard]] std::string_view event_word(store::state how);  // "revoke", "give-back", "expire"
[[nodiscard]] std::string_view reason_word(decision::reason r);
// "pg:alice", "os:alice", ...
[[nodiscard]] std::string print(const decision::account& who);
[[nodiscard]] std::optional<decision::account> parse_account(std::string_view text);

[[nodiscard]] policy::login_point point_of(const pool& names, const scope_ref& s);

}  // namespace grantd::daemon
