// SPDX-License-Identifier: Apache-2.0
// SQLite with owners: one connection, its cached statements, one use of one of them. Never throws, never
// retries.
#pragma once

#include <sqlite3.h>

#include "store/store.h"

namespace grantd::store {

// What an extended result code means for the caller. corrupt comes back as error::locked: whoever sees it
// must lock the store (impl::fault does).
[[nodiscard]] error classify(int rc, int system_error) noexcept;
[[nodiscard]] bool means_corrupt(int rc) noexcept;

class connection {
 public:
  connection() = default;
  ~connection() { close(true); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // Opens an existing file for reading and writing; never makes one. Returns SQLite's extended result code.
  [[nodiscard]] int open(const std::string& path, const std::string& vfs);
  // `checkpoint` false leaves the write-ahead log where it is (after a failed fsync, or to keep the
  // evidence).
  void close(bool checkpoint) noexcept;
  [[nodiscard]] bool is_open() const noexcept { return db_ != nullptr; }
  [[nodiscard]] sqlite3* raw() const noexcept { return db_; }

  // Runs statements that give no rows (rows of pragmas are dropped). SQLITE_OK or the extended code.
  [[nodiscard]] int run(const char* sql) noexcept;
  // The statement for a literal: prepared once, kept until close. Null (and *rc) when it does not compile.
  [[nodiscard]] sqlite3_stmt* prepared(const char* literal, int* rc) noexcept;
  [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(db_) == 0; }
  [[nodiscard]] int system_error() const noexcept { return db_ == nullptr ? 0 : sqlite3_system_errno(db_); }
  [[nodiscard]] std::string message() const { return db_ == nullptr ? "not open" : sqlite3_errmsg(db_); }

 private:
  struct cached {
    const char* literal;
    sqlite3_stmt* statement;
  };
  sqlite3* db_ = nullptr;
  std::vector<cached> statements_;
};

// One use of a cached statement: bind in order, step, read; reset and unbound when it goes. `literal` must be
// a string literal (the cache compares addresses). Bound text and bytes must outlive the use.
class query {
 public:
  query(connection& db, const char* literal) noexcept;
  ~query();
  query(const query&) = delete;
  query& operator=(const query&) = delete;

  query& bind(int64_t value) noexcept;
  query& bind(std::optional<int64_t> value) noexcept;  // nothing: NULL
  query& bind(std::string_view text) noexcept;
  query& bind(std::span<const uint8_t> bytes) noexcept;
  // SQLITE_ROW, SQLITE_DONE, or the first error met (in preparing, binding or stepping).
  [[nodiscard]] int step() noexcept;
  // For statements without rows: SQLITE_OK when it ran to its end.
  [[nodiscard]] int run() noexcept;

  [[nodiscard]] int64_t integer(int column) const noexcept;
  [[nodiscard]] std::string_view text(int column) const noexcept;  // until the next step
  [[nodiscard]] std::span<const uint8_t> bytes(int column) const noexcept;
  [[nodiscard]] bool null(int column) const noexcept;

 private:
  sqlite3_stmt* statement_;
  int rc_ = SQLITE_OK;
  int next_ = 1;
};

}  // namespace grantd::store
