// SPDX-License-Identifier: Apache-2.0
// Any bytes as policy.toml: mistakes or a policy, never a crash; and what is taken keeps its promises.
#include <cstdlib>
#include <set>

#include "base/names.h"
#include "policy/expect.h"
#include "policy/login_point.h"
#include "policy/policy.h"
#include "policy/rules.h"

using namespace grantd;

namespace {

void must(bool truth) {
  if (!truth) std::abort();
}

void check(const policy::policy& p) {
  must(!p.people.empty() || !p.resources.empty());
  for (const auto& [resource_name, what] : p.resources) {
    must(base::is_plain_name(resource_name) && resource_name == what.name && !what.login_points.empty());
    must(what.default_us > 0 && what.default_us <= what.max_us);
    for (const auto& point : what.login_points) must(*policy::parse_login_point(print(point)) == point);
    std::set<std::pair<uint8_t, std::string>> others;
    for (const auto& [name, who] : p.people) {
      std::set<std::pair<uint8_t, std::string>> own;
      for (const policy::scope& s : scopes_of(who, what)) {
        must(base::is_identity_name(s.account));
        must(s.account.size() + s.where.place.size() + s.where.database.size() + s.role.size() <=
             policy::max_scope_strings);
        own.emplace(s.proved_by, s.account);
      }
      for (const auto& account : own) must(others.insert(account).second);
    }
  }
  for (const auto& [name, who] : p.people) {
    must(p.find_person(name) == &who);
    for (const std::string& user : who.os) must(p.person_of_os_user(user) == &who);
    for (const std::string& key : who.keys) must(base::is_printable_utf8(key));
  }
  for (const auto& [name, r] : p.rules) {
    must(name == r.name && (r.deny || r.max_us > 0) && r.approvals <= r.approvers.size() + 20);
    for (const auto* list : {&r.who, &r.approvers, &r.notify}) {
      for (const std::string& who : *list) must(p.people.contains(who));
    }
  }
  for (const auto& u : run_expectations(p, {})) must(base::is_printable_utf8(print(u)));
  for (const std::string& w : p.warnings) must(base::is_printable_utf8(w));
  size_t asked = 0;
  for (const auto& [person, who] : p.people) {
    for (const auto& [resource, what] : p.resources) {
      if (++asked > 100) return;
      policy::question q;
      q.person = person;
      q.resource = resource;
      q.reason = "OPS-12";
      q.read_write = asked % 2 == 0;
      const auto j = policy::judge(p, q, {});
      must(j.what == policy::judgement::outcome::refused
               ? !j.message.empty()
               : j.for_us > 0 && j.for_us <= what.max_us && !j.by->deny);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto got = policy::parse_policy({reinterpret_cast<const char*>(data), size}, "policy.toml");
  if (got) {
    check(*got);
    return 0;
  }
  must(!got.error().empty());
  for (const auto& m : got.error()) must(base::is_printable_utf8(print(m)));
  return 0;
}
