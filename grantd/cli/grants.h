// SPDX-License-Identifier: Apache-2.0
// Grants as the API shows them: reading, listing, one in words.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/table.h"

namespace grantd::cli {

struct grant {
  std::string id, person, resource, access, state, made_by, reason;
  int64_t not_before_us = 0, not_after_us = 0, left_us = 0, made_us = 0;
  std::optional<int64_t> ended_us;
  std::string ended_by, ended_reason;
  std::vector<std::string> login_points;
  std::string request, member_of, opening;  // why it is not open yet
  bool break_glass = false;
  std::string reviewed_by;
  std::optional<int64_t> reviewed_us, first_use_us;
  // Opened by break-glass and signed off by nobody yet: shown in red, with the word.
  [[nodiscard]] bool flagged() const { return break_glass && reviewed_by.empty(); }
};

[[nodiscard]] result<grant> read_grant(const value& v);
// The array under `key`.
[[nodiscard]] result<std::vector<grant>> read_grants(const value& parameters,
                                                     std::string_view key = "grants");

// "until 17:30 +0100, 58 min left", "from 18:00 +0100 until 19:00 +0100", "ended 17:30 +0100, revoked by
// bob".
[[nodiscard]] std::string window_text(const grant& g, const context& c);

// ID PERSON RESOURCE ACCESS STATE WINDOW REASON
[[nodiscard]] std::string grants_table(const std::vector<grant>& grants, const context& c);

// What stands under STATE.
[[nodiscard]] cell state_cell(const grant& g);

// "g-7k2m alice orders-db read-only until 17:30 +0100, 58 min left"
// ", BREAK-GLASS not signed off" behind it while it is flagged.
[[nodiscard]] std::string grant_line(const grant& g, const context& c);
// grant_line on stdout, in red while it is flagged.
void print_grant(const grant& g, context& c);

// The answer of Revoke and GiveBack: one line a grant, or `none` on stderr. Done either way.
[[nodiscard]] result<exit_code> print_ended(const value& answer, std::string_view none, context& c);

}  // namespace grantd::cli
