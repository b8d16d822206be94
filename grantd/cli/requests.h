// SPDX-License-Identifier: Apache-2.0
// Requests as the API shows them: reading, listing, one in words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/table.h"

namespace grantd::cli {

struct approval {
  std::string person, key, signature, text;
  int64_t at_us = 0, for_us = 0;
};

struct access_request {
  std::string id, person, resource, role, access, reason, state, rule, made_by, extends, ended_by,
      ended_reason, grant, grant_ended;
  bool break_glass = false, first_use = false, is_signed = true;
  int64_t for_us = 0, needs = 0, made_us = 0, lapses_us = 0, left_us = 0;
  std::optional<int64_t> start_us, until_us, ended_us;
  std::vector<std::string> approved_by, approvers, notify;  // notify: who is told of a break-glass
  std::vector<std::string> uncounted;                       // of approved_by: whose approval counts no longer
  std::optional<int64_t> missing;                           // how many more it takes
  std::vector<approval> approvals;
  [[nodiscard]] bool pending() const { return state == "pending"; }
};

[[nodiscard]] result<access_request> read_request(const value& v);
// The array under "requests"; none when it is absent.
[[nodiscard]] result<std::vector<access_request>> read_requests(const value& parameters);

// "needs 1 of bob, carol", "needs 2 of bob, carol, dave (bob has approved)", "granted: g-7k2m",
// "granted: g-7k2m, given back", "denied by bob: not today", "lapsed: nobody answered in time"
[[nodiscard]] std::string outcome_text(const access_request& r);

// "1h", "until 17:30 +0100", "1h, extends g-7k2m"
[[nodiscard]] std::string length_text(const access_request& r, const context& c);

// ID PERSON RESOURCE ACCESS FOR STATE OUTCOME REASON
[[nodiscard]] std::string requests_table(const std::vector<access_request>& all, const context& c);

// "r-7k2m alice orders-db read-only for 1h: needs 1 of bob, carol"
[[nodiscard]] std::string request_line(const access_request& r, const context& c);

// The answer of Deny, Cancel and the like: the request in one line, or the document.
[[nodiscard]] result<exit_code> print_request_answer(const value& answer, context& c);

}  // namespace grantd::cli
