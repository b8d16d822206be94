// SPDX-License-Identifier: Apache-2.0
// What the rules say about one question: opens at once, needs approvals, or no. Pure: no clock, no files, no
// name service; must never answer "opens" when anything is unclear.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "policy/policy.h"

namespace grantd::policy {

struct question {
  std::string_view person;     // a name of the policy
  std::string_view resource;   // a name of the policy
  std::string_view role = {};  // database role; empty: all that the person has there
  std::string_view reason = {};
  std::optional<int64_t> for_us = {};  // absent: the resource's default, cut to the rule's max
  bool read_write = false;
  bool break_glass = false;   // only break-glass rules are asked then, and never otherwise
  base::utc_time start = {};  // of the window: what `hours` are compared with
};

enum class objection : uint8_t {
  none,
  no_such_person,
  no_such_resource,
  no_account,      // the person has no account there, or none with that role
  no_rule,         // no rule speaks of this person, resource and access
  denied,          // a deny rule does
  read_only,       // rules do, but none (or not the resource) gives read-write
  no_break_glass,  // no break-glass rule does
  outside_hours,
  too_long,
  reason_missing,
  reason_pattern,  // a reason is there, but not as the rule wants it
  quota,
};

struct judgement {
  enum class outcome : uint8_t { opens, asks, refused };
  outcome what = outcome::refused;
  const rule* by =
      nullptr;  // the rule that decided; lives as long as the policy. Refused: the nearest one, or null
  objection why = objection::none;
  std::vector<objection> unmet = {};  // all that the nearest rule objects to, `why` first
  int64_t for_us = 0;                 // how long; of `too_long` the longest there is
  std::string message = {};           // refused: one sentence, naming the thing and each reason
};

// How many self-service grants by that rule the person has had in the last 24 hours.
inline constexpr int64_t quota_us = int64_t{86400} * base::us_per_s;
using used_function = std::function<unsigned(std::string_view rule)>;

// The order: a deny rule that speaks of person, resource, access and hour refuses. Of the rules that fit in
// everything the one with the fewest approvals decides; of these the one with the longest `max`; of these the
// first by name. When none fits, the refusal is that of the first in the same order whose person and resource
// fit.
[[nodiscard]] judgement judge(const policy& p, const question& q, const used_function& used);

// The rule that decides first of those that let this person ask for reading there; null: none does.
[[nodiscard]] const rule* first_rule(const policy& p, std::string_view person, std::string_view resource);

// The first full minute after `after` at which the rule's hours are open; nothing within a week.
[[nodiscard]] std::optional<base::utc_time> next_opening(const rule& r, base::utc_time after);

// The first moment from `after` on at which the rule's quota has room, where windows by it begin at `begins`
// (in any order); nothing when it has no quota.
[[nodiscard]] std::optional<base::utc_time> next_of_quota(const rule& r, std::vector<base::utc_time> begins,
                                                          base::utc_time after);

// Where a rule names a Unix group that this host does not know now: is somebody in it? A name service that is
// away opens nothing, and takes nothing away either.
enum class if_unclear : uint8_t { out, in };

// Is there still a rule that would let this person ask for that (hours, reason, length and quota aside), and
// none that denies it whatever the hour? What a grant that was asked for, and a pending request, live by.
[[nodiscard]] bool may_ask(const policy& p, std::string_view person, std::string_view resource,
                           bool read_write, bool break_glass, if_unclear they_are = if_unclear::out);

// Does this very rule still let this person ask for that (hours, reason, length and quota aside)?
[[nodiscard]] bool rule_gives(const policy& p, const rule& r, std::string_view person,
                              std::string_view resource, bool read_write, bool break_glass,
                              if_unclear they_are = if_unclear::out);

// Why a window by that rule may not begin at `start`: denied (by whichever rule) or outside_hours; none: it
// may.
[[nodiscard]] objection objection_to_start(const policy& p, const rule& r, std::string_view person,
                                           std::string_view resource, bool read_write, base::utc_time start);

// Distinct people who may approve for `requester` by this rule: never the requester.
[[nodiscard]] bool may_approve(const rule& r, std::string_view approver, std::string_view requester);

[[nodiscard]] std::string_view word(objection o);  // "too-long", for JSON

}  // namespace grantd::policy
