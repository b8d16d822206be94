// SPDX-License-Identifier: Apache-2.0
// The anchor: a small file outside the store's directory that knows how far the store had come. Never made
// anew over a doubt: the caller decides what a difference means.
#pragma once

#include "base/unique_fd.h"
#include "store/store.h"

namespace grantd::store {

struct anchored {
  uint64_t sequence = 0;        // of the last audit record
  uint64_t highest_number = 0;  // of the last grant
  digest head{};
  std::array<uint8_t, 16> store_uuid{};
  friend bool operator==(const anchored&, const anchored&) = default;
};

// Two slots, written in turn, each with its checksum: a write cut short leaves the other. Overwritten in
// place, so that a full disk cannot stop it. 8 KiB, slots at 0 and 4096:
//   magic "grantdA1", generation u64, sequence u64, highest number u64, head 32, uuid 16, SipHash-2-4 u64
//   (zero key: against torn writes, not against people). Integers little-endian.
class anchor_file {
 public:
  enum class found : uint8_t { good, missing, corrupt };

  void at(std::string path) { path_ = std::move(path); }
  // Opens the file for update and reads it; `last` then says what it knows.
  [[nodiscard]] std::expected<found, open_failure> read();
  [[nodiscard]] const anchored& last() const { return last_; }
  // Replaces the file as a whole by rename. 0 or errno.
  [[nodiscard]] int create(const anchored& now);
  // The next slot, then fdatasync; nothing when it knows already. 0 or errno.
  [[nodiscard]] int write(const anchored& now);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  base::unique_fd fd_;
  uint64_t generation_ = 0;
  anchored last_;
};

}  // namespace grantd::store
