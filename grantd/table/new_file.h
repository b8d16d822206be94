// SPDX-License-Identifier: Apache-2.0
// The file a table is written to before it takes the old one's place; gone again if it never does.
#pragma once

#include <array>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "table/format.h"
#include "table/publisher.h"

namespace grantd::table {

class new_file {
 public:
  // The file will be `path`; until then it is `path` + ".new".
  explicit new_file(const std::string& path);
  ~new_file();  // removes what did not take its place
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  // Replaces one left behind by a crash; never follows or opens what it finds there. Mode 0640.
  [[nodiscard]] std::expected<void, publish_error> create(gid_t group);
  // Room for the next page, to be filled before the next call; earlier ones may be written out.
  [[nodiscard]] std::expected<std::span<uint8_t, page_size>, publish_error> next_page();
  // Writes the rest and renames.
  [[nodiscard]] std::expected<void, publish_error> take_its_place();

 private:
  [[nodiscard]] std::expected<void, publish_error> flush();
  const std::string& path_;
  std::string temporary_;
  base::unique_fd fd_;
  std::vector<uint8_t> buffer_;
  size_t used_ = 0;
};

}  // namespace grantd::table
