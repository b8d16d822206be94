// SPDX-License-Identifier: Apache-2.0
// SQLite with owners: every result code is looked at here, and finalising happens nowhere else.
#include "store/sqlite.h"

#include <cerrno>

namespace grantd::store {

bool means_corrupt(int rc) noexcept {
  int primary = rc & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || rc == SQLITE_IOERR_CORRUPTFS ||
         rc == SQLITE_IOERR_DATA;
}

error classify(int rc, int system_error) noexcept {
  if (means_corrupt(rc)) return error::locked;
  switch (rc) {
    // The kernel forgets a failed write-back after telling once: nothing written before is known to be on
    // disk.
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
      return error::fatal;
    default:
      break;
  }
  switch (rc & 0xff) {
    case SQLITE_FULL:
      return error::full;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return error::invalid;
    default:
      return system_error == ENOSPC || system_error == EDQUOT ? error::full : error::io;
  }
}

int connection::open(const std::string& path, const std::string& vfs) {
  constexpr int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
  int rc = sqlite3_open_v2(path.c_str(), &db_, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (rc != SQLITE_OK) return rc;
  constexpr struct {
    int option;
    int value;
  } settings[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                  {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                  {SQLITE_DBCONFIG_DQS_DML, 0},
                  {SQLITE_DBCONFIG_DQS_DDL, 0}};
  for (const auto& s : settings) {
    rc = sqlite3_db_config(db_, s.option, s.value, nullptr);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

void connection::close(bool checkpoint) noexcept {
  if (db_ == nullptr) return;
  for (const cached& c : statements_) (void)sqlite3_finalize(c.statement);  // repeats the last step's code
  statements_.clear();
  if (!checkpoint) (void)sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  (void)sqlite3_close(db_);  // with nothing left unfinalised it cannot refuse
  db_ = nullptr;
}

int connection::run(const char* sql) noexcept { return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); }

sqlite3_stmt* connection::prepared(const char* literal, int* rc) noexcept {
  for (const cached& c : statements_) {
    if (c.literal == literal) return c.statement;
  }
  sqlite3_stmt* made = nullptr;
  *rc = sqlite3_prepare_v3(db_, literal, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  if (*rc == SQLITE_OK) statements_.push_back({literal, made});
  return made;
}

query::query(connection& db, const char* literal) noexcept : statement_(nullptr) {
  if (!db.is_open()) {
    rc_ = SQLITE_MISUSE;
    return;
  }
  statement_ = db.prepared(literal, &rc_);
}

query::~query() {
  if (statement_ == nullptr) return;
  (void)sqlite3_reset(statement_);  // repeats the last step's code
  (void)sqlite3_clear_bindings(statement_);
}

query& query::bind(int64_t value) noexcept {
  if (rc_ == SQLITE_OK) rc_ = sqlite3_bind_int64(statement_, next_++, value);
  return *this;
}

query& query::bind(std::optional<int64_t> value) noexcept {
  if (value) return bind(*value);
  if (rc_ == SQLITE_OK) rc_ = sqlite3_bind_null(statement_, next_++);
  return *this;
}

// A null pointer would bind NULL where an empty value is meant.
query& query::bind(std::string_view text) noexcept {
  const char* data = text.data() == nullptr ? "" : text.data();
  if (rc_ == SQLITE_OK)
    rc_ = sqlite3_bind_text64(statement_, next_++, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

query& query::bind(std::span<const uint8_t> bytes) noexcept {
  const void* data = bytes.data() == nullptr ? "" : static_cast<const void*>(bytes.data());
  if (rc_ == SQLITE_OK) rc_ = sqlite3_bind_blob64(statement_, next_++, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

int query::step() noexcept { return rc_ != SQLITE_OK ? rc_ : sqlite3_step(statement_); }

int query::run() noexcept {
  int rc = step();
  return rc == SQLITE_DONE ? SQLITE_OK : rc == SQLITE_ROW ? SQLITE_MISUSE : rc;
}

int64_t query::integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }

std::string_view query::text(int column) const noexcept {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return data == nullptr
             ? std::string_view{}
             : std::string_view{data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const uint8_t> query::bytes(int column) const noexcept {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

bool query::null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

}  // namespace grantd::store
