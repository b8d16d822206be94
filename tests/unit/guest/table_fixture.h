// SPDX-License-Identifier: Apache-2.0
// A real window table in a directory of its own, and ways to spoil it. Used by the tests of both guests.
#pragma once

#include <string>
#include <vector>

#include "base/boot_id.h"
#include "support/temp_dir.h"
#include "table/codec.h"
#include "table/publisher.h"

namespace grantd::test {

// Names of the records must be literals: only views are kept.
class table_fixture {
 public:
  // On tmpfs unless told otherwise: elsewhere the boot id counts.
  explicit table_fixture(bool memory = true);

  std::vector<decision::record> records;
  std::vector<table::point_name>
      points;  // at first: the service "sshd" and database main/orders are orders-db
  uint32_t flags = 0;
  base::boot_time written;  // of construction
  base::boot_id boot;       // the kernel's

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const temp_dir& dir() const { return dir_; }
  void publish();  // throws when the publisher refuses

  // Spoils the published file: write_at only that; the others make the checksum right again.
  void write_at(size_t offset, std::string_view bytes);
  void write_in_header(size_t offset, std::string_view bytes);
  void each_page(void (*spoil)(std::span<uint8_t, table::page_size> page, uint32_t index,
                               table::page_head& head));
  // A table that no publisher would write: this record `count` times, chained through as many pages as it
  // takes.
  void publish_crowd(const decision::record& one, unsigned count);

  [[nodiscard]] std::vector<uint8_t> bytes() const;
  void replace(std::span<const uint8_t> bytes);

 private:
  temp_dir dir_;
  std::string path_;
  uint64_t sequence_ = 0;
};

// A window of the PAM service `service` (empty: any) for os:`name`, seconds from now.
[[nodiscard]] decision::record pam_window(std::string_view name, std::string_view service, int64_t from_s,
                                          int64_t to_s, uint64_t grant = 1);
[[nodiscard]] decision::record pam_ended(std::string_view name, std::string_view service,
                                         decision::ending how, int64_t ago_s, uint64_t grant = 1);
[[nodiscard]] decision::record pam_lock(std::string_view name, std::string_view text);

}  // namespace grantd::test
