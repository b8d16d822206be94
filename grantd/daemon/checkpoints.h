// SPDX-License-Identifier: Apache-2.0
// When the audit's head is signed, and by what. Must never sign what the store itself does not trust.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "daemon/core.h"
#include "daemon/varlink.h"

namespace grantd::daemon {

inline constexpr uint64_t checkpoint_every_records = 10'000;
inline constexpr int64_t checkpoint_every_us = int64_t{24} * 3600 * base::us_per_s;

struct signed_audit {
  std::string note;
  std::string verifier;
};
// The audit as it stands, signed; or the refusal that says why not (no key, LOCKED).
[[nodiscard]] std::expected<signed_audit, reply> sign_audit(core& c);

// Remembers the last checkpoint that the audit has, and says when the next is due.
class checkpoint_rhythm {
 public:
  // Looks for the last one among the newest checkpoint_every_records; without one the next is due at once.
  void look_back(store::store& truth);
  // Records were added since the last one: enough of them, or it is long ago, or `stopping`.
  [[nodiscard]] bool due(core& c, bool stopping) const;
  // One was signed now and is about to be recorded.
  void signed_now(core& c);

 private:
  uint64_t size_ = 0;      // what the last one covers; its own record comes behind it
  bool recorded_ = false;  // there is a last one
  base::utc_time at_{};
};

}  // namespace grantd::daemon
