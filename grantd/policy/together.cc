// SPDX-License-Identifier: Apache-2.0
// What only shows when people and resources meet: a scope that no record of the window table could hold would
// be a grant that is acknowledged and opens nothing. Must never let one through.
#include <algorithm>

#include "policy/reading.h"

namespace grantd::policy {
namespace {

size_t longest(const std::vector<std::string>& texts) {
  size_t out = 0;
  for (const std::string& t : texts) out = std::max(out, t.size());
  return out;
}

// Sizes only, so that 10,000 people meet 1,000 resources in milliseconds.
struct person_sizes {
  const person* who;
  size_t os, pg, other;  // longest name: OS user, role, any identity but a role
};

struct resource_sizes {
  const resource* what;
  size_t pam = 0, postgres = 0;              // points
  size_t pam_bytes = 0, postgres_bytes = 0;  // longest place and database
  size_t role_bytes = 0;
};

person_sizes measure(const person& p) {
  return {&p, longest(p.os), longest(p.pg), std::max({longest(p.os), longest(p.dn), longest(p.krb)})};
}

resource_sizes measure(const resource& r) {
  resource_sizes out{&r};
  for (const login_point& p : r.login_points) {
    bool pam = p.where == login_point::kind::pam;
    ++(pam ? out.pam : out.postgres);
    size_t& bytes = pam ? out.pam_bytes : out.postgres_bytes;
    bytes = std::max(bytes, p.place.size() + p.database.size());
  }
  out.role_bytes = longest(r.roles);
  return out;
}

bool may_be_too_long(const person_sizes& p, const resource_sizes& r) {
  if (r.pam > 0 && p.os > 0 && p.os + r.pam_bytes > max_scope_strings) return true;
  if (r.postgres == 0) return false;
  if (p.pg > 0 && 2 * p.pg + r.postgres_bytes > max_scope_strings) return true;
  return p.other > 0 && p.other + std::max(p.pg, r.role_bytes) + r.postgres_bytes > max_scope_strings;
}

// Of the account that gets most windows.
size_t most_windows(const person& p, const resource_sizes& r) {
  size_t roles = p.pg.size() + r.what->roles.size();  // disjoint: a shared role is nobody's own
  size_t out = p.pg.empty() ? 0 : r.postgres;
  if (!p.os.empty()) out = std::max(out, r.pam + r.postgres * roles);
  if (!p.dn.empty() || !p.krb.empty()) out = std::max(out, r.postgres * roles);
  return out;
}

constexpr std::string_view class_names[] = {"", "os", "pg", "dn", "krb"};

void name_the_long_one(const person& p, const resource& res, reading& r) {
  for (const scope& s : scopes_of(p, res)) {
    size_t size = s.account.size() + s.where.place.size() + s.where.database.size() + s.role.size();
    if (size <= max_scope_strings) continue;
    std::string_view kind = class_names[s.proved_by];
    auto account = r.accounts.find({std::string(kind), s.account});
    place at = account != r.accounts.end() ? account->second.at : r.sections[{"resource", res.name}];
    std::string what = "account " + std::string(kind) + ":" + s.account + " of person \"" + p.name +
                       "\" at login point \"" + print(s.where) + "\" of resource \"" + res.name + "\"";
    if (!s.role.empty()) what += " as role \"" + s.role + "\"";
    r.found.add(at, what + ": these names are " + std::to_string(size) +
                        " bytes together, and a window holds " + std::to_string(max_scope_strings) +
                        " (shorten one)");
    return;
  }
}

// Roles that a resource names must be nobody's own.
void check_nobodys(const std::map<std::string, place>& roles, std::string_view what, std::string_view why,
                   reading& r) {
  for (const auto& [role, at] : roles) {
    auto own = r.accounts.find({"pg", role});
    if (own == r.accounts.end()) continue;
    r.found.add(at, std::string(what) + " \"" + role + "\" is person \"" + own->second.name + "\"'s own (" +
                        r.found.print(own->second.at) + "): " + std::string(why));
  }
}

}  // namespace

void check_together(reading& r) {
  check_nobodys(r.shared_roles, "shared role", "others would log in as them", r);
  check_nobodys(r.carried_roles, "member_of", "others would have all that is theirs", r);
  std::vector<resource_sizes> resources;
  for (const auto& [name, res] : r.result.resources) resources.push_back(measure(res));
  for (const auto& [name, p] : r.result.people) {
    const person_sizes sizes = measure(p);
    for (const resource_sizes& res : resources) {
      if (may_be_too_long(sizes, res)) name_the_long_one(p, *res.what, r);
      size_t windows = most_windows(p, res);
      if (windows <= max_scopes_per_account) continue;
      r.found.add(r.sections[{"resource", res.what->name}],
                  "[resource." + res.what->name + "] would open " + std::to_string(windows) +
                      " windows for one account of person \"" + name + "\": at most " +
                      std::to_string(max_scopes_per_account) + " (split the resource, or name fewer roles)");
    }
  }
}

}  // namespace grantd::policy
