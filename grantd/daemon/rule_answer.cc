// SPDX-License-Identifier: Apache-2.0
// Asks the judge as a request would, without making one.
#include "daemon/rule_answer.h"

#include <fmt/core.h>

#include <algorithm>
#include <climits>

#include "base/duration.h"
#include "daemon/answers.h"
#include "daemon/asking_help.h"
#include "daemon/quota.h"

namespace grantd::daemon {
namespace {

using outcome = policy::judgement::outcome;

ask as_typed(const policy::question& q) {
  ask a;
  a.person = q.person;
  a.resource = q.resource;
  a.role = q.role;
  a.reason = q.reason;
  a.for_us = q.for_us;
  a.read_write = q.read_write;
  a.break_glass = q.break_glass;
  return a;
}

std::string help_for(const request& r, const policy::question& q, const policy::resource& what,
                     const policy::judgement& j, const judging& judged) {
  const bool refused = j.what == outcome::refused;
  const bool own = r.by.person == q.person;
  const std::string length(base::print_duration_short(refused ? what.default_us : j.for_us).view());
  if (r.by.may_grant && (refused || !own))
    return fmt::format("grantctl grant {} {} --for {}", q.person, q.resource, length);
  changed_options only_length;
  only_length.length = length;
  std::string again =
      refused ? help_against(j, as_typed(q), q.start, judged) : asking_again(as_typed(q), only_length);
  if (again.empty()) return "grantctl resources";
  return own ? again : fmt::format("as {}: {}", q.person, again);
}

// Reading and writing are told apart in databases only.
std::string only_reading(const policy::policy& p, const policy::question& q, const policy::resource& what) {
  const bool has_database = std::ranges::any_of(what.login_points, [](const policy::login_point& point) {
    return point.where == policy::login_point::kind::postgres;
  });
  if (q.read_write || q.break_glass || !has_database) return {};
  if (!what.read_write) return fmt::format("; for reading only, as is everything at {}", what.name);
  if (policy::may_ask(p, q.person, q.resource, true, false)) return {};
  return fmt::format("; for reading only: no rule lets {} write there", q.person);
}

}  // namespace

rule_answer ask_rules(request& r, const policy::question& q, const policy::resource& what) {
  const policy::policy& p = *r.in.people().policy();
  rule_answer a;
  auto used = [&](std::string_view rule) {
    return r.in.truth()
        .self_service_between(q.person, rule, {q.start.us - policy::quota_us},
                              {q.start.us + policy::quota_us})
        .value_or(UINT_MAX);
  };
  auto judged = [&](bool read_write, bool break_glass) {
    policy::question as = q;
    as.read_write = read_write;
    as.break_glass = break_glass;
    return policy::judge(p, as, used);
  };
  a.judged = judged(q.read_write, q.break_glass);
  say_next_of_quota(a.judged, r.in, q.person, q.start);
  a.help = help_for(r, q, what, a.judged, judged);
  if (a.judged.what != outcome::refused) a.only_reading = only_reading(p, q, what);
  return a;
}

json::value describe(const rule_answer& a, std::string_view requester) {
  constexpr std::string_view outcomes[] = {"opens", "asks", "refused"};
  json::value v;
  v.set("outcome", outcomes[static_cast<size_t>(a.judged.what)]);
  if (a.judged.by != nullptr) v.set("rule", a.judged.by->name);
  if (a.judged.what == outcome::refused) {
    v.set("objection", policy::word(a.judged.why));
    v.set("why", a.judged.message);
  } else {
    v.set("for_us", a.judged.for_us);
  }
  if (a.judged.what == outcome::asks) {
    v.set("needs", a.judged.by->approvals);
    v.set("signed", a.judged.by->is_signed);
    json::value names{json::value::array{}};
    for (const std::string& name : a.judged.by->approvers) {
      if (policy::may_approve(*a.judged.by, name, requester)) names.push(name);
    }
    v.set("approvers", std::move(names));
  }
  return v;
}

std::string sentence(const rule_answer& a) {
  switch (a.judged.what) {
    case outcome::opens:
      return fmt::format("; by rule {} one opens at once when asked for{}", a.judged.by->name,
                         a.only_reading);
    case outcome::asks:
      return fmt::format("; by rule {} it takes {} approval{}{}", a.judged.by->name, a.judged.by->approvals,
                         a.judged.by->approvals == 1 ? "" : "s", a.only_reading);
    case outcome::refused:
      break;
  }
  return "; asking is refused: " + a.judged.message;
}

json::value offer_to(const policy::policy& p, std::string_view person, const policy::resource& what) {
  const policy::rule* first = policy::first_rule(p, person, what.name);
  if (first == nullptr) return {};
  json::value v;
  v.set("rule", first->name);
  v.set("max_us", std::min(first->max_us, what.max_us));
  v.set("approvals", first->approvals);
  v.set("reason", first->reason_required || !first->reason_pattern.empty());
  json::value when{json::value::array{}};
  for (const policy::hours& h : first->when) when.push(h.text);
  v.set("hours", std::move(when));
  return v;
}

}  // namespace grantd::daemon
