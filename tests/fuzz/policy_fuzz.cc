// SPDX-License-Identifier: Apache-2.0
// Any bytes as policy.toml: mistakes or a policy, never a crash; and what is taken keeps its promises.
#include <cstdlib>
#include <set>

#include "base/names.h"
#include "policy/login_point.h"
#include "policy/policy.h"

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
