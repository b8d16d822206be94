// SPDX-License-Identifier: Apache-2.0
// The reference model's rules: who may ask for what, and when enough people have said yes.
#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "model.h"

namespace grantd::test::reference {
namespace {

void leave_out(std::vector<person>& all, person p) { std::erase(all, p); }

bool speaks_of(const rule& r, person who, place where, bool read_write, bool glass) {
  return !r.deny && r.where == where && r.glass == glass && (r.read_write || !read_write) && has(r.who, who);
}

}  // namespace

bool has(const std::vector<person>& all, person p) { return std::ranges::find(all, p) != all.end(); }

policy policy_of(int which) {
  policy is;
  std::vector<rule>& all = is.rules;
  all = {
      {"replica", {alice, bob, carol, dave, bot}, replica, false, false, 2 * hour, 0, {}, true, false, 2},
      {"orders", {alice, bot}, orders, false, false, 2 * hour, 1, {bob, carol, alice}},
      {"write", {alice}, orders, true, false, 4 * hour, 2, {bob, carol, alice}},
      {"emergency", {alice, carol}, orders, true, true, hour / 2, 0, {bob, carol}},
      {"reports", {alice, bot}, reports, false, false, 2 * hour, 1, {bob, carol}, false, true},
  };
  switch (which) {
    case 1:  // alice is out
      for (rule& r : all) leave_out(r.who, alice);
      std::erase_if(all, [](const rule& r) { return r.who.empty(); });
      break;
    case 2:
      all.erase(all.begin());
      break;
    case 3:  // bob approves nothing any more
      for (rule& r : all) leave_out(r.by, bob);
      break;
    case 4:
      all[1].needs = 2;
      break;
    case 5:
      all[4].is_signed = true;
      break;
    case 6:  // what one approval opened for alice, now takes two
      leave_out(all[1].who, alice);
      break;
    case 7:
      all[2].most = hour;
      all.erase(all.begin() + 1);
      break;
    case 8:  // bob's key is lost
      is.key_of[bob] = nobody;
      break;
    case 9:  // it is carol's now
      is.key_of[bob] = carol;
      break;
    case 10:
      all.push_back({"no-writing", {alice}, orders, true});
      all.back().deny = true;
      break;
    default:
      break;
  }
  return is;
}

const rule* model::rule_named(const std::string& name) const {
  if (!rules) return nullptr;
  for (const rule& r : rules->rules) {
    if (r.name == name) return &r;
  }
  return nullptr;
}

bool model::denied(person who, place where, bool read_write) const {
  return std::ranges::any_of(rules->rules, [&](const rule& r) {
    return r.deny && r.where == where && has(r.who, who) && (read_write || !r.read_write);
  });
}

bool model::may_ask(person who, place where, bool read_write, bool glass) const {
  return !denied(who, where, read_write) && std::ranges::any_of(rules->rules, [&](const rule& r) {
    return speaks_of(r, who, where, read_write, glass);
  });
}

// By its own rule, whatever the others say.
bool model::still_asked(const request& r) const {
  const rule* by = rule_named(r.rule);
  return by != nullptr && !denied(r.what.who, r.what.where, r.what.read_write) &&
         speaks_of(*by, r.what.who, r.what.where, r.what.read_write, r.what.glass);
}

bool model::still_promised(const grant& g) const {
  const request& r = requests.at(g.request);
  if (!still_asked(r)) return false;
  const rule& by = *rule_named(r.rule);
  const seconds length = g.until - g.from - (g.first_use != 0 ? patience : 0);
  return that_count(r, by).size() >= by.needs && length <= by.most;
}

std::vector<request::said> model::that_count(const request& r, const rule& by) const {
  std::vector<request::said> all;
  for (const auto& one : r.approvals) {
    if (one.who == r.what.who || !has(by.by, one.who)) continue;
    const bool is_signed = one.key != nobody;
    if (is_signed ? rules->key_of[one.key] == one.who : !r.is_signed && !by.is_signed) all.push_back(one);
  }
  return all;
}

// To others there is no such request.
bool model::concerns(person who, const request& r) const {
  const rule* by = rule_named(r.rule);
  return who == dave || who == r.what.who || (by != nullptr && !by->glass && has(by->by, who));
}

// What was looked at for somebody lapses by the wall as it is now, if that is sooner.
void model::touch(request& r) const {
  r.lapses_after = std::min(r.lapses_after, boot + std::max<seconds>(0, r.lapses - wall));
}

std::string model::open_for(request& r, seconds length) {
  const seconds start = r.what.start.value_or(wall);
  grant g{.who = r.what.who,
          .where = r.what.where,
          .read_write = r.what.read_write,
          .glass = r.what.glass,
          .request = r.number,
          .from = std::max(start, wall),
          .until = start + length};
  if (r.what.extends != 0) g.until = std::min(g.until, r.made + r.length);  // as it was asked
  if (r.what.until) g.until = std::min(g.until, *r.what.until);
  if (r.first_use) g.first_use = length, g.until += patience;
  if (g.until <= g.from) return "NotInTheFuture";
  r.grant = add(g);
  r.is = phase::granted;
  ++events["granted"];
  return "";
}

std::string model::ask(asked a) {
  if (!rules) return "*";
  if (behind) return "ClockBehind";
  if (a.extends != 0) {
    auto at = grants.find(a.extends);
    if (at == grants.end() || at->second.is != fate::open || at->second.who != a.who) return "NoSuchGrant";
    const grant& g = at->second;
    a.where = g.where, a.read_write = g.read_write, a.glass = g.glass;
    if (a.reason.empty() && g.request != 0) a.reason = requests.at(g.request).what.reason;
    if (g.first_use != 0 && g.end - boot > g.first_use) return "NotPending";
    a.length = std::max<seconds>(0, g.end - boot) + *a.length;
  }
  if (a.start && *a.start < wall - 1) return "NotInTheFuture";
  if (a.start) a.start = std::max(*a.start, wall);
  const seconds begins = a.start.value_or(wall);
  if (a.until && *a.until <= begins) return "NotInTheFuture";
  if (a.until) a.length = *a.until - begins;
  if (a.where == nowhere) return "NoSuchResource";
  for (const auto& [number, g] : grants) {  // asking for what one has is not asking
    if (g.is != fate::open || g.request == 0 || !rule_named(requests.at(g.request).rule)) continue;
    const request& before = requests.at(g.request);
    asked same = before.what;
    same.length = a.length, same.until = a.until;
    const seconds wanted = a.length.value_or(std::min(usual, rule_named(before.rule)->most));
    if (a.extends == 0 && same == a && wanted <= (g.first_use != 0 ? g.first_use : g.until - g.from) &&
        a.until.value_or(g.until) <= g.until)
      return "";
  }
  if (denied(a.who, a.where, a.read_write)) return "Denied";

  std::vector<const rule*> fitting;
  for (const rule& r : rules->rules) {
    if (speaks_of(r, a.who, a.where, a.read_write, a.glass)) fitting.push_back(&r);
  }
  std::ranges::sort(fitting, [](const rule* x, const rule* y) {
    return std::tuple(x->needs, -x->most, x->name) < std::tuple(y->needs, -y->most, y->name);
  });
  std::string no = fitting.empty() ? "NoRule" : "";
  const rule* by = nullptr;
  for (const rule* r : fitting) {
    const auto used = std::ranges::count_if(served_, [&](const served& s) {
      return s.who == a.who && s.rule == r->name && std::abs(s.begins - begins) < 24 * hour;
    });
    const char* why = a.length && *a.length > r->most              ? "TooLong"
                      : r->glass && a.reason.empty()               ? "ReasonNeeded"
                      : r->quota != 0 && used >= int64_t{r->quota} ? "Quota"
                                                                   : "";
    if (*why == '\0') {
      by = r;
      break;
    }
    if (no.empty()) no = why;
  }
  if (by == nullptr) return no;

  request r{.what = a, .rule = std::string(by->name), .needs = by->needs, .is_signed = by->is_signed};
  r.first_use = by->first_use && a.extends == 0 && !a.until;
  r.length = a.length.value_or(std::min(usual, by->most));
  r.made = wall;
  r.lapses = wall + patience;
  if (a.start) r.lapses = std::min(r.lapses, *a.start + r.length);
  if (a.extends != 0) r.lapses = std::min(r.lapses, wall + r.length);
  if (a.until) r.lapses = std::min(r.lapses, *a.until);
  r.lapses_after = boot + r.lapses - wall;
  if (r.needs != 0) {
    int64_t waiting = 0;
    for (const auto& [number, o] : requests) {  // asking twice is asking once
      waiting += o.is == phase::pending && o.what.who == a.who ? 1 : 0;
      asked same = o.what;
      same.length = a.length;
      if (o.is == phase::pending && same == a && (a.until || o.length == r.length) && o.rule == r.rule)
        return "";
    }
    if (waiting >= most_pending) return "TooMany";
  }
  r.number = ++last_request;
  ++events["request"];
  if (r.needs == 0) {
    (void)open_for(r, r.length);
    served_.push_back({a.who, r.rule, begins});
  }
  requests[r.number] = r;
  return "";
}

std::string model::approve(const approving& a, bool same_turn) {
  if (!rules) return "*";
  auto at = requests.find(a.request);
  if (at == requests.end()) return "NoSuchRequest";
  request& r = at->second;
  if (!a.is_signed && !concerns(a.carrier, r)) return "NoSuchRequest";
  if (r.is != phase::pending) return same_turn && r.is == phase::granted ? "" : "NotPending";
  touch(r);
  if (behind) return "ClockBehind";
  if (!still_asked(r)) return "NoRule";
  const rule& by = *rule_named(r.rule);
  const seconds length = a.length.value_or(r.length);
  if (length > r.length) return "TooLong";
  const person who = !a.is_signed ? a.carrier : a.key == nobody ? nobody : rules->key_of[a.key];
  if (a.is_signed ? !a.of_this || who == nobody : r.is_signed || by.is_signed) return "BadSignature";
  if (who == r.what.who || locked_people[who] != 0 || locked_all != 0 || !has(by.by, who))
    return "NotApprover";
  auto theirs = [&](const request::said& one) { return one.who == who; };
  const auto before = std::ranges::find_if(r.approvals, theirs);
  const bool again = before != r.approvals.end();  // never taken back or changed
  if (again && (before->length != length || !std::ranges::any_of(that_count(r, by), theirs)))
    return "AlreadyApproved";
  if (!again) r.approvals.push_back({who, length, a.is_signed ? a.key : nobody});
  auto counted = that_count(r, by);
  std::erase_if(counted, [&](const request::said& one) { return locked_people[one.who] != 0; });
  if (counted.size() >= std::max(r.needs, by.needs)) {
    seconds shortest = std::min(r.length, by.most);
    for (const auto& one : counted) shortest = std::min(shortest, one.length);
    std::string no = was_taken_away(r) ? "NoRule" : open_for(r, shortest);
    if (!no.empty()) {
      if (!again) r.approvals.pop_back();
      return no;
    }
  }
  if (!again) ++events["approve"];
  return "";
}

}  // namespace grantd::test::reference
