// SPDX-License-Identifier: Apache-2.0
// Locks: made, mapped once in each boot, ended once, read. Each change writes its audit record beside it.
#include "store/impl.h"
#include "store/schema.h"

namespace grantd::store {
namespace {

constexpr std::string_view key_of(lock::what subject) {
  switch (subject) {
    case lock::what::person:
      return "person";
    case lock::what::resource:
      return "resource";
    case lock::what::all:
      break;
  }
  return "all";
}

}  // namespace

std::optional<lock> read_lock(const query& row) {
  const int64_t subject = row.integer(1);
  auto boot = row.bytes(8);
  lock l;
  if (subject < 1 || subject > 3 || boot.size() != l.mapped_boot.size()) return std::nullopt;
  l.number = static_cast<uint64_t>(row.integer(0));
  l.subject = static_cast<lock::what>(subject);
  l.name = row.text(2);
  l.message = row.text(3);
  l.from.us = row.integer(4);
  l.until.us = row.integer(5);
  l.made_by = row.text(6);
  l.mapped_end.ns = row.integer(7);
  std::copy(boot.begin(), boot.end(), l.mapped_boot.begin());
  return l;
}

uint64_t store::impl::locks() const {
  return now.highest_lock - static_cast<uint64_t>(first_lock_number - 1) - now.locks_skipped;
}

int store::impl::skip_locks(uint64_t count) {
  if (count == 0) return SQLITE_OK;
  int rc = query(db, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'locks'")
               .bind(static_cast<int64_t>(now.highest_lock + count))
               .run();
  if (rc == SQLITE_OK)
    rc = query(db, "UPDATE meta SET locks_skipped = ?")
             .bind(static_cast<int64_t>(now.locks_skipped + count))
             .run();
  if (rc != SQLITE_OK) return rc;
  now.highest_lock += count;
  now.locks_skipped += count;
  return SQLITE_OK;
}

store::impl::result store::impl::insert(const grantd::store::lock& l) {
  if (l.number <= now.highest_lock || l.number >= uint64_t{1} << 53) return std::unexpected(error::invalid);
  if (int rc = skip_locks(l.number - now.highest_lock - 1); rc != SQLITE_OK)
    return std::unexpected(fault(rc));
  int rc = query(db,
                 "INSERT INTO locks(number, subject, name, message, from_us, until_us, made_by, "
                 "mapped_end_ns, mapped_boot) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")
               .bind(static_cast<int64_t>(l.number))
               .bind(static_cast<int64_t>(l.subject))
               .bind(l.name)
               .bind(l.message)
               .bind(l.from.us)
               .bind(l.until.us)
               .bind(l.made_by)
               .bind(l.mapped_end.ns)
               .bind(std::span<const uint8_t>(l.mapped_boot))
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  std::string id = std::to_string(l.number);
  std::string until = std::to_string(l.until.us);
  const field fields[] = {{"lock", id},
                          {key_of(l.subject), l.name},
                          {"until_us", until},
                          {"by", l.made_by},
                          {"message", l.message}};
  result r = record(l.from, "lock", fields);
  if (r) now.highest_lock = l.number;
  return r;
}

// Why a lock could not be changed as one in force.
error store::impl::lock_exists(uint64_t number) {
  query q(db, "SELECT 1 FROM locks WHERE number = ?");
  int rc = q.bind(static_cast<int64_t>(number)).step();
  if (rc == SQLITE_DONE) return error::not_found;
  return rc == SQLITE_ROW ? error::not_open : fault(rc);
}

store::impl::result store::impl::end_lock(uint64_t number, std::string_view by, base::utc_time at) {
  int rc = query(db, "UPDATE locks SET ended_us = ?, ended_by = ? WHERE number = ? AND ended_us IS NULL")
               .bind(at.us)
               .bind(by)
               .bind(static_cast<int64_t>(number))
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  if (sqlite3_changes(db.raw()) != 1) return std::unexpected(lock_exists(number));
  std::string id = std::to_string(number);
  const field fields[] = {{"lock", id}, {"by", by}};
  return record(at, "lock-end", fields);
}

std::expected<void, error> store::add_lock(const lock& l) {
  return impl_->change([i = impl_.get(), l] { return i->insert(l); });
}

std::expected<void, error> store::end_lock(uint64_t number, std::string_view by, base::utc_time now) {
  return impl_->change(
      [i = impl_.get(), number, by = std::string(by), now] { return i->end_lock(number, by, now); });
}

std::expected<void, error> store::remap_locks(std::span<const remapped_lock> locks, const base::boot_id& boot,
                                              std::string_view why, base::utc_time now) {
  std::vector<remapped_lock> kept(locks.begin(), locks.end());
  return impl_->change(
      [i = impl_.get(), kept = std::move(kept), boot, why = std::string(why), now]() -> impl::result {
        for (const remapped_lock& l : kept) {
          int rc = query(i->db,
                         "UPDATE locks SET mapped_end_ns = ?, mapped_boot = ? "
                         "WHERE number = ? AND ended_us IS NULL")
                       .bind(l.end.ns)
                       .bind(std::span<const uint8_t>(boot))
                       .bind(static_cast<int64_t>(l.number))
                       .run();
          if (rc != SQLITE_OK) return std::unexpected(i->fault(rc));
          if (sqlite3_changes(i->db.raw()) != 1) return std::unexpected(i->lock_exists(l.number));
        }
        std::string count = std::to_string(kept.size());
        const field fields[] = {{"locks", count}, {"why", why}};
        return i->record(now, "remap", fields);
      });
}

std::expected<void, error> store::each_lock(const std::function<bool(lock&&)>& each) {
  if (auto r = impl_->may_read(); !r) return r;
  query q(impl_->db, "SELECT " LOCK_COLUMNS
                     " FROM locks INDEXED BY locks_in_force WHERE ended_us IS NULL ORDER BY number");
  int rc = q.step();
  for (; rc == SQLITE_ROW; rc = q.step()) {
    auto l = read_lock(q);
    if (!l) return std::unexpected(impl_->fault(SQLITE_CORRUPT));
    if (!each(std::move(*l))) return {};
  }
  if (rc != SQLITE_DONE) return std::unexpected(impl_->fault(rc));
  return {};
}

uint64_t store::next_lock() const { return impl_->now.highest_lock + 1; }

}  // namespace grantd::store
