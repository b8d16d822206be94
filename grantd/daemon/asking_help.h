// SPDX-License-Identifier: Apache-2.0
// The command that helps whoever asked and was refused: what they typed, but as it would do. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/answers.h"
#include "daemon/submissions.h"
#include "policy/rules.h"

namespace grantd::daemon {

// What was typed, with other values for some options; empty ones stay as they were.
struct changed_options {
  std::string at, length, reason;
  bool read_write = true, break_glass = true;  // false: without it
};
[[nodiscard]] std::string asking_again(const ask& a, const changed_options& as = {});

// How the same would be judged with writing and break-glass, or without.
using judging = std::function<policy::judgement(bool read_write, bool break_glass)>;

// The command that meets everything `j` objects to, or shows why none would; empty: nothing they can type
// helps. What has to be left out is judged once more without it: a command that helps is not refused in its
// turn. `fits_us`: the length of an extension that would do, where it is not j.for_us.
[[nodiscard]] std::string help_against(policy::judgement j, const ask& typed, base::utc_time from,
                                       const judging& again, std::optional<int64_t> fits_us = {});

// `typed`: as it came, before an extension was made whole.
[[nodiscard]] reply refusal_of(const policy::judgement& j, const ask& a, const ask& typed,
                               base::utc_time from, const judging& again);

}  // namespace grantd::daemon
