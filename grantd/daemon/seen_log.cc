// SPDX-License-Identifier: Apache-2.0
// What the guests said they saw.
#include "daemon/seen_log.h"

#include "daemon/answers.h"

namespace grantd::daemon {

std::string_view outcome_word(wire::outcome o) {
  switch (o) {
    case wire::outcome::allowed:
      return "allowed";
    case wire::outcome::denied:
      return "denied";
    case wire::outcome::would_deny:
      return "would-deny";
    case wire::outcome::break_glass:
      return "break-glass";
  }
  return "unknown";
}

std::string point_word(const wire::report& r) {
  policy::login_point p{static_cast<policy::login_point::kind>(r.point), std::string(r.place),
                        std::string(r.database), false, r.replication};
  return policy::print(p);
}

void seen_log::add(int64_t at_us, uid_t reporter, const wire::report& r) {
  json::value v;
  v.set("at_us", at_us);
  v.set("reporter", reporter);
  v.set("outcome", outcome_word(r.outcome));
  v.set("reason", reason_word(static_cast<decision::reason>(r.reason)));
  v.set("account", print({static_cast<decision::identity_class>(r.proved_by), r.name}));
  v.set("login_point", point_word(r));
  if (!r.role.empty()) v.set("role", r.role);
  if (!r.remote.empty()) v.set("remote", r.remote);
  if (r.grant != 0) v.set("grant", id_of(r.grant));
  v.set("pid", r.pid);
  events_.push_back(std::move(v));
  if (events_.size() > max_seen) events_.pop_front();
}

json::value seen_log::newest(size_t limit) const {
  json::value list{json::value::array{}};
  for (auto at = events_.rbegin(); at != events_.rend() && limit > 0; ++at, --limit) list.push(*at);
  return list;
}

}  // namespace grantd::daemon
