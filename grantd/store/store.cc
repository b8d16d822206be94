// SPDX-License-Identifier: Apache-2.0
// Batches: begin, change, commit, roll back. Nothing is acknowledged before log and anchor are on disk.
#include <sys/stat.h>

#include <cerrno>

#include "store/impl.h"
#include "store/schema.h"

namespace grantd::store {
namespace {

uint64_t size_of(const std::string& path) {
  struct stat st;
  // Never open(2): closing a second descriptor of the database would drop SQLite's POSIX locks.
  return stat(path.c_str(), &st) == 0 ? static_cast<uint64_t>(st.st_size) : 0;
}

}  // namespace

store::store(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
store::~store() = default;

lock_reason store::locked() const { return impl_->locked; }
std::string store::locked_text() const { return impl_->why; }
uint64_t store::sequence() const { return impl_->now.sequence; }
digest store::head() const { return impl_->now.head; }

error store::impl::fault(int rc) {
  if (means_corrupt(rc)) lock(lock_reason::corrupt, "SQLite says: " + db.message());
  error e = classify(rc, db.system_error());
  if (e == error::fatal) fatal = true;
  return e;
}

store::impl::result store::impl::may_read() const {
  if (fatal) return std::unexpected(error::fatal);
  if (!readable) return std::unexpected(error::locked);
  return {};
}

store::impl::result store::impl::begin() {
  if (fatal) return std::unexpected(error::fatal);
  if (in_batch != batch::none) return std::unexpected(error::invalid);
  // Here and not in SQLite's own hook, which throws away the result: a failed fsync must not be tried twice.
  if (wal_frames >= opt.checkpoint_frames) {
    int rc = checkpoint();
    if (rc != SQLITE_OK && (classify(rc, 0) == error::fatal || means_corrupt(rc)))
      return std::unexpected(fault(rc));
  }
  int rc = query(db, "BEGIN IMMEDIATE").run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  durable = now;
  in_batch = batch::open;
  return {};
}

std::expected<void, error> store::begin() {
  if (impl_->locked != lock_reason::none) return std::unexpected(error::locked);
  return impl_->begin();
}

int store::impl::checkpoint() {
  int rc = sqlite3_wal_checkpoint_v2(db.raw(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (rc == SQLITE_OK) wal_frames = 0;
  return rc;
}

store::impl::result store::impl::apply_guarded(const made& m) {
  if (m.how == guard::bare) {
    result r = m.apply();
    if (!r) {
      (void)db.run("PRAGMA cache_spill = OFF");
      in_batch = batch::lost;
      lost_because = r.error();
    }
    return r;
  }
  position before = now;
  int rc = query(db, "SAVEPOINT change").run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  result r = m.apply();
  if (r) {
    rc = query(db, "RELEASE change").run();
    if (rc == SQLITE_OK) return {};
    r = std::unexpected(fault(rc));
  }
  now = before;
  bool undone = db.in_transaction() && query(db, "ROLLBACK TO change").run() == SQLITE_OK &&
                query(db, "RELEASE change").run() == SQLITE_OK;
  if (!undone) {
    in_batch = batch::lost;  // SQLite took back the whole transaction
    lost_because = r.error();
  }
  return r;
}

store::impl::result store::impl::change(std::function<result()> apply, guard how) {
  if (fatal) return std::unexpected(error::fatal);
  if (in_batch == batch::lost) return std::unexpected(lost_because);
  if (in_batch == batch::none) return std::unexpected(error::invalid);
  made m{std::move(apply), how};
  result r = apply_guarded(m);
  if (r) replay.push_back(std::move(m));
  return r;
}

int store::impl::again() {
  if (db.in_transaction()) (void)query(db, "ROLLBACK").run();
  now = durable;
  // With the log copied into the database it is written from its start again: room without a new block.
  int rc = checkpoint();
  if (rc != SQLITE_OK && (classify(rc, 0) == error::fatal || means_corrupt(rc))) return rc;
  rc = query(db, "BEGIN IMMEDIATE").run();
  if (rc != SQLITE_OK) return rc;
  for (const made& m : replay) {
    if (!apply_guarded(m)) return SQLITE_FULL;
  }
  return query(db, "COMMIT").run();
}

anchored store::impl::to_anchor() const {
  return {
      .sequence = now.sequence, .highest_number = now.highest_number, .head = now.head, .store_uuid = uuid};
}

int store::impl::put_anchor() {
  int e = anchor.write(to_anchor());
  if ((e == ENOSPC || e == EDQUOT) && reserve.give_up()) e = anchor.write(to_anchor());
  return e;
}

uint64_t store::impl::grants() const {
  return now.highest_number - static_cast<uint64_t>(first_grant_number - 1) - now.skipped;
}

store::impl::result store::impl::write_anchor() {
  int e = put_anchor();
  if (e == 0) return {};
  // The store has it, the anchor does not: only a fresh start, which brings the anchor forward, can be
  // believed.
  fatal = true;
  return std::unexpected(error::fatal);
}

std::expected<void, error> store::commit(bool urgent) {
  impl& i = *impl_;
  if (i.fatal) return std::unexpected(error::fatal);
  if (i.in_batch == impl::batch::none) return std::unexpected(error::invalid);
  if (i.in_batch == impl::batch::lost) {
    i.rollback();
    return std::unexpected(i.lost_because);
  }
  // What the reserve made room for is for revocations.
  if (!urgent && reserve_given_up() && !i.reserve.fill()) {
    i.rollback();
    return std::unexpected(error::full);
  }
  int rc = query(i.db, "COMMIT").run();
  if (rc != SQLITE_OK && classify(rc, i.db.system_error()) == error::full) {
    if (urgent) (void)i.reserve.give_up();
    rc = i.again();
  }
  if (rc != SQLITE_OK) {
    error e = i.fault(rc);
    i.rollback();
    return std::unexpected(e);
  }
  i.in_batch = impl::batch::none;
  i.durable = i.now;
  i.replay.clear();
  return i.write_anchor();
}

void store::impl::rollback() noexcept {
  if (in_batch == batch::none) return;
  if (db.in_transaction()) (void)query(db, "ROLLBACK").run();
  if (db.in_transaction()) fatal = true;
  now = durable;
  replay.clear();
  in_batch = batch::none;
}

void store::rollback() noexcept { impl_->rollback(); }

void store::restore_reserve() noexcept {
  if (impl_->locked == lock_reason::none) (void)impl_->reserve.fill();
}

bool store::reserve_given_up() const { return impl_->opt.reserve_bytes != 0 && !impl_->reserve.whole(); }

reserve_state store::reserve() const {
  if (impl_->opt.reserve_bytes == 0) return reserve_state::none;
  if (impl_->reserve.whole()) return reserve_state::held;
  return impl_->reserve.no_room() ? reserve_state::no_room : reserve_state::not_yet;
}

std::expected<void, error> store::unlock(std::string_view by, base::utc_time now) {
  impl& i = *impl_;
  if (i.fatal) return std::unexpected(error::fatal);
  if (i.locked == lock_reason::none) return {};
  if (i.locked == lock_reason::corrupt || i.locked == lock_reason::other_schema)
    return std::unexpected(error::locked);
  if (i.absent) {
    if (!i.make_database() || !i.open_database() || !i.settle_schema()) return std::unexpected(error::io);
    if (i.locked == lock_reason::corrupt || !i.readable) return std::unexpected(error::locked);
  }
  anchored known = i.anchor.last();
  if (auto r = i.begin(); !r) return r;
  auto r = i.change([&i, &known, by, now]() -> impl::result {
    // Numbers that the newer history gave out must not come again.
    if (known.highest_number > i.now.highest_number) {
      uint64_t skipped = i.now.skipped + (known.highest_number - i.now.highest_number);
      int rc = query(i.db, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'grants'")
                   .bind(static_cast<int64_t>(known.highest_number))
                   .run();
      if (rc == SQLITE_OK)
        rc = query(i.db, "UPDATE meta SET skipped = ?").bind(static_cast<int64_t>(skipped)).run();
      if (rc != SQLITE_OK) return std::unexpected(i.fault(rc));
      i.now.skipped = skipped;
      i.now.highest_number = known.highest_number;
    }
    // Nor those of its locks and requests: each wrote a record, so there were no more of them than records.
    if (known.sequence > 0 && known.head != i.now.head) {
      int rc = i.skip_locks(known.sequence);
      if (rc == SQLITE_OK) rc = i.skip_requests(known.sequence);
      if (rc != SQLITE_OK) return std::unexpected(i.fault(rc));
    }
    std::string sequence = std::to_string(known.sequence);
    const field fields[] = {{"by", by}, {"why", i.why}, {"anchor_sequence", sequence}};
    return i.record(now, "unlock", fields);
  });
  int rc = r ? query(i.db, "COMMIT").run() : SQLITE_OK;
  if (rc != SQLITE_OK) r = std::unexpected(i.fault(rc));
  if (!r) {
    i.rollback();
    return r;
  }
  i.in_batch = impl::batch::none;
  i.durable = i.now;
  i.replay.clear();
  int e = i.anchor.create(i.to_anchor());
  if (e != 0) return std::unexpected(e == ENOSPC || e == EDQUOT ? error::full : error::io);
  i.locked = lock_reason::none;
  i.why.clear();
  (void)i.reserve.fill();
  return {};
}

std::expected<void, error> store::set_high_water(base::utc_time mark, base::boot_time at,
                                                 const base::boot_id& boot) {
  return impl_->change([i = impl_.get(), mark, at, boot]() -> impl::result {
    int rc = query(i->db, "UPDATE meta SET high_water_us = ?, high_water_boot_ns = ?, high_water_boot = ?")
                 .bind(mark.us)
                 .bind(at.ns)
                 .bind(std::span<const uint8_t>(boot))
                 .run();
    if (rc != SQLITE_OK) return std::unexpected(i->fault(rc));
    return {};
  });
}

std::optional<store::high_water_row> store::high_water() {
  if (!impl_->may_read()) return std::nullopt;
  query q(impl_->db, "SELECT high_water_us, high_water_boot_ns, high_water_boot FROM meta");
  int rc = q.step();
  if (rc != SQLITE_ROW) {
    if (rc != SQLITE_DONE) (void)impl_->fault(rc);
    return std::nullopt;
  }
  high_water_row row{};
  auto boot = q.bytes(2);
  if (q.null(0) || boot.size() != row.boot.size()) return std::nullopt;
  row.mark.us = q.integer(0);
  row.at.ns = q.integer(1);
  std::copy(boot.begin(), boot.end(), row.boot.begin());
  return row;
}

std::expected<void, error> store::set_exported(uint64_t sequence) {
  return impl_->change([i = impl_.get(), sequence]() -> impl::result {
    if (sequence > i->now.sequence) return std::unexpected(error::invalid);
    int rc = query(i->db, "UPDATE meta SET exported_sequence = ?").bind(static_cast<int64_t>(sequence)).run();
    if (rc != SQLITE_OK) return std::unexpected(i->fault(rc));
    i->now.exported = sequence;
    return {};
  });
}

uint64_t store::exported() const { return impl_->now.exported; }
std::array<uint8_t, 16> store::uuid() const { return impl_->uuid; }

std::expected<store::summary, error> store::summarise() {
  impl& i = *impl_;
  if (auto r = i.may_read(); !r) return std::unexpected(r.error());
  // Nothing here may cost more with more grants: anybody on the host may ask.
  return summary{.schema = schema_version,
                 .grants = i.grants(),
                 .open = i.now.open,
                 .records = i.now.sequence,
                 .file_bytes = size_of(i.file) + size_of(i.file + "-wal"),
                 .reserve_bytes = i.reserve.bytes()};
}

store::check_state store::check_slice() { return impl_->check_slice(); }

}  // namespace grantd::store
