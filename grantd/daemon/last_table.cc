// SPDX-License-Identifier: Apache-2.0
// What the table of the run before says has ended.
#include "daemon/last_table.h"

#include <fcntl.h>

#include <array>

#include "base/unique_fd.h"
#include "table/snapshot.h"

namespace grantd::daemon {

std::map<uint64_t, decision::ending> endings_in(const std::string& path) {
  std::map<uint64_t, decision::ending> all;
  table::snapshot checked;
  if (checked.open(path.c_str()) != table::fault::none) return all;
  base::unique_fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  std::array<uint8_t, table::page_size> page;
  for (uint32_t index = 0; index < checked.head().page_count; ++index) {
    auto at = static_cast<off_t>((uint64_t{index} + 1) * table::page_size);
    table::page_head head{};
    if (pread(file.get(), page.data(), page.size(), at) != static_cast<ssize_t>(page.size()) ||
        table::decode_page(page, checked.head(), index, head) != table::fault::none) {
      continue;
    }
    for (size_t i = 0; i < head.count; ++i) {
      auto bytes = std::span(page).subspan(table::page_at::records + i * table::record_size);
      decision::record r{};
      if (table::decode_record(bytes.first<table::record_size>(), r) == table::fault::none &&
          r.kind == decision::record_kind::ended) {
        all.emplace(r.grant, r.how);
      }
    }
  }
  return all;
}

}  // namespace grantd::daemon
