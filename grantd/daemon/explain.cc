// SPDX-License-Identifier: Apache-2.0
// Handlers that say what a login would be told: Explain, Check. They run decide() on the daemon's own memory.
#include <fmt/core.h>

#include <algorithm>

#include "base/duration.h"
#include "base/names.h"
#include "daemon/answers.h"
#include "daemon/dispatch.h"
#include "daemon/rule_answer.h"
#include "daemon/troubles.h"

namespace grantd::daemon::handlers {
namespace {

// UTC of a point on BOOTTIME, for people.
int64_t utc_us(const timekeeper& time, base::boot_time at) {
  return time.utc().us + (at.ns - time.boot().ns) / base::ns_per_us;
}

decision::verdict ask(request& r, const decision::question& q) {
  if (r.in.truth().locked() != store::lock_reason::none) return {.why = decision::reason::locked};
  if (!r.in.table().error().empty()) return {.why = decision::reason::table_bad};
  return decision::decide(r.in.grants().records_of(q.who), q, r.in.time().boot());
}

// "pg:main/orders" as one login point; an asked "pg:main/*" is a point only windows on every database
// contain.
std::optional<decision::login_point> parse_point(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view kind = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 1);
  decision::login_point p{decision::point_kind::pam, rest, {}, false};
  if (kind != "pam") {
    if (kind != "pg" && kind != "replication") return std::nullopt;
    p.kind = decision::point_kind::postgres;
    p.replication = kind == "replication";
    auto slash = rest.find('/');
    p.place = rest.substr(0, slash);
    if (slash != std::string_view::npos) p.database = rest.substr(slash + 1);
    if (p.database.empty() != (slash == std::string_view::npos) || (!p.replication && p.database.empty())) {
      return std::nullopt;
    }
  }
  if (!base::is_account_name(p.place) || (!p.database.empty() && !base::is_account_name(p.database))) {
    return std::nullopt;
  }
  return p;
}

struct advice {
  std::string why;
  std::string help;
};

std::string left_text(request& r, base::boot_time end) {
  return std::string(base::print_duration((end.ns - r.in.time().boot().ns) / base::ns_per_us).view());
}

// Which lock refuses, its message and its end, beside the reason.
void set_lock(json::value& to, request& r, const decision::verdict& v) {
  const lock_in_force* l = v.why == decision::reason::locked ? r.in.locks().find(v.grant) : nullptr;
  if (l == nullptr) return;
  json::value object = describe(*l, r.in.time());
  to.set("lock", std::move(object));
}

// Where nobody has a window yet a lock on a resource has no record: a grant would open nothing.
const lock_in_force* lock_on(request& r, const policy::resource& what) {
  const lock_in_force* last = nullptr;
  for (const auto& [number, l] : r.in.locks().all()) {
    if (l.is.subject != store::lock::what::resource || l.is.name != what.name) continue;
    if (l.is.mapped_end <= r.in.time().boot()) continue;
    if (last == nullptr || l.is.mapped_end > last->is.mapped_end) last = &l;
  }
  return last;
}

// A window that has begun, but waits for a role of another system.
const open_grant* opening_of(request& r, const policy::person& who, const policy::resource& what) {
  for (const auto& [number, g] : r.in.grants().open()) {
    if (r.in.names().text(g.person) == who.name && r.in.names().text(g.resource) == what.name &&
        !r.in.why_opening(g, false).empty())
      return &g;
  }
  return nullptr;
}

// What they asked for and nobody has answered yet: asking again would change nothing.
const store::request* waiting_request(request& r, std::string_view person, std::string_view resource) {
  for (const auto& [number, w] : r.in.pending().all()) {
    if (w.is.person == person && w.is.resource == resource) return &w.is;
  }
  return nullptr;
}

advice advise(request& r, const policy::person& who, const policy::resource& what, bool any_scope,
              const decision::verdict& v, const rule_answer& rules) {
  const store::request* waits = waiting_request(r, who.name, what.name);
  std::string open_it = waits == nullptr ? rules.help : "grantctl show " + request_id_of(waits->number);
  const std::string outlook =
      waits == nullptr ? sentence(rules)
                       : fmt::format("; request {} waits for approval", request_id_of(waits->number));
  if (!any_scope) {
    return {fmt::format("{} has no account that fits {}", who.name, what.name),
            fmt::format("add one under [person.{}] in {}, then: grantctl policy reload", who.name,
                        r.in.set().policy_file)};
  }
  if (r.in.truth().locked() != store::lock_reason::none) {
    return {"the store is locked, nobody gets in: " + locked_trouble(r), "grantctl store unlock"};
  }
  if (!r.in.table().error().empty()) return {table_trouble(r), "journalctl -u grantd"};
  switch (v.why) {
    case decision::reason::allowed:
      return {fmt::format("{} gets in by grant {}", who.name, id_of(v.grant)), {}};
    case decision::reason::not_yet:
      return {
          fmt::format("the window of grant {} opens in {}", id_of(v.grant),
                      base::print_duration((v.until.ns - r.in.time().boot().ns) / base::ns_per_us).view()),
          open_it};
    case decision::reason::revoked:
      return {fmt::format("grant {} was revoked", id_of(v.grant)) + outlook, open_it};
    case decision::reason::ended:
      return {fmt::format("the window of grant {} has ended", id_of(v.grant)) + outlook, open_it};
    case decision::reason::locked:
      if (const lock_in_force* l = r.in.locks().find(v.grant)) {
        return {fmt::format("{} is locked for {} more: {}", subject_of(l->is), left_text(r, l->is.mapped_end),
                            l->is.message),
                "grantctl locks"};
      }
      return {"logins are locked", "grantctl status"};
    default:
      break;
  }
  if (r.in.time().behind()) {
    return {"there is no open grant, and the clock is behind: nothing new opens", "grantctl clock accept"};
  }
  if (const open_grant* g = opening_of(r, who, what)) {
    return {fmt::format("grant {} is opening: {}", id_of(g->number), r.in.why_opening(*g, r.by.may_see)),
            "grantctl show " + id_of(g->number)};
  }
  if (const lock_in_force* l = lock_on(r, what)) {
    return {fmt::format("{} has no open grant for {}, and {} is locked for {} more: {}", who.name, what.name,
                        what.name, left_text(r, l->is.mapped_end), l->is.message),
            "grantctl locks"};
  }
  return {fmt::format("{} has no open grant for {}", who.name, what.name) + outlook, open_it};
}

}  // namespace

answer explain(request& r) {
  std::string person = r.given.required("person");
  std::string resource = r.given.required("resource");
  policy::question asked;
  auto reason = r.given.text("reason", 500);
  auto as_role = r.given.text("role", base::max_name);
  asked.for_us = r.given.integer("for_us", base::us_per_s, int64_t{366} * 86400 * base::us_per_s);
  asked.read_write = r.given.flag("read_write");
  asked.break_glass = r.given.flag("break_glass");
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (p == nullptr) return refusal("NoPolicy", "no policy is in force: " + policy_trouble(r), "grantd -t");
  const policy::person* who = p->find_person(person);
  if (!r.by.may_ask_about(who == nullptr ? person : who->name)) {
    return refusal("NotAllowed", "to ask about other people needs the right \"see\"", "grantctl status");
  }
  if (who == nullptr) return refusal("NoSuchPerson", policy::no_such_person(*p, person), "grantctl people");
  const policy::resource* what = p->find_resource(resource);
  if (what == nullptr) {
    return refusal("NoSuchResource", policy::no_such_resource(*p, resource), "grantctl resources");
  }
  r.in.refresh_clock();
  json::value points{json::value::array{}};
  decision::verdict best{};
  bool any = false;
  auto scopes = policy::scopes_of(*who, *what);
  for (const policy::scope& s : scopes) {
    decision::question q;
    q.who = {static_cast<decision::identity_class>(s.proved_by), s.account};
    q.where = {static_cast<decision::point_kind>(s.where.where), s.where.place,
               s.where.any_database ? std::string_view("*") : std::string_view(s.where.database),
               s.where.replication};
    q.role = s.role;
    decision::verdict v = ask(r, q);
    json::value point;
    point.set("login_point", policy::print(s.where));
    point.set("account", print(q.who));
    if (!s.role.empty()) point.set("role", s.role);
    point.set("allowed", v.allows());
    point.set("reason", reason_word(v.why));
    if (v.allows()) point.set("until_us", utc_us(r.in.time(), v.until));
    set_lock(point, r, v);
    points.push(std::move(point));
    bool better = !any || (v.allows() && !best.allows()) ||
                  (v.allows() == best.allows() && (v.allows() ? v.until > best.until : v.why < best.why));
    if (better) best = v;
    any = true;
  }
  asked.person = who->name;
  asked.resource = what->name;
  if (reason) asked.reason = *reason;
  if (as_role) asked.role = *as_role;
  asked.start = r.in.time().utc();
  const rule_answer rules = ask_rules(r, asked, *what);
  advice a = advise(r, *who, *what, any, best, rules);
  reply done;
  done.parameters.set("allowed", any && best.allows());
  if (any && best.allows()) {
    done.parameters.set("until_us", utc_us(r.in.time(), best.until));
    done.parameters.set("left_us", (best.until.ns - r.in.time().boot().ns) / base::ns_per_us);
  }
  if (best.grant != 0 && best.why != decision::reason::locked)
    done.parameters.set("grant", id_of(best.grant));
  if (any) set_lock(done.parameters, r, best);
  done.parameters.set("points", std::move(points));
  done.parameters.set("why", std::move(a.why));
  done.parameters.set("help", std::move(a.help));
  done.parameters.set("asking", describe(rules, who->name));
  return done;
}

answer check(request& r) {
  std::string account = r.given.required("account", base::max_identity + 8);
  std::string point = r.given.required("login_point", 3 * base::max_name);
  auto role = r.given.text("role", base::max_name);
  if (auto bad = r.given.fault()) return bad;
  auto who = parse_account(account);
  if (!who) return invalid_parameter("account", "not an account (they look like pg:alice or os:alice)");
  auto where = parse_point(point);
  if (!where)
    return invalid_parameter("login_point", "not a login point (they look like pg:main/orders or pam:sshd)");
  if (!r.by.may_see) {
    const policy::policy* p = r.in.people().policy();
    const policy::person* self = p == nullptr ? nullptr : p->find_person(r.by.person);
    const std::vector<std::string>* own = nullptr;
    if (self != nullptr) {
      own = who->proved_by == decision::identity_class::os   ? &self->os
            : who->proved_by == decision::identity_class::pg ? &self->pg
            : who->proved_by == decision::identity_class::dn ? &self->dn
                                                             : &self->krb;
    }
    if (own == nullptr || std::ranges::find(*own, who->name) == own->end()) {
      return refusal("NotAllowed", "to ask about an account of others needs the right \"see\"",
                     "grantctl status");
    }
  }
  r.in.refresh_clock();
  decision::question q{*who, *where, {}, decision::access::read_only};
  // A database role is proved by its own name unless the caller says which one another identity logs in as.
  if (role) {
    q.role = *role;
  } else if (who->proved_by == decision::identity_class::pg) {
    q.role = who->name;
  }
  decision::verdict v = ask(r, q);
  reply done;
  done.parameters.set("allowed", v.allows());
  done.parameters.set("reason", reason_word(v.why));
  if (v.allows()) done.parameters.set("until_us", utc_us(r.in.time(), v.until));
  if (v.grant != 0 && v.why != decision::reason::locked) done.parameters.set("grant", id_of(v.grant));
  set_lock(done.parameters, r, v);
  return done;
}

}  // namespace grantd::daemon::handlers
