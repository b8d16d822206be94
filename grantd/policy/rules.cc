// SPDX-License-Identifier: Apache-2.0
// The judge. Must never say "opens" when a clock, a pattern or a count could not be told.
#include "policy/rules.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "policy/hours.h"
#include "policy/pattern.h"
#include "policy/refusal.h"

namespace grantd::policy {
namespace {

bool speaks_of(const rule& r, std::string_view person, std::string_view resource,
               if_unclear they_are = if_unclear::out) {
  // Resources first: a rule names few of them and many people, and most rules are about something else.
  return (r.any_resource || r.resources.contains(resource)) &&
         (r.anybody || r.who.contains(person) || (r.who_unclear && they_are == if_unclear::in));
}

bool denies(const rule& r, std::string_view person, std::string_view resource, bool read_write) {
  return r.deny && (read_write || !r.read_write) && speaks_of(r, person, resource);
}

// `unclear`: the answer where a zone does not say.
bool is_open(const rule& r, base::utc_time t, bool unclear) {
  return r.when.empty() ||
         std::ranges::any_of(r.when, [&](const hours& h) { return within(h, t).value_or(unclear); });
}

bool is_always_open(const rule& r) { return r.when.empty() || std::ranges::any_of(r.when, is_always); }

int64_t longest(const rule& r, const resource& what) { return std::min(r.max_us, what.max_us); }

bool is_blank(std::string_view reason) { return reason.find_first_not_of(' ') == reason.npos; }

// What of this rule the question does not meet; nothing: it fits.
std::vector<objection> objections_of(const rule& r, const question& q, int64_t most,
                                     const used_function& used) {
  std::vector<objection> out;
  if (!is_open(r, q.start, false)) out.push_back(objection::outside_hours);
  if (q.for_us && (*q.for_us > most || *q.for_us <= 0)) out.push_back(objection::too_long);
  if (r.reason_required && is_blank(q.reason)) {
    out.push_back(objection::reason_missing);
  } else if (!r.reason_pattern.empty() && !is_found(r.compiled, q.reason)) {
    out.push_back(objection::reason_pattern);
  }
  if (r.quota && (!used || used(r.name) >= *r.quota)) out.push_back(objection::quota);
  return out;
}

bool is_too_long(const std::vector<objection>& unmet) {
  return std::ranges::find(unmet, objection::too_long) != unmet.end();
}

// Rules that speak of person, resource and access, the one to decide first.
struct candidates {
  std::vector<const rule*> rules;
  objection none = objection::no_rule;  // why there is none
  const rule* nearest = nullptr;
};

candidates find_candidates(const policy& p, const question& q, const resource& what) {
  candidates out;
  auto better = [&](const rule* a, const rule* b) {
    if (a->approvals != b->approvals) return a->approvals < b->approvals;
    const int64_t a_most = longest(*a, what), b_most = longest(*b, what);
    if (a_most != b_most) return a_most > b_most;
    return a->name < b->name;
  };
  bool any = false;
  for (const auto& [name, r] : p.rules) {
    if (r.deny || !speaks_of(r, q.person, q.resource)) continue;
    any = true;
    if (r.break_glass == q.break_glass) out.rules.push_back(&r);
  }
  std::ranges::sort(out.rules, better);
  if (out.rules.empty()) {
    out.none = any && q.break_glass ? objection::no_break_glass : objection::no_rule;
    return out;
  }
  if (!q.read_write) return out;
  const rule* first = out.rules.front();
  std::erase_if(out.rules, [&](const rule* r) { return !r->read_write || !what.read_write; });
  if (out.rules.empty()) {
    out.none = objection::read_only;
    out.nearest = first;
  }
  return out;
}

judgement refused(std::vector<objection> unmet, const rule* by, const question& q, int64_t most = 0) {
  judgement out;
  out.by = by;
  out.why = unmet.front();
  out.for_us = most;
  for (objection why : unmet) out.message += (out.message.empty() ? "" : "; ") + refusal(why, by, q, most);
  out.unmet = std::move(unmet);
  return out;
}

judgement refused(objection why, const rule* by, const question& q) {
  return refused(std::vector{why}, by, q);
}

}  // namespace

judgement judge(const policy& p, const question& q, const used_function& used) {
  auto who = p.people.find(q.person);
  if (who == p.people.end()) return refused(objection::no_such_person, nullptr, q);
  const resource* what = p.find_resource(q.resource);
  if (what == nullptr) {
    judgement out = refused(objection::no_such_resource, nullptr, q);
    out.message = no_such_resource(p, q.resource);
    return out;
  }
  for (const auto& [name, r] : p.rules) {
    if (!denies(r, q.person, q.resource, q.read_write) || !is_open(r, q.start, true)) continue;
    return refused(objection::denied, &r, q);
  }
  if (scopes_of(who->second, *what, q.read_write, q.role).empty()) {
    return refused(objection::no_account, nullptr, q);
  }
  candidates c = find_candidates(p, q, *what);
  if (c.rules.empty()) {
    judgement out = refused(c.none, c.nearest, q);
    if (c.none == objection::read_only && !q.break_glass && may_ask(p, q.person, q.resource, true, true))
      out.message += ", or in an emergency with --break-glass --read-write";
    return out;
  }
  std::vector<objection> nearest;
  int64_t longest_there_is = 0;
  for (const rule* r : c.rules) {
    const int64_t most = longest(*r, *what);
    std::vector<objection> unmet = objections_of(*r, q, most, used);
    if (unmet.empty()) {
      judgement out;
      out.what = r->approvals == 0 ? judgement::outcome::opens : judgement::outcome::asks;
      out.by = r;
      out.for_us = q.for_us.value_or(std::min(what->default_us, most));
      return out;
    }
    if (is_too_long(unmet)) longest_there_is = std::max(longest_there_is, most);
    if (nearest.empty()) nearest = std::move(unmet);
  }
  const int64_t most = is_too_long(nearest) ? longest_there_is : 0;
  return refused(std::move(nearest), c.rules.front(), q, most);
}

const rule* first_rule(const policy& p, std::string_view person, std::string_view resource) {
  const auto* what = p.find_resource(resource);
  if (what == nullptr || !may_ask(p, person, resource, false, false)) return nullptr;
  candidates c = find_candidates(p, {.person = person, .resource = resource}, *what);
  return c.rules.empty() ? nullptr : c.rules.front();
}

bool rule_gives(const policy& p, const rule& r, std::string_view person, std::string_view resource,
                bool read_write, bool break_glass, if_unclear they_are) {
  return !r.deny && r.break_glass == break_glass && (r.read_write || !read_write) &&
         speaks_of(r, person, resource, they_are) &&
         may_ask(p, person, resource, read_write, break_glass, they_are);
}

std::optional<base::utc_time> next_opening(const rule& r, base::utc_time after) {
  constexpr int64_t minute = 60 * base::us_per_s;    // what hours are written in
  constexpr int64_t minutes = int64_t{8} * 24 * 60;  // a week, and a day that summer time shortened
  base::utc_time t{after.us - after.us % minute};
  for (int64_t i = 0; i < minutes; ++i) {
    t.us += minute;
    if (is_open(r, t, false)) return t;
  }
  return {};
}

std::optional<base::utc_time> next_of_quota(const rule& r, std::vector<base::utc_time> begins,
                                            base::utc_time after) {
  if (!r.quota || *r.quota == 0) return {};
  std::ranges::sort(begins);
  auto used = [&](base::utc_time t) {
    return std::ranges::count_if(
        begins, [&](base::utc_time b) { return b.us > t.us - quota_us && b.us < t.us + quota_us; });
  };
  base::utc_time t = after;
  for (auto b = begins.begin(); used(t) >= int64_t{*r.quota}; ++b) t = std::max(t, {b->us + quota_us});
  return t;
}

objection objection_to_start(const policy& p, const rule& r, std::string_view person,
                             std::string_view resource, bool read_write, base::utc_time start) {
  for (const auto& [name, other] : p.rules) {
    if (denies(other, person, resource, read_write) && is_open(other, start, true)) return objection::denied;
  }
  return is_open(r, start, false) ? objection::none : objection::outside_hours;
}

bool may_ask(const policy& p, std::string_view person, std::string_view resource, bool read_write,
             bool break_glass, if_unclear they_are) {
  const auto* what = p.find_resource(resource);
  if (what == nullptr || !p.people.contains(person) || (read_write && !what->read_write)) return false;
  bool may = false;
  for (const auto& [name, r] : p.rules) {
    if (denies(r, person, resource, read_write) && is_always_open(r)) return false;
    may = may || (!r.deny && r.break_glass == break_glass && (r.read_write || !read_write) &&
                  speaks_of(r, person, resource, they_are));
  }
  return may;
}

bool may_approve(const rule& r, std::string_view approver, std::string_view requester) {
  return !r.deny && approver != requester && r.approvers.contains(approver);
}

}  // namespace grantd::policy
