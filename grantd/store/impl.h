// SPDX-License-Identifier: Apache-2.0
// What a store is made of. For this directory's own files; nobody else includes it.
#pragma once

#include "store/anchor.h"
#include "store/reserve.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace grantd::store {

// How far the audit and the numbers have come.
struct position {
  uint64_t sequence = 0;
  digest head{};
  uint64_t highest_number = 0;
  uint64_t skipped = 0;  // numbers below it that no grant has
  uint64_t open = 0;
  uint64_t highest_lock = 0;
  uint64_t locks_skipped = 0;  // numbers below it that no lock has
  uint64_t highest_request = 0;
  uint64_t requests_skipped = 0;  // numbers below it that no request has
  uint64_t exported = 0;
};

// Where check_slice has come to.
struct check_cursor {
  enum class phase : uint8_t {
    schema,
    pages,
    grants,
    locks,
    requests,
    approvals,
    reviews,
    audit,
    done
  } at = phase::schema;
  int64_t number = 0;
  uint64_t sequence = 0;
  digest head{};
  uint64_t grants = 0;  // rows behind it
  uint64_t locks = 0;
  uint64_t requests = 0;
  uint64_t approvals = 0;
};

struct store::impl {
  enum class batch : uint8_t { none, open, lost };
  using result = std::expected<void, error>;

  options opt;
  std::string directory;  // resolved
  std::string file;       // of the database
  connection db;
  anchor_file anchor;
  reserve_file reserve;
  lock_reason locked = lock_reason::none;
  std::string why;
  bool absent = false;  // there is no database, and none is made until somebody unlocks
  bool readable = false;
  bool fatal = false;
  std::array<uint8_t, 16> uuid{};
  position now;      // with what the open batch has added
  position durable;  // before it
  batch in_batch = batch::none;
  error lost_because = error::io;
  // In a savepoint: undone alone when it fails. Bare: for changes of very many rows, which a savepoint would
  // hold in SQLite's list of old pages, walked from its start at every statement; when it fails, the batch is
  // lost.
  enum class guard : uint8_t { savepoint, bare };
  struct made {
    std::function<result()> apply;
    guard how;
  };
  std::vector<made> replay;  // the open batch's changes, to make them again
  int wal_frames = 0;
  check_cursor check;

  ~impl() { db.close(!fatal && locked == lock_reason::none); }

  // open.cc
  [[nodiscard]] std::expected<void, open_failure> open();
  [[nodiscard]] std::expected<void, open_failure> compare_with_anchor(anchor_file::found seen);
  [[nodiscard]] std::expected<void, open_failure> make_database();  // the empty file
  [[nodiscard]] std::expected<void, open_failure> open_database();  // connection, lock, version; may lock
  [[nodiscard]] std::expected<void, open_failure> settle_schema();  // WAL, migrations, uuid, position
  [[nodiscard]] std::expected<void, open_failure> failed(int rc,
                                                         std::string_view doing);  // open_failure or lock
  void lock(lock_reason reason, std::string text);

  // store.cc
  [[nodiscard]] error fault(int rc);  // what an SQLite error means; locks or marks fatal as it must
  [[nodiscard]] result may_read() const;
  [[nodiscard]] result begin();
  [[nodiscard]] int checkpoint();
  [[nodiscard]] int again();  // the open batch once more, after SQLite took it back
  void rollback() noexcept;
  [[nodiscard]] anchored to_anchor() const;
  [[nodiscard]] int put_anchor();         // 0 or errno; a full disk is made room on by giving up the reserve
  [[nodiscard]] uint64_t grants() const;  // ever made: numbers have no other gap than `skipped`
  [[nodiscard]] result write_anchor();
  // One change inside its savepoint: applied whole and kept for again(), or nothing of it.
  [[nodiscard]] result change(std::function<result()> apply, guard how = guard::savepoint);
  [[nodiscard]] result apply_guarded(const made& m);

  // grants.cc
  [[nodiscard]] result insert(const grant& g, uint64_t* number);
  [[nodiscard]] result end(uint64_t number, state how, std::string_view by, std::string_view reason,
                           base::utc_time at);
  [[nodiscard]] error exists(uint64_t number);
  [[nodiscard]] result rows(query& q, const std::function<bool(grant&&)>& each);
  [[nodiscard]] result shorten(uint64_t number, base::utc_time not_after, base::boot_time mapped_end,
                               std::string_view because, base::utc_time at);

  // requests.cc
  [[nodiscard]] result insert(const request& r, uint64_t* number);
  [[nodiscard]] result approve(uint64_t number, const approval& a);
  [[nodiscard]] result end_request(uint64_t number, request::state how, std::string_view by,
                                   std::string_view reason, uint64_t grant, base::utc_time at);
  [[nodiscard]] error request_exists(uint64_t number);
  [[nodiscard]] uint64_t requests() const;          // ever made
  [[nodiscard]] int skip_requests(uint64_t count);  // the next numbers that no request will have

  // request_reads.cc
  [[nodiscard]] result request_rows(query& q, const std::function<bool(request&&)>& each);
  [[nodiscard]] result read_approvals(request* r);

  // reviews.cc
  [[nodiscard]] result review(uint64_t number, std::string_view by, std::string_view note, base::utc_time at);

  // locks.cc
  [[nodiscard]] result insert(const grantd::store::lock& l);
  [[nodiscard]] result end_lock(uint64_t number, std::string_view by, base::utc_time at);
  [[nodiscard]] uint64_t locks() const;          // ever made
  [[nodiscard]] int skip_locks(uint64_t count);  // the next numbers that no lock will have
  [[nodiscard]] error lock_exists(uint64_t number);

  // memberships.cc
  [[nodiscard]] result set(const membership& m, base::utc_time at);
  [[nodiscard]] result end(const membership& m, base::utc_time at);

  // audit.cc
  [[nodiscard]] result record(base::utc_time at, std::string_view event, std::span<const field> fields,
                              std::string_view once = {});
  // Recomputes up to `limit` digests after `*sequence`, whose digest is *head; moves both; stops after the
  // first for which `over` says so. *ended: there is no record behind. false: a mismatch.
  [[nodiscard]] std::expected<bool, error> verify_chain(uint64_t* sequence, digest* head, uint64_t limit,
                                                        const std::function<bool()>& over, bool* ended);

  // check.cc
  [[nodiscard]] check_state check_slice();
};

// The columns of a grant in the order read_grant wants them.
#define GRANT_COLUMNS                                                                                \
  "number, state, person, resource, not_before_us, not_after_us, made_us, made_by, reason, "         \
  "mapped_start_ns, "                                                                                \
  "mapped_end_ns, mapped_boot, scopes, ended_us, ended_by, ended_reason, request, break_glass, "     \
  "first_use_us, "                                                                                   \
  "CASE WHEN break_glass THEN (SELECT r.person FROM reviews r WHERE r.number = grants.number) END, " \
  "CASE WHEN break_glass THEN (SELECT r.at_us FROM reviews r WHERE r.number = grants.number) END"

// Nothing when the row is not one that this program writes: a corrupt file.
[[nodiscard]] std::optional<grant> read_grant(const query& row);

// The columns of a lock in the order read_lock wants them.
#define LOCK_COLUMNS "number, subject, name, message, from_us, until_us, made_by, mapped_end_ns, mapped_boot"
[[nodiscard]] std::optional<lock> read_lock(const query& row);

// The columns of a request in the order read_request wants them; its approvals are rows of their own.
#define REQUEST_COLUMNS                                                                                      \
  "number, state, person, resource, role, reason, read_write, break_glass, first_use, is_signed, needs, "    \
  "for_us, start_us, extends, rule, made_by, made_us, lapses_us, scopes, ended_us, ended_by, ended_reason, " \
  "granted, until_us"
[[nodiscard]] std::optional<request> read_request(const query& row);

// The columns of an approval in the order read_approval wants them.
#define APPROVAL_COLUMNS "number, request, person, at_us, for_us, public_key, signature, signed_text"
[[nodiscard]] std::optional<approval> read_approval(const query& row);

}  // namespace grantd::store
