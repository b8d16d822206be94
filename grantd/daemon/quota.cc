// SPDX-License-Identifier: Apache-2.0
// Says when a quota that refused has room again. A store that cannot be read leaves the message as it is.
#include "daemon/quota.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/duration.h"
#include "base/timestamp.h"

namespace grantd::daemon {

void say_next_of_quota(policy::judgement& j, core& in, std::string_view person, base::utc_time from,
                       std::vector<base::utc_time> also) {
  if (j.by == nullptr || std::ranges::find(j.unmet, policy::objection::quota) == j.unmet.end()) return;
  auto begins = in.truth().self_service_begins(person, j.by->name, {from.us - policy::quota_us});
  if (!begins) return;
  also.insert(also.end(), begins->begin(), begins->end());
  const auto next = policy::next_of_quota(*j.by, std::move(also), from);
  const base::utc_time now = in.time().utc();
  if (!next || *next <= now) return;
  j.message +=
      fmt::format("; the next at {} (in {})", base::print_local(*next, in.set().utc_offset_s, now).view(),
                  base::print_duration(next->us - now.us).view());
}

}  // namespace grantd::daemon
