// SPDX-License-Identifier: Apache-2.0
// Ends the sessions that a membership which was taken back may have left as its role.
#include "provision/adapters/postgresql/sessions.h"

#include <poll.h>

#include <set>

#include "base/clock.h"

namespace grantd::postgresql {
namespace {

constexpr int64_t longest_ns = 4 * base::ns_per_s;   // for what is to end; an adapter's deadline is 10 s
constexpr int64_t patience_ns = 2 * base::ns_per_s;  // with a login that takes its time
constexpr int between_looks_ms = 20;

using rows = std::vector<database::row>;

std::string array_of(const rows& all, size_t column) {
  std::string text = "{";
  for (const auto& row : all) text += (text.size() > 1 ? "," : "") + row[column];
  return text + "}";
}

// After REVOKE a session that said SET ROLE before goes on as that role, and nothing shows which did. So all
// end whose user could use the role through this membership and cannot any more.
std::string lost(database& d) {
  // From 16 on a member may be one who cannot SET ROLE.
  const std::string still = d.version() < 160000 ? "'MEMBER'" : "'SET'";
  return " FROM pg_stat_activity WHERE usesysid IS NOT NULL AND pid <> pg_backend_pid() "
         "AND pg_has_role(usesysid, $1::oid, 'MEMBER') AND NOT pg_has_role(usesysid, $2::oid, " +
         still + ")";
}

// A login is one transaction, from before it is authenticated until it stands in pg_stat_activity (from 18 on
// it stands there at once, but as nobody's). Within it memberships are read and a startup option `role` is
// settled for good, and then post_auth_delay lets whoever logs in make it last. Whose it is cannot be seen.
constexpr const char* in_transaction =
    "SELECT pid, virtualxid FROM pg_locks WHERE locktype = 'virtualxid' AND mode = 'ExclusiveLock' "
    "AND pid <> pg_backend_pid()";

// Of those who were in a transaction. Two statements, in this order: in the other, one that comes into sight
// in between is in neither.
rows not_in_sight(database& d, const rows& of) {
  return d.run(
      "SELECT pid, xid FROM unnest($1::int[], $2::text[]) AS login(pid, xid) WHERE NOT EXISTS(SELECT FROM "
      "pg_stat_activity a WHERE a.pid = login.pid AND (a.usesysid IS NOT NULL OR a.datid IS NOT NULL))",
      {array_of(of, 0), array_of(of, 1)});
}

rows logins(database& d) { return not_in_sight(d, d.run(in_transaction)); }

rows still_under_way(database& d, const rows& of) {
  if (of.empty()) return {};
  const std::string these = std::string(in_transaction) + " AND virtualxid = ANY($1::text[])";
  return not_in_sight(d, d.run(these, {array_of(of, 1)}));
}

// Superusers' logins are refused us, and need no role; so are those not authenticated yet: they are waited
// for.
void tell_to_end(database& d, const std::string& pid) {
  try {
    d.run("SELECT pg_terminate_backend($1::int)", {pid});
  } catch (const trouble&) {
    return;
  }
}

}  // namespace

// Only those that were there when it was taken back: whoever comes later has no part in it.
void end_sessions(database& d, const membership& m) {
  rows coming = logins(d);
  rows all = d.run("SELECT pid" + lost(d), {m.member, m.role});
  all.insert(all.end(), coming.begin(), coming.end());
  if (all.empty()) return;
  const std::string pids = array_of(all, 0);
  rows here;
  std::set<std::string> told;  // once each: the server logs what it refuses
  const base::boot_time began = base::boot_now();
  int64_t waited_ns = 0;
  do {
    coming = still_under_way(d, coming);  // before those here, for the same reason
    here = d.run("SELECT pg_terminate_backend(pid), pid" + lost(d) + " AND pid = ANY($3::int[])",
                 {m.member, m.role, pids});
    if (coming.empty() && here.empty()) return;
    if (waited_ns >= patience_ns)
      for (const auto& login : coming) {
        if (told.insert(login[1]).second) tell_to_end(d, login[0]);
      }
    (void)poll(nullptr, 0, between_looks_ms);
    waited_ns = base::boot_now().ns - began.ns;
  } while (waited_ns < longest_ns);
  if (!here.empty()) throw trouble{"sessions that may still use the role do not end: " + array_of(here, 1)};
  throw trouble{"logins that began before the end may still get the role, and are not over: " +
                array_of(coming, 0)};
}

}  // namespace grantd::postgresql
