// SPDX-License-Identifier: Apache-2.0
// Opens the store: paths, settings, schema, anchor. Never takes an empty store for one that was lost.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.h"
#include "store/impl.h"
#include "store/path.h"
#include "store/schema.h"

namespace grantd::store {
namespace {

int remember_frames(void* self, sqlite3*, const char*, int frames) {
  *static_cast<int*>(self) = frames;
  return SQLITE_OK;
}

std::string recovery(const std::string& directory, const std::string& file) {
  return "To recover: stop grantd; sqlite3 " + file +
         " .recover | sqlite3 /tmp/copy.db; look at the copy; move " + directory +
         " away, put the copy there as a new " + file +
         " (mode 0600, directory 0700, grantd's own); start grantd; grantctl store unlock";
}

std::string look_then_unlock() {
  return ". An old copy may bring revoked grants back: look at `grantctl list`, then `grantctl store unlock`";
}

}  // namespace

void store::impl::lock(lock_reason reason, std::string text) {
  if (locked == lock_reason::corrupt || (locked != lock_reason::none && reason != lock_reason::corrupt))
    return;
  locked = reason;
  why = std::move(text);
  if (reason == lock_reason::corrupt) {
    why = "the store " + file + " is corrupt: " + why + ". " + recovery(directory, file);
    readable = false;
  }
}

std::expected<void, open_failure> store::impl::failed(int rc, std::string_view doing) {
  if (means_corrupt(rc)) {
    lock(lock_reason::corrupt, db.message());
    return {};
  }
  std::string what = "cannot " + std::string(doing) + " the store " + file + ": ";
  switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return std::unexpected(
          open_failure{what + "another process has it open (is a grantd running already?)"});
    case SQLITE_READONLY:
      return std::unexpected(open_failure{what + "it is read-only: is " + directory + " mounted read-only?"});
    case SQLITE_FULL:
      return std::unexpected(open_failure{what + "no space left on the file system of " + directory});
    default:
      break;
  }
  int e = db.system_error();
  return std::unexpected(open_failure{what + db.message() + (e != 0 ? " (" + words_of(e) + ")" : "")});
}

std::expected<void, open_failure> store::impl::make_database() {
  base::unique_fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  int e = fd.valid() ? sync_directory(directory) : errno;
  if (e != 0 && e != EEXIST)
    return std::unexpected(open_failure{"cannot make the store " + file + ": " + words_of(e)});
  absent = false;
  return {};
}

std::expected<void, open_failure> store::impl::open_database() {
  int rc = db.open(file, opt.vfs);
  if (rc != SQLITE_OK) return failed(rc, "open");
  if (sqlite3_db_readonly(db.raw(), "main") != 0) return failed(SQLITE_READONLY, "open");
  // EXCLUSIVE before the first read: the wal-index then lives in this process and no second one gets in.
  rc = db.run(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;"
      "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;"
      // Everything a batch changed stays in memory until COMMIT: it then fails, if it fails, in one place.
      "PRAGMA cache_spill = OFF;");
  std::string cache = "PRAGMA cache_size = -" + std::to_string(opt.cache_kib);
  if (rc == SQLITE_OK) rc = db.run(cache.c_str());
  if (rc != SQLITE_OK) return failed(rc, "set up");
  query q(db,
          "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) "
          "FROM pragma_user_version, pragma_application_id");
  rc = q.step();
  if (rc != SQLITE_ROW) return failed(rc, "read");
  int64_t version = q.integer(0);
  bool empty = version == 0 && q.integer(2) == 0;
  if (version > schema_version) {
    lock(lock_reason::other_schema, "the store " + file + " was written by a newer grantd (schema " +
                                        std::to_string(version) + ", this one knows " +
                                        std::to_string(schema_version) + "): install that version again");
  } else if (!empty && (version < 1 || q.integer(1) != application)) {
    lock(lock_reason::corrupt, "it is not a store of grantd");
  } else if (empty && anchor.last().sequence > 0 && locked == lock_reason::none) {
    lock(lock_reason::corrupt, "it is empty, but its anchor " + anchor.path() + " knows record " +
                                   std::to_string(anchor.last().sequence));
  }
  return {};
}

std::expected<void, open_failure> store::impl::settle_schema() {
  if (locked == lock_reason::corrupt || locked == lock_reason::other_schema) return {};
  {
    query q(db, "PRAGMA journal_mode = WAL");
    int rc = q.step();
    if (rc != SQLITE_ROW) return failed(rc, "write");
    if (q.text(0) != "wal")
      return std::unexpected(open_failure{"cannot use the store " + file + " with a write-ahead log"});
  }
  int rc = db.run("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 8388608;");
  if (rc != SQLITE_OK) return failed(rc, "set up");
  (void)sqlite3_wal_hook(db.raw(), remember_frames, &wal_frames);  // also turns SQLite's own checkpoints off

  int64_t version = 0;
  {
    query q(db, "PRAGMA user_version");
    rc = q.step();
    if (rc != SQLITE_ROW) return failed(rc, "read");
    version = q.integer(0);
  }
  for (; version < schema_version; ++version) {
    rc = db.run("BEGIN IMMEDIATE");
    if (rc == SQLITE_OK) rc = db.run(schema_steps[version]);
    if (rc == SQLITE_OK && version == 0) {
      std::array<uint8_t, 16> fresh;
      if (getrandom(fresh.data(), fresh.size(), 0) != static_cast<ssize_t>(fresh.size()))
        return std::unexpected(open_failure{"cannot name a new store: " + words_of(errno)});
      rc = query(db, "INSERT INTO meta(one, uuid) VALUES(1, ?)").bind(std::span<const uint8_t>(fresh)).run();
      std::string id = "PRAGMA application_id = " + std::to_string(application);
      if (rc == SQLITE_OK) rc = db.run(id.c_str());
    }
    std::string set = "PRAGMA user_version = " + std::to_string(version + 1) + "; COMMIT";
    if (rc == SQLITE_OK) rc = db.run(set.c_str());
    if (rc != SQLITE_OK) {
      // The steps themselves are sound, so the tables are not those that the steps before them made; or a row
      // breaks the rules of its table: with a new column SQLite looks at all of them.
      if ((rc & 0xff) == SQLITE_CONSTRAINT || (rc & 0xff) == SQLITE_ERROR) rc = SQLITE_CORRUPT;
      auto why_not = failed(rc, "bring up to date");
      if (db.in_transaction()) (void)db.run("ROLLBACK");
      return why_not;
    }
  }

  query q(db,
          "SELECT (SELECT uuid FROM meta), (SELECT seq FROM sqlite_sequence WHERE name = 'grants'), "
          "(SELECT max(sequence) FROM audit), (SELECT digest FROM audit ORDER BY sequence DESC LIMIT 1), "
          "(SELECT skipped FROM meta), (SELECT count(*) FROM grants INDEXED BY grants_open WHERE state = 0), "
          "(SELECT seq FROM sqlite_sequence WHERE name = 'locks'), (SELECT locks_skipped FROM meta), "
          "(SELECT seq FROM sqlite_sequence WHERE name = 'requests'), (SELECT requests_skipped FROM meta), "
          "(SELECT exported_sequence FROM meta)");
  rc = q.step();
  if (rc != SQLITE_ROW) return failed(rc, "read");
  auto id = q.bytes(0);
  auto head = q.bytes(3);
  bool records = !q.null(2);
  if (id.size() != uuid.size() || q.null(1) || q.null(6) || q.null(8) ||
      (records && head.size() != now.head.size())) {
    lock(lock_reason::corrupt, "rows that every store has are missing");
    return {};
  }
  std::copy(id.begin(), id.end(), uuid.begin());
  now.highest_number = static_cast<uint64_t>(q.integer(1));
  now.skipped = static_cast<uint64_t>(q.integer(4));
  now.open = static_cast<uint64_t>(q.integer(5));
  now.highest_lock = static_cast<uint64_t>(q.integer(6));
  now.locks_skipped = static_cast<uint64_t>(q.integer(7));
  now.highest_request = static_cast<uint64_t>(q.integer(8));
  now.requests_skipped = static_cast<uint64_t>(q.integer(9));
  now.exported = static_cast<uint64_t>(q.integer(10));
  now.sequence = records ? static_cast<uint64_t>(q.integer(2)) : 0;
  if (records) std::copy(head.begin(), head.end(), now.head.begin());
  durable = now;
  readable = true;
  return {};
}

std::expected<void, open_failure> store::impl::compare_with_anchor(anchor_file::found seen) {
  const anchored& known = anchor.last();
  std::string here = "the store " + file + " ends at record " + std::to_string(now.sequence);
  if (seen == anchor_file::found::corrupt) {
    lock(lock_reason::anchor_corrupt,
         "the anchor " + anchor.path() +
             " cannot be read, so nobody knows whether this store is the newest; " + here +
             look_then_unlock());
    return {};
  }
  bool fresh = now.sequence == 0 && known.sequence == 0;
  if (seen == anchor_file::found::missing && !fresh) {
    lock(lock_reason::anchor_missing, "the anchor " + anchor.path() +
                                          " is missing, so nobody knows whether this store is the newest; " +
                                          here + look_then_unlock());
    return {};
  }
  // A new store, or one whose first start was cut short before the anchor was made.
  if (fresh && (seen == anchor_file::found::missing || known.store_uuid != uuid)) {
    int e = anchor.create(to_anchor());
    if (e != 0)
      return std::unexpected(open_failure{"cannot make the anchor " + anchor.path() + ": " + words_of(e)});
    return {};
  }
  if (known.store_uuid != uuid) {
    lock(lock_reason::behind_anchor,
         "the anchor " + anchor.path() + " belongs to another store than " + file + look_then_unlock());
    return {};
  }
  std::string there = ", its anchor " + anchor.path() + " knows record " + std::to_string(known.sequence);
  if (known.sequence > now.sequence || known.highest_number > now.highest_number) {
    lock(lock_reason::behind_anchor, here + there + ": this is an older copy" + look_then_unlock());
    return {};
  }
  // Ahead of the anchor: a crash between commit and anchor. Believed only if the same history leads there.
  digest head{};
  if (known.sequence > 0) {
    query q(db, "SELECT digest FROM audit WHERE sequence = ?");
    int rc = q.bind(static_cast<int64_t>(known.sequence)).step();
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return failed(rc, "read");
    auto bytes = rc == SQLITE_ROW ? q.bytes(0) : std::span<const uint8_t>{};
    if (bytes.size() == head.size()) std::copy(bytes.begin(), bytes.end(), head.begin());
  }
  if (head != known.head) {
    lock(lock_reason::behind_anchor,
         here + there + ", and that record is another one here: this copy has another history" +
             look_then_unlock());
    return {};
  }
  uint64_t sequence = known.sequence;
  bool ended = false;
  auto same = verify_chain(&sequence, &head, UINT32_MAX, [] { return false; }, &ended);
  if (!same) {
    if (locked != lock_reason::none) return {};
    return failed(SQLITE_IOERR, "read");
  }
  if (!*same || sequence != now.sequence) {
    lock(lock_reason::corrupt,
         "audit record " + std::to_string(sequence + 1) + " does not follow from the one before");
    return {};
  }
  // A crash may have left a whole reserve: without it the anchor could not follow on a full disk, and grantd
  // not start.
  (void)reserve.adopt();
  int e = put_anchor();
  if (e != 0)
    return std::unexpected(open_failure{"cannot write the anchor " + anchor.path() + ": " + words_of(e)});
  return {};
}

std::expected<void, open_failure> store::impl::open() {
  if (!opt.chain || !opt.canonical) return std::unexpected(open_failure{"the store was given no chain"});
  auto resolved = prepare_directory(opt.directory);
  if (!resolved) return std::unexpected(resolved.error());
  directory = *resolved;
  file = directory + "/grantd.db";

  struct stat inner;
  struct stat outer;
  std::string beside = parent_of(opt.anchor);
  if (opt.anchor.empty() || stat(beside.c_str(), &outer) != 0)
    return std::unexpected(open_failure{"the anchor's directory " + beside + " is missing: make it"});
  if (stat(directory.c_str(), &inner) != 0 || (inner.st_dev == outer.st_dev && inner.st_ino == outer.st_ino))
    return std::unexpected(open_failure{"the anchor " + opt.anchor +
                                        " must not lie in the store's directory: who puts an old copy of the "
                                        "directory back would put the anchor back with it"});

  bool log_left = false;
  std::optional<off_t> size;
  for (const char* name : {"", "-wal", "-shm", "-journal"}) {
    auto found = inspect_file(file + name);
    if (!found) return std::unexpected(found.error());
    if (*name == '\0') size = *found;
    if (std::string_view(name) == "-wal") log_left = found->value_or(0) > 0;
  }
  if (auto r = inspect_file(directory + "/reserve"); !r) return std::unexpected(r.error());

  reserve.at(directory + "/reserve", opt.reserve_bytes);
  anchor.at(opt.anchor);
  auto seen = anchor.read();
  if (!seen) return std::unexpected(seen.error());
  bool known = *seen == anchor_file::found::corrupt || anchor.last().sequence > 0;
  std::string knows = "its anchor " + opt.anchor + " knows record " + std::to_string(anchor.last().sequence);
  if (size.value_or(0) == 0 && log_left) {
    lock(lock_reason::corrupt, "the database is gone, its write-ahead log is there");
    return {};
  }
  if (size == 0 && known) {
    lock(lock_reason::corrupt, "it is empty, but " + knows);
    return {};
  }
  if (!size && known) {
    absent = true;
    lock(lock_reason::behind_anchor, "the store " + file + " is missing, but " + knows +
                                         ": put it back, or begin an empty one with `grantctl store unlock`");
    return {};
  }
  std::expected<void, open_failure> r;
  if (!size) r = make_database();
  if (r) r = open_database();
  if (r) r = settle_schema();
  if (r && readable) r = compare_with_anchor(*seen);
  if (!r) return r;
  if (locked == lock_reason::none) (void)reserve.fill();
  return {};
}

std::expected<std::unique_ptr<store>, open_failure> store::open(options o) {
  auto i = std::make_unique<impl>();
  i->opt = std::move(o);
  if (auto r = i->open(); !r) {
    i->locked = lock_reason::corrupt;  // leave the write-ahead log as it is
    return std::unexpected(r.error());
  }
  return std::unique_ptr<store>(new store(std::move(i)));
}

}  // namespace grantd::store
