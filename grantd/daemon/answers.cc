// SPDX-License-Identifier: Apache-2.0
// Values of the daemon as JSON.
#include "daemon/answers.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ident.h"
#include "base/names.h"

namespace grantd::daemon {
namespace {

// Reading only holds in a database.
std::string_view access_word(bool only_shells, bool writes) {
  return only_shells ? "full" : writes ? "read-write" : "read-only";
}

std::string_view access_of(const std::vector<policy::scope>& scopes) {
  const auto is_shell = [](const policy::scope& s) {
    return s.where.where == policy::login_point::kind::pam;
  };
  return access_word(!scopes.empty() && std::ranges::all_of(scopes, is_shell),
                     std::ranges::any_of(scopes, &policy::scope::read_write));
}

struct frame {
  uint64_t number;
  std::string_view person, resource;
  std::string_view access;
  base::utc_time not_before, not_after;
  int64_t left_us;
  std::string_view state;
  base::utc_time made;
  std::string_view made_by, reason;
  uint64_t request;
  bool break_glass;
  std::string_view reviewed_by;
  int64_t reviewed_us;
  int64_t first_use_us;
};

json::value grant_object(const frame& f) {
  json::value v;
  v.set("id", id_of(f.number));
  v.set("person", f.person);
  v.set("resource", f.resource);
  v.set("access", f.access);
  v.set("not_before_us", f.not_before.us);
  v.set("not_after_us", f.not_after.us);
  v.set("left_us", std::max<int64_t>(0, f.left_us));
  v.set("state", f.state);
  v.set("made_us", f.made.us);
  v.set("made_by", f.made_by);
  v.set("reason", f.reason);
  if (f.request != 0) v.set("request", request_id_of(f.request));
  if (f.break_glass) v.set("break_glass", true);
  if (!f.reviewed_by.empty()) {
    v.set("reviewed_by", f.reviewed_by);
    v.set("reviewed_us", f.reviewed_us);
  }
  if (f.first_use_us != 0) v.set("first_use_us", f.first_use_us);
  return v;
}

void add_points(json::value& v, std::vector<policy::login_point> points) {
  json::value list{json::value::array{}};
  std::vector<policy::login_point> seen;
  for (policy::login_point& p : points) {
    if (std::ranges::find(seen, p) != seen.end()) continue;
    list.push(policy::print(p));
    seen.push_back(std::move(p));
  }
  v.set("login_points", std::move(list));
}

void add_points(json::value& v, const pool& names, scopes_id scopes) {
  std::vector<policy::login_point> points;
  for (const scope_ref& s : names.scopes(scopes)) points.push_back(point_of(names, s));
  add_points(v, std::move(points));
}

// A resource names one at most.
void add_role(json::value& v, const pool& names, scopes_id scopes) {
  for (const scope_ref& s : names.scopes(scopes)) {
    if (s.member_of == 0) continue;
    v.set("member_of", names.text(s.member_of));
    return;
  }
}

void add_end(json::value& v, base::utc_time ended, std::string_view by, std::string_view reason) {
  v.set("ended_us", ended.us);
  v.set("ended_by", by);
  v.set("ended_reason", reason);
}

frame frame_of(const pool& names, const open_grant& g) {
  bool shells = false, databases = false, writes = false;
  for (const scope_ref& s : names.scopes(g.scopes)) {
    (s.kind == decision::point_kind::pam ? shells : databases) = true;
    writes = writes || s.access == decision::access::read_write;
  }
  return {g.number,
          names.text(g.person),
          names.text(g.resource),
          access_word(shells && !databases, writes),
          g.not_before,
          g.not_after,
          0,
          "open",
          g.made,
          names.text(g.made_by),
          g.reason,
          g.request,
          g.break_glass,
          names.text(g.reviewed_by),
          g.reviewed_us,
          g.first_use_us};
}

}  // namespace

policy::login_point point_of(const pool& names, const scope_ref& s) {
  return {static_cast<policy::login_point::kind>(s.kind), std::string(names.text(s.place)),
          std::string(names.text(s.database)), s.any_database, s.replication};
}

json::value describe(const pool& names, const timekeeper& time, const open_grant& g) {
  frame f = frame_of(names, g);
  if (!g.in_force) {
    f.state = "waiting";
    f.left_us = g.not_after.us - std::max(time.utc(), time.mark()).us;
  } else {
    if (!g.ready) f.state = "opening";
    if (time.boot() < g.mapped.start) f.state = "waiting";
    if (time.boot() >= g.mapped.end) f.state = "expired";
    f.left_us = (g.mapped.end.ns - time.boot().ns) / base::ns_per_us;
  }
  json::value v = grant_object(f);
  add_points(v, names, g.scopes);
  add_role(v, names, g.scopes);
  return v;
}

json::value describe(const pool& names, const ended_grant& e) {
  frame f = frame_of(names, e.was);
  f.state = state_word(e.how);
  json::value v = grant_object(f);
  add_end(v, e.ended, e.by, e.reason);
  add_points(v, names, e.was.scopes);
  add_role(v, names, e.was.scopes);
  return v;
}

json::value describe(const store::grant& g, const timekeeper& time) {
  std::string_view state = state_word(g.state);
  int64_t left = 0;
  if (g.state == store::state::open) {
    left = g.not_after.us - time.utc().us;
    if (time.utc() < g.not_before) state = "waiting";
    if (left <= 0) state = "expired";
  }
  json::value v = grant_object({g.number, g.person, g.resource, access_of(g.scopes), g.not_before,
                                g.not_after, left, state, g.made, g.made_by, g.reason, g.request,
                                g.break_glass, g.reviewed_by, g.reviewed.us, g.first_use_us.value_or(0)});
  if (g.state != store::state::open) add_end(v, g.ended, g.ended_by, g.ended_reason);
  std::vector<policy::login_point> points;
  for (const policy::scope& s : g.scopes) points.push_back(s.where);
  add_points(v, std::move(points));
  for (const policy::scope& s : g.scopes) {
    if (s.member_of.empty()) continue;
    v.set("member_of", s.member_of);
    break;
  }
  return v;
}

json::value describe(const store::request& r, const timekeeper& time, base::boot_time lapses,
                     const request_people& involved) {
  auto names = [](const auto& all, auto name) {
    json::value list{json::value::array{}};
    for (const auto& one : all) list.push(name(one));
    return list;
  };
  json::value v;
  v.set("id", request_id_of(r.number));
  v.set("person", r.person);
  v.set("resource", r.resource);
  if (!r.role.empty()) v.set("role", r.role);
  v.set("access", r.scopes.empty() ? access_word(false, r.read_write) : access_of(r.scopes));
  if (r.break_glass) v.set("break_glass", true);
  v.set("reason", r.reason);
  v.set("for_us", r.for_us);
  if (r.start) v.set("start_us", r.start->us);
  if (r.until) v.set("until_us", r.until->us);
  if (r.first_use) v.set("first_use", true);
  v.set("state", state_word(r.is));
  v.set("needs", r.needs);
  v.set("signed", r.is_signed);
  v.set("approved_by", names(r.approvals, [](const store::approval& a) { return a.person; }));
  if (r.is == store::request::state::pending)
    v.set("approvers", names(involved.approvers, [](const std::string& name) { return name; }));
  if (involved.missing) v.set("missing", *involved.missing);
  if (!involved.uncounted.empty())
    v.set("uncounted", names(involved.uncounted, [](const std::string& name) { return name; }));
  if (r.break_glass) v.set("notify", names(involved.notify, [](const std::string& name) { return name; }));
  v.set("rule", r.rule);
  v.set("made_us", r.made.us);
  v.set("made_by", r.made_by);
  v.set("lapses_us", r.lapses.us);
  if (r.is == store::request::state::pending)
    v.set("left_us", std::max<int64_t>(0, (lapses.ns - time.boot().ns) / base::ns_per_us));
  if (r.extends != 0) v.set("extends", id_of(r.extends));
  if (r.is != store::request::state::pending) add_end(v, r.ended, r.ended_by, r.ended_reason);
  if (r.grant != 0) v.set("grant", id_of(r.grant));
  return v;
}

json::value describe(const lock_in_force& l, const timekeeper& time) {
  json::value v;
  v.set("id", lock_id_of(l.is.number));
  switch (l.is.subject) {
    case store::lock::what::person:
      v.set("person", l.is.name);
      break;
    case store::lock::what::resource:
      v.set("resource", l.is.name);
      break;
    case store::lock::what::all:
      v.set("all", true);
      break;
  }
  v.set("message", l.is.message);
  v.set("from_us", l.is.from.us);
  v.set("until_us", l.is.until.us);
  v.set("left_us", std::max<int64_t>(0, (l.is.mapped_end.ns - time.boot().ns) / base::ns_per_us));
  v.set("made_by", l.is.made_by);
  return v;
}

reply no_open_grant_of_yours(std::string_view id) {
  return refusal("NoSuchGrant", fmt::format("{} is no open grant of yours", id), "grantctl status");
}

reply no_grant_id(std::string_view parameter, std::string_view text) {
  return invalid_parameter(
      parameter, fmt::format("\"{}\" is no id of a grant: mistyped? (they look like g-7k2m)", text));
}

reply no_request_id(std::string_view text) {
  return invalid_parameter(
      "id", fmt::format("\"{}\" is no id of a request: mistyped? (they look like r-7k2m)", text));
}

std::string request_id_of(uint64_t request) { return std::string(base::print_id('r', request).view()); }

std::string_view state_word(store::request::state s) {
  switch (s) {
    case store::request::state::pending:
      return "pending";
    case store::request::state::granted:
      return "granted";
    case store::request::state::denied:
      return "denied";
    case store::request::state::cancelled:
      return "cancelled";
    case store::request::state::lapsed:
      return "lapsed";
  }
  return "unknown";
}

std::string lock_id_of(uint64_t lock) { return std::string(base::print_id('k', lock).view()); }

std::string_view subject_of(const store::lock& l) {
  return l.subject == store::lock::what::all ? "everybody" : std::string_view(l.name);
}

std::string id_of(uint64_t grant) { return std::string(base::print_id('g', grant).view()); }

std::string_view state_word(store::state s) {
  switch (s) {
    case store::state::open:
      return "open";
    case store::state::expired:
      return "expired";
    case store::state::revoked:
      return "revoked";
    case store::state::given_back:
      return "given-back";
  }
  return "unknown";
}

std::string_view event_word(store::state how) {
  switch (how) {
    case store::state::open:
      return "grant";
    case store::state::expired:
      return "expire";
    case store::state::revoked:
      return "revoke";
    case store::state::given_back:
      return "give-back";
  }
  return "unknown";
}

std::string_view reason_word(decision::reason r) {
  switch (r) {
    case decision::reason::allowed:
      return "allowed";
    case decision::reason::locked:
      return "locked";
    case decision::reason::not_yet:
      return "not-yet";
    case decision::reason::revoked:
      return "revoked";
    case decision::reason::ended:
      return "ended";
    case decision::reason::no_window:
      return "no-window";
    case decision::reason::table_bad:
      return "table-bad";
  }
  return "table-bad";
}

namespace {
constexpr std::string_view classes[] = {"", "os", "pg", "dn", "krb"};
}

std::string print(const decision::account& who) {
  auto i = static_cast<size_t>(who.proved_by);
  return std::string(i < std::size(classes) ? classes[i] : "?") + ":" + std::string(who.name);
}

std::optional<decision::account> parse_account(std::string_view text) {
  for (size_t i = 1; i < std::size(classes); ++i) {
    if (!text.starts_with(classes[i]) || text.substr(classes[i].size(), 1) != ":") continue;
    std::string_view name = text.substr(classes[i].size() + 1);
    auto kind = static_cast<decision::identity_class>(i);
    bool plain = kind == decision::identity_class::os || kind == decision::identity_class::pg;
    if (plain ? base::is_account_name(name) : base::is_identity_name(name))
      return decision::account{kind, name};
  }
  return std::nullopt;
}

}  // namespace grantd::daemon
