// SPDX-License-Identifier: Apache-2.0
// Handlers that change grants: Grant, Revoke, GiveBack. They check who and what, then hand over to the batch.
#include <fmt/core.h>

#include <limits>

#include "base/ident.h"
#include "daemon/answers.h"
#include "daemon/dispatch.h"
#include "daemon/troubles.h"

namespace grantd::daemon::handlers {
namespace {

constexpr size_t max_reason = 500;

// "None was open" would be a lie: an unlock opens what the store has.
reply nothing_to_end(request& r) {
  if (r.in.truth().locked() == store::lock_reason::none) {
    return refusal("Busy", "the store cannot be read, so nothing is open and nothing can be ended",
                   "journalctl -u grantd");
  }
  return refusal(
      "Locked", "the store is locked: nobody gets in, and nothing of it can be changed: " + locked_trouble(r),
      "grantctl store unlock");
}

// The person of the open grant of that id, or why there is none. One whose end is not on disk yet counts: the
// answer is then the real state.
struct ending_grant {
  uint64_t number;
  std::string_view person;
};
std::expected<ending_grant, reply> open_of(request& r, const std::string& id) {
  auto number = base::parse_id('g', id);
  if (!number) return std::unexpected(no_grant_id("id", id));
  if (const open_grant* g = r.in.grants().find(*number))
    return ending_grant{*number, r.in.names().text(g->person)};
  if (const ended_grant* e = r.in.grants().find_ended(*number); e != nullptr && r.in.not_durable(*number))
    return ending_grant{*number, r.in.names().text(e->was.person)};
  if (r.in.nothing_loaded()) return std::unexpected(nothing_to_end(r));
  bool ended = r.in.grants().find_ended(*number) != nullptr || r.in.truth().find(*number).has_value();
  if (!ended)
    return std::unexpected(refusal("NoSuchGrant", "there is no grant " + id, "grantctl list --all"));
  return std::unexpected(
      refusal("AlreadyEnded", "grant " + id + " has ended already", "grantctl show " + id));
}

reply no_grant_of_yours(const std::string& id) {
  return refusal("NoSuchGrant", "there is no grant " + id + " of yours", "grantctl list --all");
}

// An ended grant of the caller's own.
bool was_of_caller(request& r, const std::string& id) {
  auto number = base::parse_id('g', id);
  if (!number) return false;
  if (const ended_grant* e = r.in.grants().find_ended(*number)) {
    std::string_view person = r.in.names().text(e->was.person);
    if (!person.empty()) return person == r.by.person;
  }
  auto stored = r.in.truth().find(*number);
  return stored && stored->person == r.by.person;
}

}  // namespace

answer grant(request& r) {
  open_request o;
  o.from = r.to;
  o.person = r.given.required("person");
  o.resource = r.given.required("resource");
  o.for_us = r.given.integer("for_us", base::us_per_s, int64_t{366} * 86400 * base::us_per_s);
  o.from_us = r.given.integer("from_us", 0, std::numeric_limits<int64_t>::max() / 4);
  o.read_only = r.given.flag("read_only");
  o.reason = r.given.text("reason", max_reason).value_or("");
  if (auto bad = r.given.fault()) return bad;
  o.by = r.by.name();
  r.in.submit(std::move(o));
  return std::nullopt;
}

answer revoke(request& r) {
  auto id = r.given.text("id");
  auto person = r.given.text("person");
  auto resource = r.given.text("resource");
  end_request e;
  e.from = r.to;
  e.reason = r.given.text("reason", max_reason).value_or("");
  if (auto bad = r.given.fault()) return bad;
  if (id.has_value() + person.has_value() + resource.has_value() != 1) {
    return invalid_parameter(id ? "id" : "person", "give exactly one of id, person, resource");
  }
  const policy::policy* p = r.in.people().policy();
  if (id) {
    auto g = open_of(r, *id);
    if (!g) return g.error();
    e.number = g->number;
  } else if (r.in.nothing_loaded()) {
    return nothing_to_end(r);
  } else if (person) {
    // Somebody the policy does not know any more, or with no policy at all, can still be put out by name.
    const policy::person* known = p == nullptr ? nullptr : p->find_person(*person);
    e.person = known == nullptr ? *person : known->name;
    bool has_grants = known != nullptr;
    for (const auto& [number, g] : r.in.grants().open()) {
      has_grants = has_grants || r.in.names().text(g.person) == e.person;
    }
    if (!has_grants) return no_such_person(r, *person);
  } else {
    e.resource = *resource;
    bool known = p != nullptr && p->find_resource(*resource) != nullptr;
    for (const auto& [number, g] : r.in.grants().open()) {
      known = known || r.in.names().text(g.resource) == *resource;
    }
    if (!known) return no_such_resource(r, *resource);
  }
  e.how = store::state::revoked;
  e.by = r.by.name();
  r.in.submit(std::move(e));
  return std::nullopt;
}

answer give_back(request& r) {
  auto id = r.given.text("id");
  if (auto bad = r.given.fault()) return bad;
  if (r.by.person.empty()) {
    return refusal("NotAllowed",
                   "grantctl give-back is for people of the policy: it gives back one's own grants",
                   "grantctl revoke ID --reason TEXT");
  }
  end_request e;
  e.from = r.to;
  e.person = r.by.person;
  if (r.by.relay != nullptr) {
    if (!id) return invalid_parameter("id", "through a relay a grant is given back by its id");
    auto number = base::parse_id('g', *id);
    const open_grant* g = number ? r.in.grants().find(*number) : nullptr;
    if (g == nullptr || !r.by.concerns(r.in.names().text(g->person), r.in.names().text(g->resource)))
      return no_grant_of_yours(*id);
  }
  if (id) {
    auto g = open_of(r, *id);
    // Another's grant, open or ended, is answered as one that never was: ids of others stay unknown.
    if (g ? g->person != r.by.person : g.error().error.ends_with("AlreadyEnded") && !was_of_caller(r, *id)) {
      return no_grant_of_yours(*id);
    }
    if (!g) return g.error().error.ends_with("NoSuchGrant") ? no_grant_of_yours(*id) : g.error();
    e.number = g->number;
  } else if (r.in.nothing_loaded()) {
    return nothing_to_end(r);
  }
  e.how = store::state::given_back;
  e.by = r.by.by();
  r.in.submit(std::move(e));
  return std::nullopt;
}

}  // namespace grantd::daemon::handlers
