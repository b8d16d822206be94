// SPDX-License-Identifier: Apache-2.0
// Writes the window table: a new file beside the old one, then rename. One writer (the daemon).
#pragma once

#include <sys/types.h>

#include <expected>
#include <span>
#include <string>

#include "base/boot_id.h"
#include "decision/decide.h"
#include "table/codec.h"

namespace grantd::table {

// What is to be published. Asked for by number so that nobody holds every record at once.
class source {
 public:
  virtual ~source() = default;
  [[nodiscard]] virtual size_t size() const = 0;
  // i < size(). Views need to live until the next call only.
  [[nodiscard]] virtual decision::record at(size_t i) const = 0;
};

struct publication {
  uint64_t sequence;  // strictly greater than that of any table published before
  base::boot_id boot;
  base::boot_time written;
  base::siphash_key key;  // random, new with each publication or at least each start
  uint32_t flags = 0;
  std::span<const point_name> points;
};

struct publish_error {
  enum class what { too_many_for_account, record_too_long, io } kind;
  int number = 0;     // errno for io
  std::string about;  // the account, or the call that failed
};

class publisher {
 public:
  // `path` absolute: the table; a temporary file is made in the same directory (`path` + ".new"; one left
  // behind by a crash is replaced). `group`: owner group of the file, (gid_t)-1 for the process's own; mode
  // 0640.
  publisher(std::string path, gid_t group);

  // When it returns, every lookup that starts sees this table. On error the old table is still there,
  // unchanged. No fsync: the table lives on tmpfs and is written anew after every boot.
  [[nodiscard]] std::expected<void, publish_error> publish(const source& records, const publication& what);

  // Nobody gets in: for when the truth cannot be published. ENOENT is success.
  [[nodiscard]] std::expected<void, publish_error> unlink();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  gid_t group_;
};

}  // namespace grantd::table
