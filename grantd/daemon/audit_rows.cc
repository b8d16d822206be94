// SPDX-License-Identifier: Apache-2.0
// Audit records as the store has them.
#include "daemon/audit_rows.h"

#include <limits>

namespace grantd::daemon {

std::expected<audit_rows, store::error> read_audit(store::store& truth, uint64_t after, size_t limit) {
  auto all = truth.audit(after, limit);
  if (all) return audit_rows{std::move(*all), 0};
  // A full disk or a failed read passes; a row that is no record stays one.
  if (all.error() != store::error::locked || after >= truth.sequence()) return std::unexpected(all.error());
  if (auto none = truth.audit(std::numeric_limits<int64_t>::max(), 1); !none)
    return std::unexpected(none.error());
  return audit_rows{{}, after + 1};
}

proof::record record_of(store::audit_row&& row) {
  return {row.sequence, row.at.us, std::move(row.event), std::move(row.fields)};
}

}  // namespace grantd::daemon
