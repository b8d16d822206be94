// SPDX-License-Identifier: Apache-2.0
// What an approver signs for a request, and who may.
#include "daemon/approval.h"

#include <fmt/core.h>

#include <algorithm>

#include "policy/rules.h"
#include "proof/approval_text.h"
#include "proof/fingerprint.h"
#include "store/blob.h"

namespace grantd::daemon {

std::optional<std::string> text_to_sign(const store::request& r, int64_t for_us,
                                        const std::array<uint8_t, 16>& host) {
  std::vector<std::string> scopes;
  for (const policy::scope& s : r.scopes) scopes.push_back(store::print_scope(s));
  return proof::approval_text({.host = host,
                               .request = r.number,
                               .person = r.person,
                               .resource = r.resource,
                               .role = r.role,
                               .read_write = r.read_write,
                               .break_glass = r.break_glass,
                               .for_us = for_us,
                               .asked_for_us = r.for_us,
                               .start = r.start,
                               .first_use = r.first_use,
                               .until = r.until,
                               .extends = r.extends,
                               .asked = r.made,
                               .reason = r.reason,
                               .scopes = scopes});
}

const policy::rule* rule_of(const policy::policy* p, const store::request& r) {
  if (p == nullptr) return nullptr;
  auto at = p->rules.find(r.rule);
  return at == p->rules.end() || at->second.deny ? nullptr : &at->second;
}

bool may_still_approve(const roster& people, const locks& locked, const store::request& r,
                       const std::string& person, const timekeeper& time) {
  const policy::rule* rule = rule_of(people.policy(), r);
  if (rule == nullptr || r.is != store::request::state::pending ||
      !policy::may_approve(*rule, person, r.person))
    return false;
  if (std::ranges::find(r.approvals, person, &store::approval::person) == r.approvals.end()) return true;
  // Enough count by now, where a lock is over: whoever of them says it again opens it.
  const auto counted = that_count(r, *rule, people, locked, time);
  return counted.size() >= needs_of(r, *rule) &&
         std::ranges::find(counted, person, &store::approval::person) != counted.end();
}

std::string objection_to_approver(const policy::rule& rule, const std::string& person,
                                  const store::request& r) {
  const std::string id = request_id_of(r.number);
  if (person.empty()) return "root is no person, and approvals are people's";
  if (person == r.person) return fmt::format("nobody approves their own request: {} is {}'s", id, r.person);
  if (!policy::may_approve(rule, person, r.person))
    return fmt::format("rule {} does not let {} approve {}", rule.name, person, id);
  return {};
}

std::string objection_to_key(const roster& people, const std::string& blob, const std::string& person,
                             base::utc_time now) {
  constexpr size_t most = 8;
  const bool known = !people.line_of_key(blob).empty();
  std::string text = fmt::format("the key that signed, {}, {}", proof::fingerprint(blob),
                                 known ? "may not sign approvals now" : "is nobody's of the policy");
  if (person.empty()) return text;
  const std::vector<std::string> keys = people.keys_of(person, now);
  text += keys.empty() ? fmt::format("; no key is enrolled for {}", person)
                       : fmt::format("; enrolled for {}: ", person);
  for (size_t i = 0; i < keys.size() && i <= most; ++i)
    text += (i == 0 ? "" : ", ") + (i == most ? "..." : proof::fingerprint_of_line(keys[i]));
  return text;
}

request_people people_of(const roster& people, const locks& locked, const store::request& r,
                         const timekeeper& time) {
  const policy::policy* p = people.policy();
  request_people who;
  const policy::rule* rule = rule_of(p, r);
  if (rule == nullptr) return who;
  for (const std::string& name : rule->approvers) {
    if (who.approvers.size() >= max_shown) break;
    if (may_still_approve(people, locked, r, name, time)) who.approvers.push_back(name);
  }
  if (r.is == store::request::state::pending) {
    const auto counted = that_count(r, *rule, people, locked, time);
    const auto had = static_cast<unsigned>(counted.size());
    const unsigned needs = needs_of(r, *rule);
    who.missing = had < needs ? needs - had : 1;  // the rule is easier now: the next approval opens it
    for (const store::approval& a : r.approvals) {
      if (std::ranges::find(counted, &a) == counted.end()) who.uncounted.push_back(a.person);
    }
  }
  if (!r.break_glass) return who;
  for (const std::string& name : rule->notify) {
    if (who.notify.size() < max_shown) who.notify.push_back(name);
  }
  return who;
}

bool may_review(const policy::policy* p, const store::grant& g, const store::request* asked,
                const std::string& by) {
  if (!g.break_glass || by.empty() || by == g.person) return false;
  const policy::rule* rule = asked == nullptr ? nullptr : rule_of(p, *asked);
  const policy::person* who = p == nullptr ? nullptr : p->find_person(by);
  return by == "root" || (who != nullptr && who->may_grant) || (rule != nullptr && rule->notify.contains(by));
}

unsigned needs_of(const store::request& r, const policy::rule& rule) {
  return std::max(r.needs, rule.approvals);
}

std::vector<const store::approval*> that_count(const store::request& r, const policy::rule& rule,
                                               const roster& people, base::utc_time now) {
  std::vector<const store::approval*> all;
  bool must_be_signed = r.is_signed || rule.is_signed;
  for (const store::approval& a : r.approvals) {
    if (must_be_signed && a.signature.empty()) continue;
    if (!a.signature.empty() && people.owner_of_line(a.key, now) != a.person) continue;
    if (policy::may_approve(rule, a.person, r.person)) all.push_back(&a);
  }
  return all;
}

std::vector<const store::approval*> that_count(const store::request& r, const policy::rule& rule,
                                               const roster& people, const locks& locked,
                                               const timekeeper& time) {
  auto all = that_count(r, rule, people, time.utc());
  std::erase_if(all, [&](const store::approval* a) { return locked.of_person(a->person, time.boot()); });
  return all;
}

}  // namespace grantd::daemon
