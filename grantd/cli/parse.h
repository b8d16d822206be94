// SPDX-License-Identifier: Apache-2.0
// The command line, read against the table of commands.
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "cli/command.h"

namespace grantd::cli {

struct invocation {
  const command* what;
  options globals;
  arguments given;
};

// Text to print on stdout and be done: --help, --version.
struct notice {
  std::string text;
};

// `args` without the program's name. GRANTD_SOCKET and GRANTD_HOST come from the surroundings; options win
// over them.
[[nodiscard]] result<std::variant<invocation, notice>> parse_arguments(const std::vector<std::string>& args,
                                                                       const surroundings& here);

// Where to ask: what --socket and --host say (empty: not given), else the surroundings.
[[nodiscard]] options choose_place(const std::string& socket, const std::string& host,
                                   const surroundings& here);

}  // namespace grantd::cli
