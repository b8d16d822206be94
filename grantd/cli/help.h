// SPDX-License-Identifier: Apache-2.0
// --help, from the same tables that the parser is built from. Pure.
#pragma once

#include <string>

#include "cli/command.h"

namespace grantd::cli {

[[nodiscard]] std::string print_help();
[[nodiscard]] std::string print_help(const command& c);

}  // namespace grantd::cli
