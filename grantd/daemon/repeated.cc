// SPDX-License-Identifier: Apache-2.0
// Asking again for what is open already: the answer is what there is. It takes nothing of a quota, and
// nothing is written.
#include <algorithm>

#include "daemon/answers.h"
#include "daemon/approval.h"
#include "daemon/core.h"

namespace grantd::daemon {
namespace {

bool repeats(const ask& a, std::optional<int64_t> start, const store::request& before) {
  return a.extends == 0 && before.extends == 0 && before.person == a.person &&
         before.resource == a.resource && before.role == a.role && before.reason == a.reason &&
         before.read_write == a.read_write && before.break_glass == a.break_glass &&
         before.start.has_value() == start.has_value() && (!start || before.start->us == *start);
}

// How long a window by its rule is if nothing is said; nothing when there is no such rule any more.
std::optional<int64_t> usual_length(const policy::policy& p, const store::request& before) {
  const policy::resource* what = p.find_resource(before.resource);
  const policy::rule* rule = rule_of(&p, before);
  if (what == nullptr || rule == nullptr) return {};
  return std::min({what->default_us, what->max_us, rule->max_us});
}

int64_t length_of(const open_grant& g) {
  return g.first_use_us != 0 ? g.first_use_us : g.not_after.us - g.not_before.us;
}

int64_t end_of(const store::request& opened) {
  const int64_t end = opened.start.value_or(opened.made).us + opened.for_us;
  return opened.until ? std::min(end, opened.until->us) : end;
}

}  // namespace

bool core::answered_before(const ask& a, std::optional<int64_t> start, std::vector<finished>& out) {
  const policy::policy& p = *roster_.policy();
  auto covered_by = [&](const store::request& before, int64_t length, int64_t end) {
    const auto usual = usual_length(p, before);
    if (a.until_us) length = whole_seconds(length);  // as it was measured
    return usual && repeats(a, start, before) && a.for_us.value_or(*usual) <= length &&
           a.until_us.value_or(end) <= end;
  };
  for (draft& d : drafts_) {
    if (!d.is_new || !d.opens || !covered_by(d.is, d.is.for_us, end_of(d.is))) continue;
    if (a.from != 0) d.waiting.push_back(a.from);
    return true;
  }
  for (const auto& [number, g] : windows_.open()) {
    if (g.request == 0 || pool_.text(g.person) != a.person || pool_.text(g.resource) != a.resource) continue;
    auto before = store_->find_request(g.request);
    if (!before || !covered_by(*before, length_of(g), g.not_after.us)) continue;
    reply again = opened(g, describe(pool_, time_, g),
                         describe(*before, time_, time_.boot(), people_of(roster_, locks_, *before, time_)));
    if (again.ok()) again.parameters.set("repeated", true);
    out.push_back({a.from, std::move(again)});
    return true;
  }
  return false;
}

}  // namespace grantd::daemon
