// SPDX-License-Identifier: Apache-2.0
// What an approver signs: one text that a person can read, with exactly one spelling (PROTOCOL.md, "Approval
// text"). Pure. Two different approvals never have the same text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"

namespace grantd::proof {

struct approval_facts {
  std::span<const uint8_t, 16> host;  // the store's uuid
  uint64_t request;
  std::string_view person;
  std::string_view resource;
  std::string_view role;  // empty: none in particular
  bool read_write;
  bool break_glass;
  int64_t for_us;        // what is approved: the request's length, or less
  int64_t asked_for_us;  // the request's
  std::optional<base::utc_time> start;
  bool first_use;
  std::optional<base::utc_time> until;  // the end at the latest, whenever it is approved
  uint64_t extends;                     // the grant it prolongs; 0: none
  base::utc_time asked;
  std::string_view reason;
  std::span<const std::string> scopes;  // "pg:alice at pg:main/orders as alice, read-only"
};

// Nothing when two approvals could look or read alike: a value that is not printable UTF-8 on one line, has a
// space at either end or turns the direction of writing; a name or scope that is empty; a length that is not
// whole seconds, or longer than asked for; a number or a time out of range; an end that is no later than it
// was asked for. Whoever takes a request asks for its text at once, so that none waits that cannot be
// approved.
[[nodiscard]] std::optional<std::string> approval_text(const approval_facts& f);

}  // namespace grantd::proof
