// SPDX-License-Identifier: Apache-2.0
// What may stand at the end of a command line: "grantctl complete WORD...", which the shells' completions
// call. Never says a word on stderr, never waits for long, never asks over ssh.
#pragma once

#include <span>
#include <string>

#include "cli/command.h"

namespace grantd::cli {

// `words` without the program's name; the last, which may be empty or missing, is the one to be completed. A
// line for each candidate that begins with it: the candidate, and where there is something to say of it a tab
// and that. A candidate is of letters, digits and ._@=- alone. A line ":files" or ":directories" stands for
// names of files, which the shell knows better. Nothing when grantd is not there.
[[nodiscard]] std::string complete(std::span<const std::string> words, const surroundings& here);

}  // namespace grantd::cli
