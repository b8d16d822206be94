// SPDX-License-Identifier: Apache-2.0
// Windows that start with the first login: it cuts them to their length. Ends only ever move earlier, so
// hearing of a login twice, late, or of a later one first changes nothing that was right.
#include <fmt/core.h>

#include <algorithm>

#include "base/timestamp.h"
#include "daemon/answers.h"
#include "daemon/core.h"

namespace grantd::daemon {

void core::logged_in(uint64_t grant, base::boot_time at) {
  const open_grant* known = windows_.find(grant);
  if (known == nullptr || known->first_use_us == 0 || !known->in_force) return;
  const base::boot_time began = std::clamp(at, std::min(known->mapped.start, time_.boot()), time_.boot());
  const base::boot_time end = {began.ns + known->first_use_us * base::ns_per_us};
  if (end >= known->mapped.end) return;
  shortening s{grant, {}, end};
  windows_.each_open([&](open_grant& g) {
    if (g.number != grant) return;
    g.not_after.us -= (g.mapped.end.ns - end.ns) / base::ns_per_us;
    g.mapped.end = end;
    s.not_after = g.not_after;
  });
  say(level::notice,
      fmt::format("{}: first used, so it ends {}", id_of(grant), base::print_timestamp(s.not_after).view()));
  shortened_.push_back(s);
  dirty_ = true;  // the next turn publishes, and makes it durable
}

std::expected<void, store::error> core::write_shortenings() {
  for (const shortening& s : shortened_) {
    auto done = store_->shorten(s.number, s.not_after, s.end, "first-use", time_.utc());
    if (!done && done.error() != store::error::invalid && !store::is_over(done.error())) return done;
  }
  return {};
}

}  // namespace grantd::daemon
