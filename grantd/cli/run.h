// SPDX-License-Identifier: Apache-2.0
// grantctl without its process: tests call it, and main.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace grantd::cli {

// `args` without the program's name. Expects SIGPIPE to be ignored.
[[nodiscard]] exit_code run(const std::vector<std::string>& args, const surroundings& here);

}  // namespace grantd::cli
