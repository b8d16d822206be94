// SPDX-License-Identifier: Apache-2.0
// One consistent look at the window table: open once, ask about any number of accounts. Async-signal-safe:
// open, fstat, fstatfs, pread, close; no heap, no locks, no waiting.
#pragma once

#include <array>
#include <span>

#include "base/unique_fd.h"
#include "decision/decide.h"
#include "table/codec.h"

namespace grantd::table {

// What the table says about one account. Records' views point into `bytes`: neither copy nor move it.
struct found {
  std::array<std::array<uint8_t, record_size>, max_records_per_account> bytes;
  std::array<decision::record, max_records_per_account> records;
  unsigned count = 0;
  found() = default;
  found(const found&) = delete;
  found& operator=(const found&) = delete;
  [[nodiscard]] std::span<const decision::record> all() const noexcept { return {records.data(), count}; }
};

class snapshot {
 public:
  // Opens `path` (absolute) and checks directory, file, size, header and boot id. On any fault nothing is
  // open. Directory: not writable by group or others. File: regular, opened O_NOFOLLOW, owned by root or by
  // the directory's owner, not writable by group or others. Boot id: must be the kernel's unless on tmpfs.
  [[nodiscard]] fault open(const char* path) noexcept;

  // Must be called with a `now` that was read after open(): a table written later than that is refused.
  [[nodiscard]] fault not_from_future(base::boot_time now) const noexcept;

  [[nodiscard]] fault find(const decision::account& who, found& out) const noexcept;

  // The resource that names this login point most exactly; `size` 0 when none does. `text` gets at most
  // base::max_name bytes and is not terminated.
  struct resource_name {
    char text[64];
    unsigned size;
  };
  [[nodiscard]] fault find_resource(const decision::login_point& where, resource_name& out) const noexcept;

  [[nodiscard]] bool locked() const noexcept { return (header_.flags & flag_locked) != 0; }
  [[nodiscard]] const header& head() const noexcept { return header_; }

 private:
  base::unique_fd file_;
  header header_{};
};

}  // namespace grantd::table
