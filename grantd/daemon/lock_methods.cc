// SPDX-License-Identifier: Apache-2.0
// Handlers of locks: Lock, Unlock, Locks. They check who and what, then hand over to the batch.
#include <fmt/core.h>

#include "base/ident.h"
#include "daemon/answers.h"
#include "daemon/dispatch.h"
#include "daemon/troubles.h"

namespace grantd::daemon::handlers {
namespace {

using what = store::lock::what;

constexpr size_t max_message = 80;  // of a lock record
constexpr int64_t least_us = base::us_per_s;
constexpr int64_t most_us = int64_t{366} * 86400 * base::us_per_s;

struct subject {
  what kind;
  std::string name;
};

// Whom or what the parameters name; none of them looked up yet.
struct named {
  std::optional<std::string> id, person, resource, either;
  bool all = false;
  [[nodiscard]] int count() const {
    return id.has_value() + person.has_value() + resource.has_value() + either.has_value() + (all ? 1 : 0);
  }
};

named take_names(request& r, bool with_id) {
  named n;
  if (with_id) n.id = r.given.text("id");
  n.person = r.given.text("person");
  n.resource = r.given.text("resource");
  n.either = r.given.text("name");
  n.all = r.given.flag("all");
  return n;
}

// Somebody the policy does not know any more, or with no policy at all, can still be shut out by name while
// they have grants, and what is locked already be unlocked.
std::string known_person(request& r, const std::string& asked) {
  const policy::policy* p = r.in.people().policy();
  if (p != nullptr) {
    if (const policy::person* known = p->find_person(asked)) return known->name;
  }
  for (const auto& [number, g] : r.in.grants().open()) {
    if (r.in.names().text(g.person) == asked) return asked;
  }
  for (const auto& [number, l] : r.in.locks().all()) {
    if (l.is.subject == what::person && l.is.name == asked) return asked;
  }
  return {};
}

std::string known_resource(request& r, const std::string& asked) {
  const policy::policy* p = r.in.people().policy();
  if (p != nullptr && p->find_resource(asked) != nullptr) return asked;
  for (const auto& [number, g] : r.in.grants().open()) {
    if (r.in.names().text(g.resource) == asked) return asked;
  }
  for (const auto& [number, l] : r.in.locks().all()) {
    if (l.is.subject == what::resource && l.is.name == asked) return asked;
  }
  return {};
}

std::expected<subject, reply> look_up(request& r, const named& n) {
  if (n.all) return subject{what::all, {}};
  if (n.person) {
    std::string name = known_person(r, *n.person);
    if (name.empty()) return std::unexpected(no_such_person(r, *n.person));
    return subject{what::person, std::move(name)};
  }
  if (n.resource) {
    std::string name = known_resource(r, *n.resource);
    if (name.empty()) return std::unexpected(no_such_resource(r, *n.resource));
    return subject{what::resource, std::move(name)};
  }
  std::string person = known_person(r, *n.either);
  std::string resource = known_resource(r, *n.either);
  if (!person.empty() && !resource.empty()) {
    return std::unexpected(invalid_parameter(
        "name", fmt::format("{} is a person and a resource: say which, with person or resource", *n.either)));
  }
  if (!person.empty()) return subject{what::person, std::move(person)};
  if (!resource.empty()) return subject{what::resource, std::move(resource)};
  const policy::policy* p = r.in.people().policy();
  return std::unexpected(refusal(
      "NoSuchPerson",
      p == nullptr ? "no policy is in force that knows " + *n.either : policy::no_such_name(*p, *n.either),
      "grantctl people; grantctl resources"));
}

reply no_lock(std::string message) { return refusal("NoSuchLock", std::move(message), "grantctl locks"); }

// What somebody who may not see others' may know of.
bool concerns_caller(const request& r, const store::lock& l) {
  return r.by.may_see || l.subject != what::person || l.name == r.by.person;
}

}  // namespace

answer lock(request& r) {
  named n = take_names(r, false);
  auto length = r.given.integer("for_us", least_us, most_us);
  lock_request l;
  l.message = r.given.required("message", max_message);
  if (auto bad = r.given.fault()) return bad;
  if (n.count() != 1) return invalid_parameter("name", "give exactly one of person, resource, name, all");
  if (!length) return invalid_parameter("for_us", "\"for_us\" is missing: a lock ends by itself");
  auto s = look_up(r, n);
  if (!s) return s.error();
  l.from = r.to;
  l.subject = s->kind;
  l.name = std::move(s->name);
  l.for_us = *length;
  l.by = r.by.name();
  r.in.submit(std::move(l));
  return std::nullopt;
}

answer unlock(request& r) {
  named n = take_names(r, true);
  if (auto bad = r.given.fault()) return bad;
  if (n.count() != 1) return invalid_parameter("id", "give exactly one of id, person, resource, name, all");
  lock_end_request e;
  e.from = r.to;
  e.by = r.by.name();
  if (n.id) {
    auto number = base::parse_id('k', *n.id);
    if (!number) return invalid_parameter("id", "not the id of a lock (they look like k-7k2m)");
    e.number = *number;
  } else {
    auto s = look_up(r, n);
    if (!s) return s.error();
    e.subject = s->kind;
    e.name = std::move(s->name);
  }
  bool found = false;
  for (const auto& [number, l] : r.in.locks().all()) {
    found = found || (e.number != 0 ? number == e.number : l.is.subject == e.subject && l.is.name == e.name);
  }
  // Of a LOCKED store nothing is in memory: the batch says so.
  if (!found && !r.in.nothing_loaded()) {
    if (n.id) return no_lock("no lock " + *n.id + " is in force");
    return no_lock((e.subject == what::all ? "everybody" : e.name) + " is not locked");
  }
  r.in.submit(std::move(e));
  return std::nullopt;
}

json::value locks_seen_by(const request& r) {
  json::value list{json::value::array{}};
  const auto& all = r.in.locks().all();
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    if (concerns_caller(r, at->second.is)) list.push(describe(at->second, r.in.time()));
  }
  return list;
}

answer locks(request& r) {
  if (auto bad = r.given.fault()) return bad;
  r.in.refresh_clock();
  reply done;
  done.parameters.set("locks", locks_seen_by(r));
  return done;
}

}  // namespace grantd::daemon::handlers
