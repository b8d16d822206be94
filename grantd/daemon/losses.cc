// SPDX-License-Identifier: Apache-2.0
// What a policy takes away. Only a valid one that took a right away ends grants (I7); none ever widens one.
#include "daemon/losses.h"

#include <algorithm>
#include <map>

#include "daemon/approval.h"
#include "daemon/core.h"
#include "policy/rules.h"

namespace grantd::daemon {
namespace {

bool gives(const std::vector<scope_ref>& all, const scope_ref& one) {
  return std::ranges::any_of(all, [&](const scope_ref& s) {
    return s.account == one.account && s.kind == one.kind && s.place == one.place && s.role == one.role &&
           s.replication == one.replication && s.access >= one.access &&
           (one.member_of == 0 || s.member_of == one.member_of) &&
           (s.any_database || (!one.any_database && s.database == one.database));
  });
}

bool is_read_write(const std::vector<scope_ref>& scopes) {
  return std::ranges::any_of(scopes,
                             [](const scope_ref& s) { return s.access == decision::access::read_write; });
}

}  // namespace

bool gives_all(const pool& names, scopes_id now, scopes_id opened) {
  return now == opened || std::ranges::all_of(names.scopes(opened), [&](const scope_ref& s) {
           return gives(names.scopes(now), s);
         });
}

bool still_asked(const policy::policy& p, const store::request& r) {
  const policy::rule* rule = rule_of(&p, r);
  return rule != nullptr && policy::rule_gives(p, *rule, r.person, r.resource, r.read_write, r.break_glass,
                                               policy::if_unclear::in);
}

// A window that has not begun is only a promise: it is kept as the policy would give it now.
bool core::still_promised(const roster& people, const open_grant& g) {
  const policy::policy& p = *people.policy();
  auto asked = store_->find_request(g.request);
  const policy::rule* rule = asked ? rule_of(&p, *asked) : nullptr;
  if (rule == nullptr || !still_asked(p, *asked)) return false;
  if (!rule->approvers_unclear && that_count(*asked, *rule, people, time_.utc()).size() < rule->approvals)
    return false;
  const int64_t length = g.first_use_us != 0 ? g.first_use_us : g.not_after.us - g.not_before.us;
  return length <= rule->max_us &&
         policy::objection_to_start(p, *rule, asked->person, asked->resource, asked->read_write,
                                    g.not_before) == policy::objection::none;
}

core::losses core::lost_by(const loaded_policy& fresh) {
  roster people;
  (void)people.take(fresh.policy, fresh.uids, fresh.signers);
  return lost_by(people);
}

core::losses core::lost_by(const roster& people) {
  const policy::policy& p = *people.policy();
  losses found;
  std::map<std::pair<text_id, text_id>, scopes_id> given;
  // What waits for the clock is mapped by another boot, which tells nothing now.
  auto ahead = [&](const open_grant& g) {
    return g.in_force ? g.mapped.start > time_.boot() : g.not_before > time_.mark();
  };
  auto by_an_unclear_rule = [&](const open_grant& g) {
    auto asked = store_->find_request(g.request);
    return asked && still_asked(p, *asked);
  };
  for (const auto& [number, g] : windows_.open()) {
    std::string_view gone;
    auto who = p.people.find(pool_.text(g.person));
    auto what = p.resources.find(pool_.text(g.resource));
    if (what == p.resources.end()) {
      gone = "the policy no longer knows this resource";
    } else if (who == p.people.end()) {
      gone = "the policy no longer knows this person";
    } else {
      auto [now, fresh] = given.try_emplace({g.person, g.resource}, scopes_id{});
      if (fresh) now->second = pool_.put(policy::scopes_of(who->second, what->second));
      if (!gives_all(pool_, now->second, g.scopes)) {
        gone = "the policy no longer gives this person all that the grant opened";
      } else if (g.request != 0 &&
                 !policy::may_ask(p, who->first, what->first, is_read_write(pool_.scopes(g.scopes)),
                                  g.break_glass) &&
                 !by_an_unclear_rule(g)) {
        gone = "the policy no longer lets this person ask for it";
      } else if (g.request != 0 && ahead(g) && !still_promised(people, g)) {
        gone = "the policy would no longer give this window, which has not begun";
      }
    }
    if (!gone.empty()) found.grants.push_back({number, gone});
  }
  for (const auto& [number, w] : pending_.all()) {
    if (!still_asked(p, w.is)) found.requests.push_back(number);
  }
  return found;
}

void core::end_those_without_policy() {
  if (roster_.policy() == nullptr) return;
  for (const losses::lost& l : lost_by(roster_).grants) {
    end_request r;
    r.number = l.number;
    r.reason = l.why;
    r.by = "policy";
    submit(std::move(r));
  }
}

}  // namespace grantd::daemon
