// SPDX-License-Identifier: Apache-2.0
// Reads whole numbers of the command line. Pure.
#include "cli/numbers.h"

#include <fmt/format.h>

#include <charconv>

namespace grantd::cli {

result<void> set_number(const context& c, std::string_view option, std::string_view key, value& parameters) {
  if (!c.given.has(option)) return {};
  std::string text = c.given.get(option);
  int64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size() || n < 0 || n > int64_t{1} << 53) {
    return refuse(exit_code::usage, fmt::format("{} \"{}\" is no whole number from 0 on", option, text),
                  "grantctl --help");
  }
  parameters.set(key, n);
  return {};
}

}  // namespace grantd::cli
