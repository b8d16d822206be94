// SPDX-License-Identifier: Apache-2.0
// Reviews: each break-glass grant waits for one, and is signed off once, by somebody else.
#include "store/impl.h"

namespace grantd::store {

store::impl::result store::impl::review(uint64_t number, std::string_view by, std::string_view note,
                                        base::utc_time at) {
  int rc = query(db, "UPDATE reviews SET person = ?, note = ?, at_us = ? WHERE number = ? AND person IS NULL")
               .bind(by)
               .bind(note)
               .bind(at.us)
               .bind(static_cast<int64_t>(number))
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  if (sqlite3_changes(db.raw()) != 1) {
    const error e = exists(number);
    return std::unexpected(e == error::not_open ? error::invalid : e);
  }
  std::string id = std::to_string(number);
  const field fields[] = {{"grant", id}, {"by", by}, {"note", note}};
  return record(at, "review", fields);
}

std::expected<void, error> store::review(uint64_t grant, std::string_view by, std::string_view note,
                                         base::utc_time now) {
  return impl_->change([i = impl_.get(), grant, by = std::string(by), note = std::string(note), now] {
    return i->review(grant, by, note, now);
  });
}

std::expected<std::vector<grant>, error> store::unreviewed(size_t limit) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  query q(impl_->db, "SELECT " GRANT_COLUMNS
                     " FROM grants WHERE number IN (SELECT w.number FROM reviews w INDEXED BY "
                     "reviews_missing WHERE w.person IS NULL ORDER BY w.number DESC LIMIT ?) "
                     "ORDER BY number DESC");
  q.bind(static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  std::vector<grant> out;
  auto r = impl_->rows(q, [&](grant&& g) {
    out.push_back(std::move(g));
    return true;
  });
  if (!r) return std::unexpected(r.error());
  return out;
}

}  // namespace grantd::store
