// SPDX-License-Identifier: Apache-2.0
// The one place that turns an objection into words, for people and for JSON.
#include "policy/refusal.h"

#include "base/duration.h"

namespace grantd::policy {
namespace {

std::string hours_of(const rule& r) {
  std::string out;
  for (const hours& h : r.when) out += (out.empty() ? "" : " and ") + h.text;
  return out;
}

std::string all_windows(unsigned quota) {
  return quota == 1 ? "the one window" : "all " + std::to_string(quota) + " windows";
}

}  // namespace

std::string refusal(objection why, const rule* by, const question& q, int64_t most) {
  const std::string person = escaped(q.person, 80);
  const std::string resource = escaped(q.resource, 80);
  const std::string rule = by != nullptr ? "rule " + by->name : "no rule";
  switch (why) {
    case objection::none:
      break;
    case objection::no_such_person:
      return "there is no person " + quoted(q.person) + " in the policy";
    case objection::no_such_resource:
      return "there is no resource " + quoted(q.resource) + " in the policy";
    case objection::no_account:
      return person + " has no account at " + resource + (q.role.empty() ? "" : " as role " + quoted(q.role));
    case objection::no_rule:
      return "no rule lets " + person + " ask for " + resource;
    case objection::denied:
      return rule + " denies " + person + " " + resource +
             (by == nullptr || by->message.empty() ? "" : ": " + by->message);
    case objection::read_only:
      return person + " may only read at " + resource + " (" + rule + "): ask without --read-write";
    case objection::no_break_glass:
      return "no break-glass rule lets " + person + " into " + resource + ": ask without --break-glass";
    case objection::outside_hours:
      return rule + " lets " + person + " into " + resource + " only " + (by != nullptr ? hours_of(*by) : "");
    case objection::too_long:
      return "a window of " + std::string(base::print_duration_short(q.for_us.value_or(0)).view()) + " at " +
             resource + " is not to be had for " + person + ": at most " +
             std::string(base::print_duration_short(most).view()) + " (" + rule + ")";
    case objection::reason_missing:
      if (by == nullptr || by->reason_pattern.empty())
        return rule + " wants a reason: give one with --reason";
      [[fallthrough]];
    case objection::reason_pattern:
      return rule + " wants a reason in which " + quoted(by != nullptr ? by->reason_pattern : "") +
             " is found";
    case objection::quota:
      return person + " has had " + all_windows(by != nullptr ? by->quota.value_or(0) : 0) + " that " + rule +
             " gives in 24 hours";
  }
  return "refused";
}

std::string_view word(objection o) {
  switch (o) {
    case objection::none:
      return "none";
    case objection::no_such_person:
      return "no-such-person";
    case objection::no_such_resource:
      return "no-such-resource";
    case objection::no_account:
      return "no-account";
    case objection::no_rule:
      return "no-rule";
    case objection::denied:
      return "denied";
    case objection::read_only:
      return "read-only";
    case objection::no_break_glass:
      return "no-break-glass";
    case objection::outside_hours:
      return "outside-hours";
    case objection::too_long:
      return "too-long";
    case objection::reason_missing:
      return "reason-missing";
    case objection::reason_pattern:
      return "reason-pattern";
    case objection::quota:
      return "quota";
  }
  return "none";
}

}  // namespace grantd::policy
