// SPDX-License-Identifier: Apache-2.0
// The answer of Explain, for the two commands that show it.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace grantd::cli {

struct explanation {
  value document;  // as it came
  bool allowed = false;
  std::optional<int64_t> until_us;
  int64_t left_us = 0;
  std::string why, help, grant;
  struct point {
    std::string login_point, account, role, reason;
    bool allowed = false;
    std::optional<int64_t> until_us;
  };
  std::vector<point> points;
};

[[nodiscard]] result<explanation> ask_explanation(context& c, const std::string& person,
                                                  const std::string& resource);

// "until 17:30 +0100, 58 min left"; empty without an end.
[[nodiscard]] std::string until_text(const explanation& e, const context& c);

}  // namespace grantd::cli
