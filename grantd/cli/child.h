// SPDX-License-Identifier: Apache-2.0
// Runs a program of the caller's and waits for it. No shell; bytes in on its stdin, its stdout kept or passed
// on.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace grantd::cli {

struct program {
  std::vector<std::string> argv;         // argv[0] is looked for in PATH
  std::string_view input;                // its stdin: a file with these bytes
  std::vector<std::string> environment;  // "NAME=value"; empty: the caller's own
  int out = -1;                          // its stdout; -1: kept
  int err = 2;
};

struct ended_program {
  int status = 0;   // exit status; 128 + signal when one ended it
  std::string out;  // at most max_kept bytes
};
inline constexpr size_t max_kept = 1 << 20;

// An errno when it could not be started.
[[nodiscard]] std::expected<ended_program, int> run_program(const program& p);

// The caller's environment with SSH_AUTH_SOCK as given; empty: without it.
[[nodiscard]] std::vector<std::string> environment_with_agent(std::string_view socket);

}  // namespace grantd::cli
