// SPDX-License-Identifier: Apache-2.0
// Runs grantctl in this process, at a fixed time, in a zone of the test's choice.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/run.h"

namespace grantd::test {

inline constexpr int64_t noon_us = 1'795'348'800'000'000;  // 2026-11-22T12:00:00Z

struct outcome {
  int code;
  std::string out;
  std::string err;
};

struct stage {
  std::map<std::string, std::string> environment;
  cli::zone local = [](base::utc_time) { return 3600; };
  std::string input;  // stdin
  int64_t timeout_us = 5 * base::us_per_s;
  int64_t restart_patience_us = 300'000;
  int out_fd = -1;  // instead of a file that is read back
  int err_fd = -1;
  std::string terminal = "/nonexistent/tty";
  std::string systemd = "/";  // there, wherever the test runs
  std::string self = "/usr/bin/grantctl";

  [[nodiscard]] outcome run(const std::vector<std::string>& args) const;
};

// With --socket.
[[nodiscard]] outcome run_at(const std::string& socket, std::vector<std::string> args, const stage& s = {});

[[nodiscard]] bool contains(const std::string& text, const std::string& part);

}  // namespace grantd::test
