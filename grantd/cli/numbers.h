// SPDX-License-Identifier: Apache-2.0
// Whole numbers on the command line.
#pragma once

#include "cli/command.h"

namespace grantd::cli {

// Puts the option's number (0 to 2^53) into `parameters` under `key`, if it was given.
[[nodiscard]] result<void> set_number(const context& c, std::string_view option, std::string_view key,
                                      value& parameters);

}  // namespace grantd::cli
