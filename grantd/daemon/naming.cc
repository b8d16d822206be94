// SPDX-License-Identifier: Apache-2.0
// Handlers about the policy's names: Resources, People, Keys, OnBehalf.
#include "daemon/answers.h"
#include "daemon/dispatch.h"
#include "daemon/rule_answer.h"
#include "daemon/troubles.h"

namespace grantd::daemon::handlers {
namespace {

reply no_policy(request& r) {
  return refusal("NoPolicy", "no policy is in force: " + policy_trouble(r), "grantd -t");
}

json::value texts(const std::vector<std::string>& all) {
  json::value list{json::value::array{}};
  for (const std::string& s : all) list.push(s);
  return list;
}

}  // namespace

answer resources(request& r) {
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (p == nullptr) return no_policy(r);
  json::value list{json::value::array{}};
  for (const auto& [name, resource] : p->resources) {
    json::value v;
    v.set("name", name);
    v.set("description", resource.description);
    json::value points{json::value::array{}};
    for (const policy::login_point& point : resource.login_points) points.push(policy::print(point));
    v.set("login_points", std::move(points));
    v.set("access", resource.read_write ? "read-write" : "read-only");
    v.set("default_us", resource.default_us);
    v.set("max_us", resource.max_us);
    v.set("roles", texts(resource.roles));
    if (!resource.member_of.empty()) v.set("member_of", resource.member_of);
    if (!r.by.person.empty()) v.set("for_you", offer_to(*p, r.by.person, resource));
    list.push(std::move(v));
  }
  reply done;
  done.parameters.set("resources", std::move(list));
  return done;
}

answer people(request& r) {
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (p == nullptr) return no_policy(r);
  json::value list{json::value::array{}};
  for (const auto& [name, person] : p->people) {
    if (!r.by.may_ask_about(name)) continue;
    json::value v;
    v.set("name", name);
    v.set("email", person.email);
    v.set("os", texts(person.os));
    v.set("pg", texts(person.pg));
    v.set("dn", texts(person.dn));
    v.set("krb", texts(person.krb));
    json::value rights{json::value::array{}};
    if (person.may_grant) rights.push("grant");
    if (person.may_see) rights.push("see");
    v.set("rights", std::move(rights));
    v.set("keys", person.keys.size());
    list.push(std::move(v));
  }
  reply done;
  done.parameters.set("people", std::move(list));
  return done;
}

answer keys(request& r) {
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (p == nullptr) return no_policy(r);
  json::value list{json::value::array{}};
  for (const auto& [name, person] : p->people) {
    for (const std::string& key : person.keys) {
      json::value v;
      v.set("person", name);
      v.set("key", key);
      list.push(std::move(v));
    }
  }
  reply done;
  done.parameters.set("keys", std::move(list));
  return done;
}

answer on_behalf(request& r) {
  std::string person = r.given.required("person");
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (p == nullptr) return no_policy(r);
  const policy::person* known = p->find_person(person);
  if (known == nullptr)
    return refusal("NoSuchPerson", "the policy knows no person " + person, "grantctl people");
  r.from.on_behalf = known->name;
  return reply{};
}

}  // namespace grantd::daemon::handlers
