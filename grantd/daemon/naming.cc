// SPDX-License-Identifier: Apache-2.0
// Handlers about the policy's names: Resources, People, Keys, OnBehalf.
#include <fmt/core.h>

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
    if (r.by.relay != nullptr && !r.by.relay->any_resource && !r.by.relay->resources.contains(name)) continue;
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
  json::value relays{json::value::array{}};
  for (const auto& [name, relay] : p->relays) {
    for (const std::string& key : relay.keys) {
      json::value v;
      v.set("relay", name);
      v.set("key", key);
      relays.push(std::move(v));
    }
  }
  reply done;
  done.parameters.set("keys", std::move(list));
  done.parameters.set("relays", std::move(relays));
  return done;
}

namespace {

std::string shown(const policy::chat_account& a) {
  std::string out;
  if (!a.id.empty()) out = fmt::format("chat account \"{}\"", a.id);
  if (!a.email.empty()) out += fmt::format("{}e-mail \"{}\"", out.empty() ? "" : ", ", a.email);
  return out;
}

// A relay names the person by what the chat itself vouches for, never by a name somebody may have chosen.
answer relay_speaks_for(request& r, const policy::policy& p, const policy::chat_account& account) {
  const policy::relay& relay = *r.by.relay;
  const policy::person* known = policy::person_of(p, account);
  if (known == nullptr) {
    return refusal(
        "NoSuchPerson", fmt::format("the policy knows nobody by {}", shown(account)),
        "root adds it as chat = or email = below [person.NAME] of policy.toml; who has chat there is "
        "found by that alone");
  }
  if (policy::speech_of(p, relay, known->name) == policy::speech::none) {
    return refusal("NotAllowed", fmt::format("relay {} may not speak for {}", relay.name, known->name),
                   "grantctl request RESOURCE, as " + known->name);
  }
  r.from.on_behalf = known->name;
  reply done;
  done.parameters.set("person", known->name);
  if (!known->email.empty()) done.parameters.set("email", known->email);
  return done;
}

}  // namespace

answer on_behalf(request& r) {
  auto person = r.given.text("person");
  auto relay = r.given.text("relay");
  auto chat = r.given.text("chat");
  auto email = r.given.text("email", 254);
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (p == nullptr) return no_policy(r);
  if (r.by.relay != nullptr) {
    if (person || relay || (!chat && !email))
      return invalid_parameter("chat",
                               "a relay names a person by \"chat\" (an account's id), \"email\" or both");
    return relay_speaks_for(r, *p, {chat.value_or(""), email.value_or("")});
  }
  if (chat || email || person.has_value() == relay.has_value())
    return invalid_parameter("person", "give exactly one of person and relay");
  if (relay) {
    if (p->find_relay(*relay) == nullptr)
      return refusal("NoSuchPerson", "the policy knows no relay " + *relay, "grantctl keys");
    r.from.relay = *relay;
    r.from.spoke = false;  // whom it carries it may still say
    return reply{};
  }
  const policy::person* known = p->find_person(*person);
  if (known == nullptr)
    return refusal("NoSuchPerson", policy::no_such_person(*p, *person), "grantctl people");
  r.from.on_behalf = known->name;
  return reply{};
}

}  // namespace grantd::daemon::handlers
