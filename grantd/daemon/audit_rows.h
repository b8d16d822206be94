// SPDX-License-Identifier: Apache-2.0
// Audit records as the store has them, tampered ones too: a row that cannot be read never hides those around
// it.
#pragma once

#include <cstdint>
#include <expected>
#include <vector>

#include "proof/record.h"
#include "store/store.h"

namespace grantd::daemon {

struct audit_rows {
  std::vector<store::audit_row> rows;
  uint64_t unreadable = 0;  // instead of rows: the sequence of one that is no record; 0: none
  [[nodiscard]] bool empty() const { return rows.empty() && unreadable == 0; }
  [[nodiscard]] uint64_t last(uint64_t after) const {
    return unreadable != 0 ? unreadable : rows.empty() ? after : rows.back().sequence;
  }
};

// Up to `limit` records after `after`; fewer are not the end, none are. On a LOCKED store as well; an error
// only when nothing can be read.
[[nodiscard]] std::expected<audit_rows, store::error> read_audit(store::store& truth, uint64_t after,
                                                                 size_t limit);

// The row as proof/ has it, without copies of its texts.
[[nodiscard]] proof::record record_of(store::audit_row&& row);

}  // namespace grantd::daemon
