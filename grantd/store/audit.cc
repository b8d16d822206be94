// SPDX-License-Identifier: Apache-2.0
// The audit's records: written with the change they tell of, read back, chained again.
#include "store/blob.h"
#include "store/impl.h"

namespace grantd::store {
namespace {

std::optional<audit_row> read_row(const query& q) {
  auto fields = decode_fields(q.bytes(3));
  auto chained = q.bytes(4);
  audit_row row{};
  if (!fields || chained.size() != row.chained.size()) return std::nullopt;
  row.sequence = static_cast<uint64_t>(q.integer(0));
  row.at.us = q.integer(1);
  row.event = q.text(2);
  row.fields = std::move(*fields);
  std::copy(chained.begin(), chained.end(), row.chained.begin());
  return row;
}

constexpr const char* after =
    "SELECT sequence, at_us, event, fields, digest FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?";

}  // namespace

store::impl::result store::impl::record(base::utc_time at, std::string_view event,
                                        std::span<const field> fields, std::string_view once) {
  auto stored = encode_fields(fields);
  if (!stored) return std::unexpected(error::invalid);
  uint64_t sequence = now.sequence + 1;
  digest chained = opt.chain(now.head, opt.canonical(sequence, at, event, fields));
  int rc = query(db,
                 "INSERT INTO audit(sequence, at_us, event, fields, digest, once) "
                 "VALUES(?, ?, ?, ?, ?, nullif(?, ''))")
               .bind(static_cast<int64_t>(sequence))
               .bind(at.us)
               .bind(event)
               .bind(std::span<const uint8_t>(*stored))
               .bind(std::span<const uint8_t>(chained))
               .bind(once)
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  now.sequence = sequence;
  now.head = chained;
  return {};
}

std::expected<bool, error> store::impl::verify_chain(uint64_t* sequence, digest* head, uint64_t limit,
                                                     const std::function<bool()>& over, bool* ended) {
  uint64_t seen = 0;
  *ended = false;
  query q(db, after);
  q.bind(static_cast<int64_t>(*sequence)).bind(static_cast<int64_t>(limit));
  int rc = q.step();
  for (; rc == SQLITE_ROW; rc = q.step()) {
    auto row = read_row(q);
    if (!row || row->sequence != *sequence + 1) return false;
    std::vector<field> fields(row->fields.begin(), row->fields.end());
    digest chained = opt.chain(*head, opt.canonical(row->sequence, row->at, row->event, fields));
    if (chained != row->chained) return false;
    *sequence = row->sequence;
    *head = chained;
    if (++seen == limit || over()) return true;
  }
  if (rc != SQLITE_DONE) return std::unexpected(fault(rc));
  *ended = true;
  return true;
}

std::expected<void, error> store::note(std::string_view event, std::span<const field> fields,
                                       base::utc_time now, std::string_view once) {
  std::vector<std::pair<std::string, std::string>> kept(fields.begin(), fields.end());
  return impl_->change(
      [i = impl_.get(), event = std::string(event), kept = std::move(kept), now, once = std::string(once)] {
        std::vector<field> views(kept.begin(), kept.end());
        return i->record(now, event, views, once);
      });
}

bool store::noted(std::string_view once) {
  if (!impl_->may_read()) return false;
  query q(impl_->db, "SELECT 1 FROM audit INDEXED BY audit_once WHERE once = ?");
  const int rc = q.bind(once).step();
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) (void)impl_->fault(rc);
  return rc == SQLITE_ROW;
}

std::expected<std::vector<audit_row>, error> store::audit(uint64_t after_sequence, size_t limit) {
  impl& i = *impl_;
  if (i.fatal) return std::unexpected(error::fatal);
  if (!i.db.is_open()) return std::unexpected(error::locked);
  query q(i.db, after);
  q.bind(static_cast<int64_t>(std::min<uint64_t>(after_sequence, INT64_MAX)))
      .bind(static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  std::vector<audit_row> rows;
  int rc = q.step();
  for (; rc == SQLITE_ROW; rc = q.step()) {
    auto row = read_row(q);
    if (!row) {
      rc = SQLITE_CORRUPT;
      break;
    }
    rows.push_back(std::move(*row));
  }
  if (rc == SQLITE_DONE) return rows;
  const error e = i.fault(rc);
  if (!rows.empty() && e != error::fatal) return rows;  // the next call begins where this one stopped
  // Whatever else SQLite may say of a file that is not to be believed anyway.
  return std::unexpected(i.readable || e == error::fatal ? e : error::locked);
}

}  // namespace grantd::store
