// SPDX-License-Identifier: Apache-2.0
// What a grant opens, scope by scope. Must never name an account that is not the person's own.
#include <algorithm>

#include "policy/policy.h"

namespace grantd::policy {
namespace {

// decision::identity_class, which this library may not include; the daemon asserts that they agree.
enum identity : uint8_t { os = 1, pg = 2, dn = 3, krb = 4 };

}  // namespace

std::vector<scope> scopes_of(const person& who, const resource& what) {
  std::vector<std::string> roles = who.pg;
  for (const std::string& r : what.roles) {
    if (std::ranges::find(roles, r) == roles.end()) roles.push_back(r);
  }
  std::vector<scope> out;
  const std::string none;
  for (const login_point& p : what.login_points) {
    if (p.where == login_point::kind::pam) {
      for (const std::string& a : who.os) out.push_back({os, a, p, "", what.read_write});
      continue;
    }
    const std::string& member_of = p.replication ? none : what.member_of;
    for (const std::string& a : who.pg) out.push_back({pg, a, p, a, what.read_write, member_of});
    auto by_role = [&](identity proved_by, const std::vector<std::string>& accounts) {
      for (const std::string& a : accounts) {
        for (const std::string& r : roles) out.push_back({proved_by, a, p, r, what.read_write, member_of});
      }
    };
    by_role(os, who.os);
    by_role(dn, who.dn);
    by_role(krb, who.krb);
  }
  return out;
}

std::vector<scope> scopes_of(const person& who, const resource& what, bool read_write,
                             std::string_view role) {
  std::vector<scope> out = scopes_of(who, what);
  if (!role.empty()) std::erase_if(out, [&](const scope& s) { return s.role != role; });
  for (scope& s : out) s.read_write = s.read_write && read_write;
  return out;
}

}  // namespace grantd::policy
