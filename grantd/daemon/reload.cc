// SPDX-License-Identifier: Apache-2.0
// ReloadPolicy: takes the policy's files over as SIGHUP does, or only says what that would end.
#include "daemon/answers.h"
#include "daemon/dispatch.h"
#include "daemon/request_listing.h"

namespace grantd::daemon::handlers {

answer reload_policy(request& r) {
  bool dry_run = r.given.flag("dry_run");
  if (auto bad = r.given.fault()) return bad;
  reply done;
  json::value ends{json::value::array{}};
  json::value lapses{json::value::array{}};
  auto fresh = r.in.set().read_policy ? r.in.set().read_policy()
                                      : std::unexpected(std::string("this grantd has no policy file"));
  const bool ok = fresh.has_value();
  if (ok) {
    r.in.refresh_clock();
    const core::losses lost = r.in.lost_by(*fresh);
    for (const auto& l : lost.grants) {
      json::value grant = describe(r.in.names(), r.in.time(), *r.in.grants().find(l.number));
      grant.set("why", l.why);
      ends.push(std::move(grant));
    }
    for (uint64_t number : lost.requests) lapses.push(described(r, r.in.pending().find(number)->is));
    if (!dry_run) r.in.take_policy(std::move(*fresh));
  } else if (!dry_run) {
    r.in.policy_failed(fresh.error());
  }
  done.parameters.set("ok", ok);
  if (!ok) done.parameters.set("message", fresh.error());
  done.parameters.set("ends", std::move(ends));
  done.parameters.set("lapses", std::move(lapses));
  if (dry_run || !ok) return done;
  r.in.submit(reload_answer{r.to, std::move(done)});
  return std::nullopt;
}

}  // namespace grantd::daemon::handlers
