// SPDX-License-Identifier: Apache-2.0
// SQLite's file calls, one of which fails when told; counts that it really did.
#include "unit/store/failing_disk.h"

#include <sqlite3.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <new>

namespace grantd::test {
namespace {

struct plan {
  failing_disk::fault kind = failing_disk::fault::none;
  int64_t left = 0;
  bool once = true;
  int64_t injected = 0;
};
plan now;
std::map<std::string, int64_t> syncs;
std::function<void(const std::string&)> looker;

void count_sync(const std::string& name) {
  ++syncs[name];
  if (looker) looker(name);
}

using fault = failing_disk::fault;

// Is this call the one? `kind`s that it can suffer are a bit set.
bool strikes(bool write, bool sync) {
  bool fits =
      now.kind == fault::io || (now.kind == fault::full && write) || (now.kind == fault::sync && sync);
  if (!fits || now.left == 0) return false;
  if (--now.left > 0) return false;
  ++now.injected;
  if (!now.once) now.left = 1;
  return true;
}

struct file {
  sqlite3_file base;
  sqlite3_file* real;
  const char* name;
};

file* self(sqlite3_file* f) { return reinterpret_cast<file*>(f); }
const sqlite3_io_methods* real_of(sqlite3_file* f) { return self(f)->real->pMethods; }

int on_close(sqlite3_file* f) { return real_of(f)->xClose(self(f)->real); }
int on_read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  return strikes(false, false) ? SQLITE_IOERR_READ : real_of(f)->xRead(self(f)->real, to, n, at);
}
int on_write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  if (!strikes(true, false)) return real_of(f)->xWrite(self(f)->real, from, n, at);
  // Half of it arrives, as on a real disk.
  (void)real_of(f)->xWrite(self(f)->real, from, n / 2, at);
  return now.kind == fault::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}
int on_truncate(sqlite3_file* f, sqlite3_int64 n) {
  return strikes(false, false) ? SQLITE_IOERR_TRUNCATE : real_of(f)->xTruncate(self(f)->real, n);
}
int on_sync(sqlite3_file* f, int flags) {
  if (self(f)->name != nullptr) count_sync(self(f)->name);
  return strikes(false, true) ? SQLITE_IOERR_FSYNC : real_of(f)->xSync(self(f)->real, flags);
}
int on_size(sqlite3_file* f, sqlite3_int64* n) {
  return strikes(false, false) ? SQLITE_IOERR_FSTAT : real_of(f)->xFileSize(self(f)->real, n);
}
int on_lock(sqlite3_file* f, int how) { return real_of(f)->xLock(self(f)->real, how); }
int on_unlock(sqlite3_file* f, int how) { return real_of(f)->xUnlock(self(f)->real, how); }
int on_reserved(sqlite3_file* f, int* out) { return real_of(f)->xCheckReservedLock(self(f)->real, out); }
int on_control(sqlite3_file* f, int op, void* arg) {
  return real_of(f)->xFileControl(self(f)->real, op, arg);
}
int on_sector(sqlite3_file* f) { return real_of(f)->xSectorSize(self(f)->real); }
int on_device(sqlite3_file* f) { return real_of(f)->xDeviceCharacteristics(self(f)->real); }

// Version 1: without shared memory; a store that needed it would not open.
const sqlite3_io_methods methods = {1,          on_close,  on_read,   on_write,  on_truncate,
                                    on_sync,    on_size,   on_lock,   on_unlock, on_reserved,
                                    on_control, on_sector, on_device, nullptr,   nullptr,
                                    nullptr,    nullptr,   nullptr,   nullptr};

sqlite3_vfs* base() { return sqlite3_vfs_find("unix"); }

int on_open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* out) {
  f->pMethods = nullptr;
  if (strikes(false, false)) return SQLITE_CANTOPEN;
  file* mine = self(f);
  mine->real = reinterpret_cast<sqlite3_file*>(mine + 1);
  mine->name = name;
  int rc = base()->xOpen(base(), name, mine->real, flags, out);
  if (mine->real->pMethods != nullptr) f->pMethods = &methods;
  return rc;
}

}  // namespace

void failing_disk::arm(fault kind, int64_t nth, bool once) { now = {kind, nth, once, 0}; }
int64_t failing_disk::injected() { return now.injected; }
bool failing_disk::reached() { return now.injected > 0; }
void failing_disk::at_sync(std::function<void(const std::string&)> look) { looker = std::move(look); }
void failing_disk::forget_counts() { syncs.clear(); }

int64_t failing_disk::syncs_of(const std::string& file_suffix) {
  int64_t sum = 0;
  for (const auto& [name, count] : syncs) {
    if (name.ends_with(file_suffix)) sum += count;
  }
  return sum;
}

void failing_disk::install() {
  static sqlite3_vfs mine;
  if (sqlite3_vfs_find(vfs) != nullptr) return;
  mine = *base();
  mine.zName = vfs;
  mine.szOsFile = static_cast<int>(sizeof(file)) + base()->szOsFile;
  mine.xOpen = on_open;
  sqlite3_vfs_register(&mine, 0);
}

}  // namespace grantd::test

// Stands before libc's: the anchor's sync can be counted and made to fail. SQLite's own (counted by the VFS)
// comes by here, too, and is let through.
extern "C" __attribute__((visibility("default"))) int fdatasync(int fd) {
  char link[64];
  char path[4096];
  std::strcpy(link, "/proc/self/fd/");
  std::strcat(link, std::to_string(fd).c_str());
  ssize_t n = readlink(link, path, sizeof path - 1);
  std::string name(path, n > 0 ? static_cast<size_t>(n) : 0);
  if (name.ends_with("anchor")) {
    grantd::test::count_sync(name);
    bool full = grantd::test::now.kind == grantd::test::fault::full;
    if (grantd::test::strikes(full, !full)) {
      errno = full ? ENOSPC : EIO;
      return -1;
    }
  }
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}
