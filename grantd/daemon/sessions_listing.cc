// SPDX-License-Identifier: Apache-2.0
// Handler that shows who is inside: Sessions. What covers a session is decided anew, on the daemon's memory.
#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "daemon/answers.h"
#include "daemon/dispatch.h"
#include "daemon/sessions.h"

namespace grantd::daemon::handlers {
namespace {

using state = wire::presence_state;

constexpr int64_t most_listed = 1000;

struct entry {
  uid_t reporter;
  const inside* what;
  std::string person;  // empty: nobody of the policy
};

// Ended windows tell nothing while grantd cannot say what is open: enders then keep the ends they know.
bool can_decide(const request& r) {
  return r.in.truth().locked() == store::lock_reason::none && r.in.table().error().empty() &&
         !r.in.nothing_loaded();
}

decision::verdict covering(const request& r, const inside& s) {
  decision::question q;
  q.who = {static_cast<decision::identity_class>(s.proved_by), s.name};
  q.where = {static_cast<decision::point_kind>(s.point), s.place, s.database, s.replication};
  q.role = s.role;
  if (q.where.kind != decision::point_kind::pam) q.at_least = static_cast<decision::access>(s.access);
  q.live = true;
  decision::verdict v = decision::decide(r.in.grants().records_of(q.who), q, r.in.time().boot());
  v.text = {};  // it lived in those records
  return v;
}

// Whose account it is, by the policy.
class owners {
 public:
  explicit owners(const policy::policy* p) {
    if (p == nullptr) return;
    for (const auto& [name, who] : p->people) {
      add("os", who.os, name);
      add("pg", who.pg, name);
      add("dn", who.dn, name);
      add("krb", who.krb, name);
    }
  }
  [[nodiscard]] std::string of(const inside& s) const {
    auto at = by_account_.find(account_of(s));
    return at == by_account_.end() ? std::string() : std::string(at->second);
  }

 private:
  void add(const char* kind, const std::vector<std::string>& accounts, std::string_view name) {
    for (const std::string& a : accounts) by_account_.emplace(std::string(kind) + ":" + a, name);
  }
  std::unordered_map<std::string, std::string_view> by_account_;
};

// An account that the policy names no more is its last grant's person's.
std::string person_by_grant(const request& r, const inside& s) {
  if (s.grant == 0) return {};
  if (const open_grant* g = r.in.grants().find(s.grant)) return std::string(r.in.names().text(g->person));
  if (const ended_grant* e = r.in.grants().find_ended(s.grant))
    return std::string(r.in.names().text(e->was.person));
  return {};
}

// Rank, then age; the last two only make the order one.
auto rank(const entry& e) {
  int first = e.what->state == state::leftover ? 0 : e.what->state == state::ungated ? 1 : 2;
  return std::tuple(first, e.what->since, e.reporter, e.what->run, e.what->number);
}

json::value describe(const request& r, const base::clock_reading& now, const entry& e) {
  const inside& s = *e.what;
  json::value v;
  if (!e.person.empty()) v.set("person", e.person);
  v.set("account", account_of(s));
  v.set("login_point", point_of(s));
  if (!s.role.empty()) v.set("role", s.role);
  v.set("access", access_word(s));
  std::string_view word = s.state == state::leftover  ? "leftover"
                          : s.state == state::ungated ? "ungated"
                                                      : "live";
  base::boot_time until = s.until;
  uint64_t grant = s.grant;
  bool over = s.state == state::leftover;
  if (s.state == state::live && can_decide(r)) {
    decision::verdict covers = covering(r, s);
    over = !covers.allows();
    if (over) {
      word = "ending";
      until = std::min(s.until, now.boot);
    } else {
      until = covers.until;
      grant = covers.grant;
    }
  }
  if (s.silent(now.boot)) word = "silent";
  v.set("state", word);
  v.set("since_us", utc_us(now, s.since));
  v.set("heard_us", utc_us(now, s.heard));
  if (s.state != state::ungated) {
    v.set("until_us", utc_us(now, until));
    v.set("left_us", over ? 0 : std::max<int64_t>(0, (until.ns - now.boot.ns) / base::ns_per_us));
  }
  if (grant != 0) v.set("grant", id_of(grant));
  if (s.state == state::leftover) {
    v.set("cause", cause_word(s.cause));
    if (!s.text.empty()) v.set("text", s.text);
  } else if (!s.text.empty()) {
    v.set("tty", s.text);
  }
  if (!s.remote.empty()) v.set("remote", s.remote);
  v.set("pid", s.pid);
  v.set("reporter", e.reporter);
  v.set("run", run_of(s));
  v.set("number", std::min<uint64_t>(s.number, INT64_MAX));
  return v;
}

}  // namespace

answer sessions(request& r) {
  auto person = r.given.text("person");
  auto limit = static_cast<size_t>(r.given.integer("limit", 1, most_listed).value_or(most_listed));
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (person && p != nullptr) {
    if (const policy::person* known = p->find_person(*person)) person = known->name;
  }
  if (!person && !r.by.may_see) person = r.by.person;
  if (person && !r.by.may_ask_about(*person)) {
    return refusal("NotAllowed", "sessions of other people are for those with the right \"see\"",
                   "grantctl sessions");
  }
  r.in.refresh_clock();
  const base::clock_reading now{r.in.time().utc(), r.in.time().boot(), r.in.time().synchronised()};
  const owners whose(p);
  std::vector<entry> found;
  r.inside.each([&](uid_t reporter, const inside& s) {
    std::string who = whose.of(s);
    if (who.empty()) who = person_by_grant(r, s);
    if (!person || who == *person) found.push_back({reporter, &s, std::move(who)});
  });
  std::ranges::sort(found, {}, rank);
  json::value list{json::value::array{}};
  for (const entry& e : found) {
    if (list.items()->size() == limit) break;
    list.push(describe(r, now, e));
  }
  reply done;
  done.parameters.set("sessions", std::move(list));
  done.parameters.set("total", found.size());
  done.parameters.set("missed", r.inside.missed());
  return done;
}

}  // namespace grantd::daemon::handlers
