// SPDX-License-Identifier: Apache-2.0
// Handlers for who checks the audit elsewhere: AuditChain, Checkpoint.
#include <limits>

#include "daemon/audit_rows.h"
#include "daemon/checkpoints.h"
#include "daemon/dispatch.h"
#include "proof/base64.h"

namespace grantd::daemon::handlers {
namespace {

constexpr int64_t most_records = 1000;
constexpr size_t read_at_once = 100;
constexpr size_t batch_bytes = 512 << 10;  // no new hundred is begun behind it: milliseconds of the loop

void put(std::string& batch, const store::audit_row& row) {
  const std::vector<store::field> fields(row.fields.begin(), row.fields.end());
  proof::put_chained(batch, proof::canonical({row.sequence, row.at.us, row.event, fields}), row.chained);
}

}  // namespace

answer audit_chain(request& r) {
  auto after = r.given.integer("after", 0, std::numeric_limits<int64_t>::max()).value_or(0);
  auto limit = r.given.integer("limit", 1, most_records).value_or(most_records);
  if (auto bad = r.given.fault()) return bad;
  auto last = static_cast<uint64_t>(after);
  std::string batch;
  size_t count = 0;
  for (auto left = static_cast<size_t>(limit); left != 0 && batch.size() < batch_bytes;) {
    auto some = read_audit(r.in.truth(), last, std::min(left, read_at_once));
    if (!some && count == 0) {
      return refusal("Locked", "the audit cannot be read: " + r.in.truth().locked_text(), "grantctl store");
    }
    if (!some || some->empty()) break;
    for (const store::audit_row& row : some->rows) put(batch, row);
    // No record has no bytes: who verifies stops here and names this one.
    if (some->unreadable != 0) proof::put_chained(batch, {}, {});
    const size_t got = some->rows.size() + (some->unreadable != 0 ? 1 : 0);
    last = some->last(last);
    count += got;
    left -= got;
  }
  reply done;
  done.parameters.set("batch", proof::encode_base64(std::string_view(batch)));
  done.parameters.set("count", count);
  done.parameters.set("last", last);
  return done;
}

answer checkpoint(request& r) {
  if (auto bad = r.given.fault()) return bad;
  auto now = sign_audit(r.in);
  if (!now) return now.error();
  reply done;
  done.parameters.set("note", std::move(now->note));
  done.parameters.set("verifier", std::move(now->verifier));
  return done;
}

}  // namespace grantd::daemon::handlers
