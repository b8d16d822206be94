// SPDX-License-Identifier: Apache-2.0
// Asks the person at the terminal; a script has to say --yes.
#pragma once

#include <string_view>

#include "cli/command.h"

namespace grantd::cli {

// Shows `text` (lines, escaped already), asks "<question> [y/N] " and reads one line: y or yes is true. With
// `yes` the text goes to stderr and nothing is asked. Refused (usage) when there is no terminal to ask on.
[[nodiscard]] result<bool> confirm(context& c, std::string_view text, std::string_view question, bool yes);

}  // namespace grantd::cli
