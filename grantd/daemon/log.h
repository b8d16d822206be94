// SPDX-License-Identifier: Apache-2.0
// One line to stderr for each thing a human should know. Only the daemon's outermost code logs.
#pragma once

#include <string_view>

namespace grantd::daemon {

// syslog(3)'s numbers.
enum class level : int { alert = 1, error = 3, warning = 4, notice = 5, info = 6 };

// Control bytes are escaped. With "<N>" in front when stderr is the journal (JOURNAL_STREAM is set).
void log(level at, std::string_view line);

}  // namespace grantd::daemon
