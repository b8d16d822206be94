// SPDX-License-Identifier: Apache-2.0
// Handlers that show grants: List, Show, Status, Watch. They change nothing.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "base/ident.h"
#include "daemon/answers.h"
#include "daemon/approval.h"
#include "daemon/dispatch.h"
#include "daemon/request_listing.h"
#include "daemon/sessions.h"
#include "daemon/troubles.h"

namespace grantd::daemon {
namespace {

json::value describe_open(const request& r, const open_grant& g) {
  json::value v = describe(r.in.names(), r.in.time(), g);
  if (std::string why = r.in.why_opening(g, r.by.may_see); !why.empty()) v.set("opening", std::move(why));
  return v;
}

}  // namespace

namespace handlers {
namespace {

constexpr int64_t most_listed = 1000;

reply others(std::string_view what) {
  return refusal("NotAllowed", fmt::format("{} of other people is for those with the right \"see\"", what),
                 "grantctl list");
}

// Those that are not as grants want them.
void add_memberships(request& r, json::value& to) {
  constexpr std::string_view states[] = {"opening", "", "closing", ""};
  json::value list{json::value::array{}};
  size_t waiting = 0;
  for (const auto& [m, e] : r.in.memberships().all()) {
    const bool again = e.is == memberships::state::given && e.missing;
    const std::string_view state = e.leftover ? "leftover"
                                   : again    ? "opening"
                                              : states[static_cast<size_t>(e.is)];
    if (state.empty()) continue;
    ++waiting;
    if (list.items()->size() == most_listed) continue;
    json::value v;
    v.set("system", r.in.names().text(m.system));
    v.set("account", r.in.names().text(m.account));
    v.set("role", r.in.names().text(m.role));
    v.set("state", state);
    v.set("since_us", r.in.time().utc().us - (r.in.time().boot().ns - e.since.ns) / base::ns_per_us);
    if (!e.error.empty()) v.set("error", e.error);
    list.push(std::move(v));
  }
  const policy::policy* p = r.in.people().policy();
  const bool needed = waiting != 0 || (p != nullptr && std::ranges::any_of(p->resources, [](const auto& one) {
                                         return !one.second.member_of.empty();
                                       }));
  if (needed && r.in.memberships().listener() == 0)
    to.set("provision",
           "grantd-provision is not connected: no role is given or taken back in another system");
  if (r.by.may_see && waiting != 0) to.set("memberships", std::move(list));
}

// What memory knows better than the store: ended here, not yet on disk.
json::value describe_stored(request& r, const store::grant& g) {
  if (const open_grant* o = r.in.grants().find(g.number)) return describe_open(r, *o);
  if (g.state == store::state::open) {
    if (const ended_grant* e = r.in.grants().find_ended(g.number)) return describe(r.in.names(), *e);
  }
  return describe(g, r.in.time());
}

constexpr size_t most_of_own = 20;

// The caller's own requests with their outcome, and what waits for the caller.
void add_requests(request& r, json::value& to) {
  if (!r.by.person.empty()) {
    json::value own{json::value::array{}};
    const base::utc_time day_ago = {r.in.time().utc().us - int64_t{86400} * base::us_per_s};
    auto rows = r.in.truth().requests(
        {.person = r.by.person, .pending_only = false, .ended_since = day_ago, .limit = most_of_own});
    if (rows) {
      for (const store::request& q : *rows) {
        if (r.by.concerns(q.person, q.resource)) own.push(described(r, q));
      }
    }
    to.set("requests", std::move(own));
    size_t waiting = 0;
    for (const auto& [number, w] : r.in.pending().all())
      waiting += r.by.concerns(w.is.person, w.is.resource) && waits_for(r, w.is) ? 1 : 0;
    to.set("to_approve", waiting);
  }
}

// Break-glass that nobody signed off: how many to those who see everything, which ones to who may do it.
void add_unreviewed(request& r, json::value& to) {
  if (r.by.relay != nullptr) return;  // carries no review
  const policy::policy* p = r.in.people().policy();
  const std::string by = r.by.name();
  const bool told = p != nullptr && std::ranges::any_of(p->rules, [&](const auto& rule) {
                      return rule.second.notify.contains(by);
                    });
  if (!told && !r.by.may_see) return;
  auto rows = r.in.truth().unreviewed(most_listed);
  if (r.by.may_see) to.set("unreviewed", rows ? rows->size() : 0);
  if (!rows) return;
  json::value mine{json::value::array{}};
  size_t found = 0;
  for (const store::grant& g : *rows) {
    auto asked = r.in.truth().find_request(g.request);
    if (!may_review(p, g, asked ? &*asked : nullptr, by)) continue;
    mine.push(describe_stored(r, g));
    if (++found == most_of_own) break;
  }
  to.set("to_review", std::move(mine));
}

}  // namespace
}  // namespace handlers

json::value described_grant(const request& r, uint64_t number) {
  if (const open_grant* g = r.in.grants().find(number)) return describe_open(r, *g);
  if (const ended_grant* e = r.in.grants().find_ended(number);
      e != nullptr && !r.in.names().text(e->was.person).empty())
    return describe(r.in.names(), *e);
  if (auto stored = r.in.truth().find(number)) return describe(*stored, r.in.time());
  return {};
}

namespace handlers {

answer list(request& r) {
  auto person = r.given.text("person");
  auto resource = r.given.text("resource");
  bool all = r.given.flag("all");
  auto limit = static_cast<size_t>(r.given.integer("limit", 1, most_listed).value_or(most_listed));
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (person && p != nullptr) {
    if (const policy::person* known = p->find_person(*person)) person = known->name;
  }
  const bool itself = r.by.is_relay_itself();  // hears of what it may ask for
  if (!person && !r.by.may_see && !itself) person = r.by.person;
  if (person && !itself && !r.by.may_ask_about(*person)) return others("grants");

  r.in.refresh_clock();
  json::value grants{json::value::array{}};
  // Of a LOCKED store: what an unlock would open.
  if (all || r.in.nothing_loaded()) {
    auto rows = r.in.truth().list({person.value_or(""), resource.value_or(""), !all, limit});
    if (!rows) return refusal("Locked", "the store cannot be read: " + locked_trouble(r), "grantctl store");
    for (const store::grant& g : *rows) {
      if (!r.by.concerns(g.person, g.resource)) continue;
      if (all || r.in.grants().find_ended(g.number) == nullptr) grants.push(describe_stored(r, g));
    }
  } else {
    size_t found = 0;
    const auto& open = r.in.grants().open();
    for (auto at = open.rbegin(); at != open.rend() && found < limit; ++at) {
      const open_grant& g = at->second;
      if (person && r.in.names().text(g.person) != *person) continue;
      if (resource && r.in.names().text(g.resource) != *resource) continue;
      if (!r.by.concerns(r.in.names().text(g.person), r.in.names().text(g.resource))) continue;
      grants.push(describe_open(r, g));
      ++found;
    }
  }
  reply done;
  done.parameters.set("grants", std::move(grants));
  return done;
}

namespace {

// Who may sign it off looks at it first.
bool signs_off(request& r, uint64_t number) {
  auto g = r.in.truth().find(number);
  if (!g || !g->break_glass) return false;
  auto asked = r.in.truth().find_request(g->request);
  return may_review(r.in.people().policy(), *g, asked ? &*asked : nullptr, r.by.name());
}

}  // namespace

answer show(request& r) {
  std::string id = r.given.required("id");
  if (auto bad = r.given.fault()) return bad;
  auto number = base::parse_id('g', id);
  if (!number) return no_grant_id("id", id);
  r.in.refresh_clock();
  json::value found = described_grant(r, *number);
  const json::value* person = found.find("person");
  // Whose it is stays unsaid to those who may not see: the same answer as for none.
  if (person == nullptr || !(r.by.may_ask_about(*person->text()) || signs_off(r, *number))) {
    return refusal("NoSuchGrant", "there is no grant " + id + (r.by.may_see ? "" : " of yours"),
                   "grantctl list --all");
  }
  reply done;
  done.parameters.set("grant", std::move(found));
  return done;
}

answer status(request& r) {
  if (auto bad = r.given.fault()) return bad;
  r.in.refresh_clock();
  reply done;
  if (r.by.relay != nullptr) done.parameters.set("relay", r.by.relay->name);
  json::value grants{json::value::array{}};
  if (!r.by.person.empty()) {
    done.parameters.set("person", r.by.person);
    size_t found = 0;
    const auto& open = r.in.grants().open();
    for (auto at = open.rbegin(); at != open.rend() && found < most_listed; ++at) {
      if (r.in.names().text(at->second.person) != r.by.person) continue;
      if (!r.by.concerns(r.by.person, r.in.names().text(at->second.resource))) continue;
      grants.push(describe_open(r, at->second));
      ++found;
    }
  }
  done.parameters.set("grants", std::move(grants));
  add_requests(r, done.parameters);
  add_unreviewed(r, done.parameters);
  // Strangers to the policy are told nothing of locks.
  if (r.by.may_see || (r.by.relay == nullptr && !r.by.person.empty()))
    done.parameters.set("locks", locks_seen_by(r));
  json::value d;
  d.set("version", GRANTD_VERSION);
  d.set("pid", getpid());
  d.set("started_us", r.in.started().us);
  d.set("sequence", r.in.table().sequence());
  d.set("windows", r.in.grants().open().size());
  if (r.in.truth().locked() != store::lock_reason::none) d.set("locked", locked_trouble(r));
  d.set("clock_behind", r.in.time().behind());
  if (!r.in.people().error().empty()) d.set("policy_error", policy_trouble(r));
  d.set("not_durable", r.in.not_durable());
  if (!r.in.table().error().empty()) d.set("table_error", table_trouble(r));
  d.set("leftovers", r.inside.leftovers());
  add_memberships(r, d);
  done.parameters.set("daemon", std::move(d));
  return done;
}

answer watch(request& r) {
  auto person = r.given.text("person");
  if (auto bad = r.given.fault()) return bad;
  if (!r.more) return invalid_parameter("more", "Watch answers many times: call it with \"more\":true");
  if (r.from.watching) return refusal("NotAllowed", "this connection watches already", "grantctl watch");
  const bool itself = r.by.is_relay_itself();  // told that something changed, not what: News says that
  if (person && itself) return others("changes");
  if (!person && !r.by.may_see && !itself) person = r.by.person;
  if (person && !r.by.may_ask_about(*person)) return others("changes");
  r.from.watching = true;
  r.from.watch_all = !person.has_value() && !itself;
  r.from.watch_person = person.value_or("");
  return std::nullopt;
}

}  // namespace handlers
}  // namespace grantd::daemon
