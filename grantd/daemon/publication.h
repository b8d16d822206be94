// SPDX-License-Identifier: Apache-2.0
// Keeps the window table true: publishes it, and unlinks it when it cannot be. Nobody is let in by a table
// that is known to be wrong.
#pragma once

#include <string>
#include <vector>

#include "base/boot_id.h"
#include "daemon/windows.h"
#include "table/publisher.h"

namespace grantd::daemon {

inline constexpr unsigned sequence_bits = 16;

class publication {
 public:
  // `key` random, new with each start: who fills the table's buckets cannot know it.
  publication(std::string path, gid_t group, const base::boot_id& boot, base::siphash_key key);

  // Strictly increasing across restarts without a file of its own: the start's own audit record makes the
  // store's sequence greater than in any earlier run, and its 16 low bits number what one record published.
  // A table that is still there counts as well (the start may not have been recorded: disk full).
  void at_least(uint64_t audit_sequence);

  void set_points(const policy::policy* policy);

  // What is open and recently ended; `locked`: a table that denies all, says so, and keeps what ended. false:
  // it could not be written; the old one was unlinked, see error().
  [[nodiscard]] bool publish(windows& records, bool locked, base::boot_time now, int32_t utc_offset_s);

  [[nodiscard]] uint64_t sequence() const { return sequence_; }
  [[nodiscard]] const std::string& error() const { return error_; }  // empty: the table is true
  // The table is wrong and could not even be removed: revocations do not hold.
  [[nodiscard]] bool stale() const { return stale_; }
  [[nodiscard]] const std::string& path() const { return publisher_.path(); }

 private:
  table::publisher publisher_;
  base::boot_id boot_;
  base::siphash_key key_;
  uint64_t sequence_ = 0;
  std::string error_;
  bool stale_ = false;
  std::vector<std::string> point_texts_;
  std::vector<table::point_name> points_;
};

}  // namespace grantd::daemon
