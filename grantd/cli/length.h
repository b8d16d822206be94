// SPDX-License-Identifier: Apache-2.0
// The length of a window that was given by its end.
#pragma once

#include <optional>

#include "cli/command.h"

namespace grantd::cli {

// How long from `from` (now when absent) to `end`, by grantd's clock: a caller's clock that is wrong moves no
// end.
[[nodiscard]] result<int64_t> length_until(context& c, base::utc_time end,
                                           std::optional<base::utc_time> from);

// A request is for whole seconds (approvers read and sign them): the begun one counts.
[[nodiscard]] constexpr int64_t whole_seconds(int64_t us) {
  return (us + base::us_per_s - 1) / base::us_per_s * base::us_per_s;
}

}  // namespace grantd::cli
