// SPDX-License-Identifier: Apache-2.0
// A method's parameters, taken out by name and type. What is not taken out is refused. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/varlink.h"

namespace grantd::daemon {

class parameters {
 public:
  explicit parameters(const json::value& object);

  // Nothing when absent or of another type; the latter is remembered. Strings: at most `max` bytes of
  // printable UTF-8, not empty.
  std::optional<std::string> text(std::string_view key, size_t max = 128);
  // The same, of several lines.
  std::optional<std::string> lines(std::string_view key, size_t max);
  std::optional<int64_t> integer(std::string_view key, int64_t least, int64_t most);
  // An array of at most `most` strings; empty when absent.
  std::vector<std::string> texts(std::string_view key, size_t most, size_t max = 128);
  const json::value* value(std::string_view key) { return take(key); }  // null when absent
  bool flag(std::string_view key);                                      // false when absent
  std::string required(std::string_view key, size_t max = 128);         // text that must be there

  // The first fault: wrong type, out of range, missing, unknown. Call it after everything was taken out.
  [[nodiscard]] std::optional<reply> fault();

 private:
  std::optional<std::string> read(std::string_view key, size_t max, bool many_lines);
  std::optional<std::string> checked(std::string_view key, const json::value& v, size_t max, bool many_lines);
  const json::value* take(std::string_view key);
  void wrong(std::string_view key, std::string why);

  const json::value& object_;
  std::vector<std::string_view> taken_;
  std::optional<reply> fault_;
};

}  // namespace grantd::daemon
