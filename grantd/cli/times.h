// SPDX-License-Identifier: Apache-2.0
// The API's microseconds as scripts want them (grantctl -o json). Pure.
#pragma once

#include "cli/value.h"

namespace grantd::cli {

// A copy in which each whole number under a key "*_us" is renamed: durations (for, left, default, max,
// offset) to seconds under "*_s", everything else to RFC 3339 in UTC under the key without its ending. Other
// values, and times outside the years 1970 to 9999, stay as they are.
[[nodiscard]] value with_times(const value& v);

}  // namespace grantd::cli
