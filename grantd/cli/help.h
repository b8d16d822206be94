// SPDX-License-Identifier: Apache-2.0
// --help, from the same tables that the parser is built from. Pure.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace grantd::cli {

// "PERSON", "--for DURATION", "--yes"
[[nodiscard]] std::string usage_word(const argument& a);

[[nodiscard]] std::string print_help();
[[nodiscard]] std::string print_help(const command& c);
[[nodiscard]] std::string print_help(std::string_view group);  // the commands below "policy"

}  // namespace grantd::cli
