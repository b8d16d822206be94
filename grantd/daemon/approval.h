// SPDX-License-Identifier: Apache-2.0
// What an approver signs for a request, and who may: from the store's request and the policy in force. Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "daemon/answers.h"
#include "daemon/roster.h"
#include "policy/policy.h"
#include "store/store.h"

namespace grantd::daemon {

// The text for that length. Nothing: it holds what has no one spelling, so nobody can sign it.
[[nodiscard]] std::optional<std::string> text_to_sign(const store::request& r, int64_t for_us,
                                                      const std::array<uint8_t, 16>& host);

// The request's rule, if it still is in force; null: nobody can approve it any more.
[[nodiscard]] const policy::rule* rule_of(const policy::policy* p, const store::request& r);

// Whether a word of theirs is wanted: they have not approved it, or it opens when they say it again.
[[nodiscard]] bool may_still_approve(const roster& people, const locks& locked, const store::request& r,
                                     const std::string& person, const timekeeper& time);
inline constexpr size_t max_shown = 32;  // names in a list

// Why `person` (empty: root) may not approve it by that rule; empty: they may.
[[nodiscard]] std::string objection_to_approver(const policy::rule& rule, const std::string& person,
                                                const store::request& r);

// What is wrong with a key that signed and may not, for `person` (empty: root) who brought the signature: its
// fingerprint, and those of the keys that `person` signs with.
[[nodiscard]] std::string objection_to_key(const roster& people, const std::string& blob,
                                           const std::string& person, base::utc_time now);

// Those; while it is pending whose approval counts now; and of break-glass who is told of it.
[[nodiscard]] request_people people_of(const roster& people, const locks& locked, const store::request& r,
                                       const timekeeper& time);

// Whether `by` ("root", or a person's name) may sign that break-glass grant off; `asked`: the request it came
// of, null where there is none. Never their own.
[[nodiscard]] bool may_review(const policy::policy* p, const store::grant& g, const store::request* asked,
                              const std::string& by);

// How many people it takes: never fewer than when it was asked.
[[nodiscard]] unsigned needs_of(const store::request& r, const policy::rule& rule);

// Those of its approvals that count by that rule now: by who may approve, signed where it must be, and by a
// key that still is theirs.
[[nodiscard]] std::vector<const store::approval*> that_count(const store::request& r,
                                                             const policy::rule& rule, const roster& people,
                                                             base::utc_time now);
// Of those, who is not locked: what somebody approved with a stolen key waits until their lock is lifted.
[[nodiscard]] std::vector<const store::approval*> that_count(const store::request& r,
                                                             const policy::rule& rule, const roster& people,
                                                             const locks& locked, const timekeeper& time);

}  // namespace grantd::daemon
