// SPDX-License-Identifier: Apache-2.0
// What the table of the run before says has ended.
#include "daemon/last_table.h"

#include <fcntl.h>

#include <array>

#include "base/unique_fd.h"
#include "daemon/publication.h"
#include "table/snapshot.h"

namespace grantd::daemon {
namespace {

policy::scope scope_of(const decision::record& r) {
  policy::scope s{};
  s.proved_by = static_cast<uint8_t>(r.who.proved_by);
  s.account = r.who.name;
  s.where = {static_cast<policy::login_point::kind>(r.where.kind), std::string(r.where.place),
             std::string(r.where.database), r.where.any_database, r.where.replication};
  s.role = r.role;
  s.read_write = r.access == decision::access::read_write;
  return s;
}

void take(last_table& all, const decision::record& r) {
  if (r.kind == decision::record_kind::window) all.open.insert(r.grant);
  if (r.kind != decision::record_kind::ended) return;
  auto [at, fresh] = all.ended.try_emplace(r.grant, last_table::ending{r.how, r.start, r.end_utc_s, {}});
  at->second.scopes.push_back(scope_of(r));
}

}  // namespace

last_table read_last_table(const std::string& path) {
  last_table all;
  table::snapshot checked;
  if (checked.open(path.c_str()) != table::fault::none) return all;
  base::unique_fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  std::array<uint8_t, table::page_size> page;
  bool whole = !checked.locked();
  for (uint32_t index = 0; index < checked.head().page_count; ++index) {
    auto at = static_cast<off_t>((uint64_t{index} + 1) * table::page_size);
    table::page_head head{};
    if (pread(file.get(), page.data(), page.size(), at) != static_cast<ssize_t>(page.size()) ||
        table::decode_page(page, checked.head(), index, head) != table::fault::none) {
      whole = false;
      continue;
    }
    for (size_t i = 0; i < head.count; ++i) {
      auto bytes = std::span(page).subspan(table::page_at::records + i * table::record_size);
      decision::record r{};
      if (table::decode_record(bytes.first<table::record_size>(), r) == table::fault::none) take(all, r);
    }
  }
  if (whole) all.whole_at = checked.head().sequence >> sequence_bits;
  return all;
}

}  // namespace grantd::daemon
