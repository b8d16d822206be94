// SPDX-License-Identifier: Apache-2.0
// When the audit's head is signed, and by what.
#include "daemon/checkpoints.h"

#include <algorithm>

#include "daemon/audit_rows.h"
#include "daemon/node_key_file.h"

namespace grantd::daemon {

std::expected<signed_audit, reply> sign_audit(core& c) {
  const node_identity* node = c.set().node.get();
  if (node == nullptr || !node->key) {
    return std::unexpected(refusal(
        "NoKey", "nothing can be signed: " + (node == nullptr ? "there is no node key" : node->trouble),
        "journalctl -u grantd"));
  }
  // A signature would make an old copy or a changed record look like what happened.
  if (c.truth().locked() != store::lock_reason::none) {
    return std::unexpected(
        refusal("Locked", "the audit is not signed: " + c.truth().locked_text(), "grantctl store"));
  }
  c.refresh_clock();
  const std::string name = proof::node_name(c.truth().uuid());
  return signed_audit{
      proof::sign_checkpoint({name, c.truth().sequence(), c.truth().head(), c.time().utc()}, *node->key),
      proof::print_verifier(name, node->key->shown())};
}

void checkpoint_rhythm::look_back(store::store& truth) {
  constexpr uint64_t step = 500;
  const uint64_t newest = truth.sequence();
  const uint64_t oldest = newest - std::min(newest, checkpoint_every_records);
  for (uint64_t before = newest; before > oldest;) {
    const uint64_t after = before - std::min(before - oldest, step);
    auto some = read_audit(truth, after, before - after);
    if (!some) return;
    for (auto row = some->rows.rbegin(); row != some->rows.rend(); ++row) {
      if (row->event != "checkpoint") continue;
      size_ = row->sequence - 1;
      at_ = row->at;
      recorded_ = true;
      return;
    }
    before = after;
  }
}

bool checkpoint_rhythm::due(core& c, bool stopping) const {
  const node_identity* node = c.set().node.get();
  if (node == nullptr || !node->key || c.truth().locked() != store::lock_reason::none) return false;
  const uint64_t newest = c.truth().sequence();
  const uint64_t own = recorded_ ? 1 : 0;  // its record tells nothing new
  if (newest <= size_ + own) return false;
  c.refresh_clock();  // the last turn may be half a minute ago
  return stopping || !recorded_ || newest - size_ >= checkpoint_every_records ||
         c.time().utc().us - at_.us >= checkpoint_every_us;
}

void checkpoint_rhythm::signed_now(core& c) {
  size_ = c.truth().sequence();
  at_ = c.time().utc();
  recorded_ = true;
}

}  // namespace grantd::daemon
