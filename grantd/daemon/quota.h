// SPDX-License-Identifier: Apache-2.0
// Says when a quota that refused has room again. Words only: the judge decides.
#pragma once

#include <string_view>
#include <vector>

#include "daemon/core.h"
#include "policy/rules.h"

namespace grantd::daemon {

// "...; the next at 17:30 +0100 (in 3 h 10 min)": behind the message of `j`, where it was refused for the
// quota of its rule to `person`, whose window was to begin at `from`. `also`: begins that the store does not
// know yet.
void say_next_of_quota(policy::judgement& j, core& in, std::string_view person, base::utc_time from,
                       std::vector<base::utc_time> also = {});

}  // namespace grantd::daemon
