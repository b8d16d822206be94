// SPDX-License-Identifier: Apache-2.0
// Memberships that grantd gives for a window, and takes back.
#include "provision/adapters/postgresql/memberships.h"

#include <poll.h>
#include <unistd.h>

#include <optional>

#include "provision/adapters/postgresql/sessions.h"

namespace grantd::postgresql {
namespace {

// Two adapters may run at once when grantd-provision was killed: what is remembered and what is given change
// together, or not at all.
constexpr const char* lock_table = "LOCK TABLE grantd_provision.memberships IN SHARE ROW EXCLUSIVE MODE";

// Whoever started us reads stdout. When it was killed, the next one may have done the opposite already: what
// is not settled by then is not done. Ask with the table locked; the next one waits for that.
void must_be_asked() {
  pollfd reader{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  if (poll(&reader, 1, 0) > 0 && (reader.revents & (POLLERR | POLLHUP)) != 0)
    throw trouble{"whoever asked for it is gone: nothing was changed"};
}

std::optional<std::string> oid_of(database& d, const std::string& name) {
  auto rows = d.run("SELECT oid FROM pg_roles WHERE rolname = $1", {name});
  return rows.empty() ? std::nullopt : std::optional(rows[0][0]);
}

std::string must_exist(database& d, const std::string& name) {
  auto oid = oid_of(d, name);
  if (!oid) throw trouble{"there is no role " + d.quoted(name) + " in this cluster"};
  return *oid;
}

std::optional<membership> remembered(database& d, const std::string& account, const std::string& role) {
  auto rows =
      d.run("SELECT member, roleid FROM grantd_provision.memberships WHERE account = $1 AND role = $2",
            {account, role});
  return rows.empty() ? std::nullopt : std::optional(membership{rows[0][0], rows[0][1]});
}

// Direct membership, whoever gave it.
bool is_member(database& d, const membership& m) {
  return !d.run("SELECT 1 FROM pg_auth_members WHERE member = $1::oid AND roleid = $2::oid",
                {m.member, m.role})
              .empty();
}

// One that we gave. Before PostgreSQL 16 there is one row for all who gave it, and its grantor means little.
bool gave(database& d, const membership& m) {
  if (d.version() < 160000) return is_member(d, m);
  return !d.run(
               "SELECT 1 FROM pg_auth_members JOIN pg_roles r ON r.oid = grantor "
               "WHERE member = $1::oid AND roleid = $2::oid AND r.rolname = current_user",
               {m.member, m.role})
              .empty();
}

// From PostgreSQL 16 on each grantor's membership is one of its own, and who says nothing may grant as
// another: as the bootstrap superuser, or as a role whose ADMIN OPTION it only inherits. Such a one we would
// not find again; so we grant as ourselves, or the server refuses.
constexpr const char* by_us = " GRANTED BY CURRENT_USER";

void revoke(database& d, const membership& m) {
  auto names = d.run(
      "SELECT a.rolname, r.rolname FROM pg_roles a, pg_roles r WHERE a.oid = $1::oid AND r.oid = $2::oid",
      {m.member, m.role});
  if (names.empty()) return;
  const std::string role = d.quoted(names[0][1]), account = d.quoted(names[0][0]);
  d.run("REVOKE " + role + " FROM " + account + by_us);  // what is not there is a mere warning
  if (gave(d, m)) throw trouble{account + " is still a member of " + role + " after REVOKE"};
}

}  // namespace

void open(database& d, const std::string& account, const std::string& role) {
  transaction t(d);
  d.run(lock_table);
  const membership now{must_exist(d, account), must_exist(d, role)};
  const auto before = remembered(d, account, role);
  const bool ours = before && before->member == now.member && before->role == now.role;
  if (before && !ours && is_member(d, *before))
    throw trouble{"role " + d.quoted(account) + " or " + d.quoted(role) +
                  " was renamed, and what the old one was given is not taken back yet"};
  if (is_member(d, now)) return t.commit();  // there before, or given already
  d.run(
      "INSERT INTO grantd_provision.memberships AS m(account, role, member, roleid) VALUES($1, $2, $3::oid, "
      "$4::oid) "
      "ON CONFLICT (account, role) DO UPDATE SET member = excluded.member, roleid = excluded.roleid, since = "
      "now()",
      {account, role, now.member, now.role});
  d.run("GRANT " + d.quoted(role) + " TO " + d.quoted(account) + by_us);
  must_be_asked();
  t.commit();
}

void close(database& d, const std::string& account, const std::string& role) {
  std::optional<membership> was;
  {
    transaction t(d);
    d.run(lock_table);
    was = remembered(d, account, role);
    if (was && gave(d, *was)) revoke(d, *was);
    must_be_asked();
    t.commit();
  }
  if (!was) return;
  end_sessions(d, *was);
  transaction t(d);
  d.run(lock_table);
  // Given again meanwhile: by another of us, who answers for it now.
  if (!gave(d, *was))
    d.run(
        "DELETE FROM grantd_provision.memberships WHERE account = $1 AND role = $2 AND member = $3::oid "
        "AND roleid = $4::oid",
        {account, role, was->member, was->role});
  t.commit();
}

std::vector<std::pair<std::string, std::string>> list(database& d) {
  std::vector<std::pair<std::string, std::string>> all;
  for (auto& row : d.run("SELECT account, role FROM grantd_provision.memberships ORDER BY account, role"))
    all.emplace_back(row[0], row[1]);
  return all;
}

}  // namespace grantd::postgresql
