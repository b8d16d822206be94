// SPDX-License-Identifier: Apache-2.0
// Login points between text and value, both ways. Must never lose a byte of a name.
#include "policy/login_point.h"

#include <algorithm>

#include "base/names.h"
#include "policy/nearest.h"

namespace grantd::policy {
namespace {

constexpr std::string_view schemes[] = {"pam", "pg", "replication"};

std::unexpected<std::string> not_a_name(std::string_view what, std::string_view text) {
  return std::unexpected(quoted(text) + " is not the name of a " + std::string(what) +
                         " (1 to 63 bytes, no /, no leading -, no space at either end)");
}

std::expected<login_point, std::string> parse_pam(std::string_view service) {
  if (!base::is_account_name(service)) return not_a_name("PAM service", service);
  // Linux-PAM lowers a service's name before anybody sees it (pam_start.c): such a point could never match.
  std::string lower(service);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower != service) {
    return std::unexpected("PAM services are lower case (did you mean \"pam:" + escaped(lower, 80) + "\"?)");
  }
  return login_point{login_point::kind::pam, std::string(service), "", false, false};
}

std::expected<login_point, std::string> parse_postgres(std::string_view rest, bool replication) {
  const size_t slash = rest.find('/');
  std::string_view cluster = rest.substr(0, slash);
  if (!base::is_account_name(cluster)) return not_a_name("cluster", cluster);
  login_point p{login_point::kind::postgres, std::string(cluster), "", false, replication};
  if (slash == rest.npos) {
    if (replication) return p;
    std::string name = escaped(cluster, 80);
    return std::unexpected("the database is missing: write \"pg:" + name + "/DATABASE\", or \"pg:" + name +
                           "/*\" for all of them");
  }
  std::string_view database = rest.substr(slash + 1);
  if (database == "*") {
    if (replication) {
      return std::unexpected("replication has no \"*\": write \"replication:" + escaped(cluster, 80) +
                             "\" for physical replication, or name the database of a logical one");
    }
    p.any_database = true;
    return p;
  }
  if (!base::is_account_name(database)) return not_a_name("database", database);
  p.database = database;
  return p;
}

}  // namespace

std::expected<login_point, std::string> parse_login_point(std::string_view text) {
  const size_t colon = text.find(':');
  std::string_view scheme = text.substr(0, colon);
  if (colon == text.npos) {
    return std::unexpected("write \"pam:SERVICE\", \"pg:CLUSTER/DATABASE\" or \"replication:CLUSTER\"");
  }
  std::string_view rest = text.substr(colon + 1);
  if (scheme == "pam") return parse_pam(rest);
  if (scheme == "pg") return parse_postgres(rest, false);
  if (scheme == "replication") return parse_postgres(rest, true);
  return std::unexpected("unknown kind " + quoted(scheme) + suggestion(scheme, schemes));
}

std::string print(const login_point& p) {
  if (p.where == login_point::kind::pam) return "pam:" + p.place;
  std::string out = p.replication ? "replication:" + p.place : "pg:" + p.place;
  if (p.any_database) return out + "/*";
  return p.database.empty() ? out : out + "/" + p.database;
}

}  // namespace grantd::policy
