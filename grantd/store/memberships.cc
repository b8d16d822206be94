// SPDX-License-Identifier: Apache-2.0
// Memberships that grants ask for: which may be there, and which are.
#include "store/impl.h"

namespace grantd::store {

store::impl::result store::impl::set(const membership& m, base::utc_time at) {
  bool was = false;
  {
    query q(db, "SELECT given FROM memberships WHERE system = ? AND account = ? AND role = ?");
    int rc = q.bind(m.system).bind(m.account).bind(m.role).step();
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return std::unexpected(fault(rc));
    was = rc == SQLITE_ROW && q.integer(0) != 0;
  }
  int rc = query(db,
                 "INSERT INTO memberships(system, account, role, given) VALUES(?, ?, ?, ?) "
                 "ON CONFLICT(system, account, role) DO UPDATE SET given = excluded.given")
               .bind(m.system)
               .bind(m.account)
               .bind(m.role)
               .bind(static_cast<int64_t>(m.given))
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  if (!m.given || was) return {};
  const field fields[] = {{"system", m.system}, {"account", m.account}, {"role", m.role}};
  return record(at, "member", fields);
}

store::impl::result store::impl::end(const membership& m, base::utc_time at) {
  int rc = query(db, "DELETE FROM memberships WHERE system = ? AND account = ? AND role = ?")
               .bind(m.system)
               .bind(m.account)
               .bind(m.role)
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  if (sqlite3_changes(db.raw()) != 1) return std::unexpected(error::not_found);
  const field fields[] = {{"system", m.system}, {"account", m.account}, {"role", m.role}};
  return record(at, "member-end", fields);
}

std::expected<void, error> store::set_membership(const membership& m, base::utc_time now) {
  return impl_->change([i = impl_.get(), m, now] { return i->set(m, now); });
}

std::expected<void, error> store::end_membership(const membership& m, base::utc_time now) {
  return impl_->change([i = impl_.get(), m, now] { return i->end(m, now); });
}

std::expected<void, error> store::each_membership(const std::function<bool(membership&&)>& each) {
  if (auto r = impl_->may_read(); !r) return r;
  query q(impl_->db, "SELECT system, account, role, given FROM memberships ORDER BY system, account, role");
  int rc = q.step();
  for (; rc == SQLITE_ROW; rc = q.step()) {
    if (!each({std::string(q.text(0)), std::string(q.text(1)), std::string(q.text(2)), q.integer(3) != 0}))
      return {};
  }
  if (rc != SQLITE_DONE) return std::unexpected(impl_->fault(rc));
  return {};
}

}  // namespace grantd::store
