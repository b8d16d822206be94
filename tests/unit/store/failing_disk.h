// SPDX-License-Identifier: Apache-2.0
// A disk that fails on order: an SQLite VFS around the real one, and fdatasync as the anchor calls it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace grantd::test {

struct failing_disk {
  static constexpr const char* vfs = "failing";

  enum class fault : uint8_t { none, io, full, sync };
  // What to fail: the n-th call from now that this kind can strike (io: any call; full: writes; sync: fsyncs
  // of database, log and anchor), once or from then on.
  static void arm(fault kind, int64_t nth, bool once);
  static void disarm() { arm(fault::none, 0, true); }
  [[nodiscard]] static int64_t injected();  // how many calls failed since arm
  [[nodiscard]] static bool reached();      // at least one

  static void forget_counts();
  [[nodiscard]] static int64_t syncs_of(const std::string& file_suffix);  // "-wal", ".db", "anchor"

  // Called with the file's name just before each sync of database, log and anchor; {} for nobody.
  static void at_sync(std::function<void(const std::string& file)> look);

  static void install();  // registers the VFS once
};

}  // namespace grantd::test
