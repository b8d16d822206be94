// SPDX-License-Identifier: Apache-2.0
// Reads members of an answer and remembers the first that is missing or of a wrong type. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/refusal.h"
#include "cli/value.h"

namespace grantd::cli {

// What was wrong with an answer; shared by the fields of all its objects.
struct problem {
  std::string what;
  [[nodiscard]] explicit operator bool() const { return !what.empty(); }
  [[nodiscard]] std::unexpected<refusal> refuse() const { return std::unexpected(bad_answer(what)); }
};

class fields {
 public:
  // `of` and `found` must outlive this. `of` that is no object is a problem.
  fields(const value& of, problem& found);

  // Required; an empty string, 0 or false after a problem.
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] int64_t integer(std::string_view key);
  [[nodiscard]] bool boolean(std::string_view key);
  [[nodiscard]] const value& object(std::string_view key);
  [[nodiscard]] const value::array& items(std::string_view key);
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);  // an array of strings

  // Nothing when absent or null; another type is a problem.
  [[nodiscard]] std::optional<std::string> maybe_text(std::string_view key);
  [[nodiscard]] std::optional<int64_t> maybe_integer(std::string_view key);
  [[nodiscard]] bool maybe_boolean(std::string_view key);  // false when absent
  [[nodiscard]] std::vector<std::string> maybe_texts(std::string_view key);

 private:
  [[nodiscard]] const value* present(std::string_view key);
  void wrong(std::string_view key, std::string_view type);
  const value& of_;
  problem& found_;
};

[[nodiscard]] std::string joined(const std::vector<std::string>& words);  // "a, b"

}  // namespace grantd::cli
