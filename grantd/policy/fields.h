// SPDX-License-Identifier: Apache-2.0
// One table of a file, key by key: what is wrong becomes a mistake and reading goes on, so that a person sees
// all of their mistakes at once. Must never stop at the first.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/toml_reader.h"

namespace grantd::policy {

// A position in one of the files that are read together.
struct place {
  unsigned file = 0;  // in the order they were given
  position at;
  friend constexpr auto operator<=>(const place&, const place&) = default;
};

// The mistakes of files that are read together. Nothing is dropped silently: past `most` they are counted,
// not kept.
class mistake_list {
 public:
  static constexpr size_t most = 200;
  explicit mistake_list(std::string_view file) : files_{std::string(file)} {}
  explicit mistake_list(std::vector<std::string> files) : files_(std::move(files)) {}
  void select(unsigned file) { file_ = file; }  // the one being read
  [[nodiscard]] place here(position at) const { return {file_, at}; }
  void add(position at, std::string what) { add(here(at), std::move(what)); }
  void add(place at, std::string what);
  [[nodiscard]] bool empty() const { return found_.empty(); }
  [[nodiscard]] bool full() const { return found_.size() >= most; }  // what is added now is only counted
  [[nodiscard]] mistakes take();                                     // in the order of the files
  [[nodiscard]] const std::string& file(unsigned i) const { return files_[i]; }
  // "policy.toml:3:7" for "see also" inside another message.
  [[nodiscard]] std::string print(place p) const;

 private:
  struct found {
    place where;
    std::string what;
  };
  std::vector<std::string> files_;
  unsigned file_ = 0;
  std::vector<found> found_;
  size_t dropped_ = 0;
};

// A string of the file and where it stands.
struct placed_text {
  std::string_view text;
  position at;
};

struct placed_integer {
  int64_t value;
  position at;
};

class fields {
 public:
  // `what` names the table in messages: "[person.alice]". Keys that are not in `known` are mistakes at once.
  // Everything given must outlive this.
  fields(const toml_value& table, std::string what, std::span<const std::string_view> known,
         mistake_list& found);

  // Nothing when absent or a mistake. Strings are printable UTF-8 (no NUL, no control byte).
  [[nodiscard]] std::optional<placed_text> text(std::string_view key);
  [[nodiscard]] std::vector<placed_text> texts(std::string_view key);  // a string, or an array of strings
  [[nodiscard]] std::optional<bool> boolean(std::string_view key);
  [[nodiscard]] std::optional<placed_integer> integer(std::string_view key, int64_t least, int64_t largest);
  [[nodiscard]] std::optional<placed_integer> duration_us(std::string_view key);
  [[nodiscard]] const toml_value* value(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return value(key) != nullptr; }
  [[nodiscard]] const std::string& what() const { return what_; }

 private:
  [[nodiscard]] std::optional<placed_text> printable(std::string_view key, const toml_value& v);
  std::vector<toml_value::member> members_;
  std::string what_;
  mistake_list& found_;
};

// "a string", "an integer", ...
[[nodiscard]] std::string_view describe(toml_kind kind);

}  // namespace grantd::policy
