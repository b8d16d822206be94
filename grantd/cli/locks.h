// SPDX-License-Identifier: Apache-2.0
// Locks as the API shows them, and whom the two commands that change them name.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command.h"

namespace grantd::cli {

struct lock {
  std::string id, subject, message, made_by;  // subject: "alice", "orders-db", "everybody"
  std::string kind;                           // "person", "resource", "all"
  int64_t until_us = 0, left_us = 0;
  std::optional<int64_t> covers;  // open grants beneath it
};

[[nodiscard]] result<lock> read_lock(const value& v);
// The array under "locks"; none when it is absent.
[[nodiscard]] result<std::vector<lock>> read_locks(const value& parameters);

// "k-7k2m person alice until 17:30 +0100, 58 min left: MESSAGE"
[[nodiscard]] std::string lock_line(const lock& l, const context& c);

// NAME (or ID, which begins with "k-", where `with_id`), --person, --resource or --all: exactly one.
[[nodiscard]] result<value> named_subject(const context& c, std::string_view command, bool with_id);

}  // namespace grantd::cli
