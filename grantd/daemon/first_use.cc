// SPDX-License-Identifier: Apache-2.0
// Windows that start with the first login: it cuts them to their length. Ends only ever move earlier, so
// hearing of a login twice, late, or of a later one first changes nothing that was right.
#include <fmt/core.h>

#include <algorithm>

#include "base/timestamp.h"
#include "daemon/answers.h"
#include "daemon/core.h"

namespace grantd::daemon {

void core::logged_in(const login& l) {
  time_.read();  // the last turn may be half a minute ago, and a window have begun since
  const pool::account* account = pool_.find(l.who);
  if (account == nullptr) return;
  for (uint64_t number : account->grants) {
    const open_grant* known = windows_.find(number);
    if (known == nullptr || (l.by != 0 && l.by != number) || known->first_use_us == 0 ||
        !known->published() || known->mapped.start > time_.boot())
      continue;
    const auto& scopes = pool_.scopes(known->scopes);
    const bool opened = std::ranges::any_of(scopes, [&](const scope_ref& s) {
      return &pool_.at(s.account) == account && decision::contains(pool_.as_record(s).where, l.where);
    });
    // A session that was there before the window began uses it from its start.
    const base::boot_time began = std::clamp(l.at, known->mapped.start, time_.boot());
    const base::boot_time end = {began.ns + known->first_use_us * base::ns_per_us};
    if (!opened || end >= known->mapped.end) continue;
    shortening s{number, {}, end};
    windows_.each_open([&](open_grant& g) {
      if (g.number != number) return;
      g.not_after.us -= (g.mapped.end.ns - end.ns) / base::ns_per_us;
      g.mapped.end = end;
      s.not_after = g.not_after;
    });
    say_recorded(level::notice, fmt::format("{}: first used, so it ends {}", id_of(number),
                                            base::print_timestamp(s.not_after).view()));
    shortened_.push_back(s);
    dirty_ = true;  // the next turn publishes, and makes it durable
  }
}

std::expected<void, store::error> core::write_shortenings() {
  for (const shortening& s : shortened_) {
    auto done = store_->shorten(s.number, s.not_after, s.end, "first-use", time_.utc());
    if (!done && done.error() == store::error::invalid) {
      say(level::alert,
          id_of(s.number) + ": the store's own rules refuse its earlier end; it holds until a restart");
    } else if (!done && !store::is_over(done.error())) {
      return done;
    }
  }
  return {};
}

}  // namespace grantd::daemon
