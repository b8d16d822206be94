// SPDX-License-Identifier: Apache-2.0
// JSON as api.sock speaks it: strict in, plain out. Untrusted bytes come in; no exception comes out.
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace grantd::daemon::json {

inline constexpr unsigned max_depth = 16;
inline constexpr size_t max_members = 64;  // of one object: no call has more than a handful
inline constexpr size_t max_items = 1024;  // of one array: no call has any; the longest answer has 1000

// One JSON value. A number that is not an integer of 64 bits keeps only that it was a number.
class value {
 public:
  using array = std::vector<value>;
  using member = std::pair<std::string, value>;
  using object = std::vector<member>;  // in the order written; keys are unique
  struct not_integer {};

  value() = default;  // null
  value(bool b) : is_(b) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  value(T n) : is_(static_cast<int64_t>(n)) {}
  value(std::string s) : is_(std::move(s)) {}
  value(std::string_view s) : is_(std::string(s)) {}
  value(const char* s) : is_(std::string(s)) {}
  value(array a) : is_(std::move(a)) {}
  value(object o) : is_(std::move(o)) {}
  value(not_integer n) : is_(n) {}

  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&is_); }
  [[nodiscard]] const int64_t* integer() const { return std::get_if<int64_t>(&is_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&is_); }
  [[nodiscard]] const array* items() const { return std::get_if<array>(&is_); }
  [[nodiscard]] const object* members() const { return std::get_if<object>(&is_); }
  [[nodiscard]] const value* find(std::string_view key) const;  // null when absent or not an object

  // Makes this an object if it is not one; the key must not be there yet.
  value& set(std::string_view key, value v);
  void push(value v);  // makes this an array if it is not one

  // Valid UTF-8 whatever the strings hold: bytes that are not become U+FFFD, control characters
  // (C1 too) are escaped. No newline, no NUL.
  void print_to(std::string& out) const;
  [[nodiscard]] std::string print() const;

 private:
  friend class builder;
  std::variant<std::monostate, bool, int64_t, not_integer, std::string, array, object> is_;
};

// Refuses: bytes that are not UTF-8, a byte order mark, more than max_depth levels, max_members or
// max_items, a key twice in one object, anything after the value. The error is a few words.
[[nodiscard]] std::expected<value, std::string> parse(std::string_view bytes);

}  // namespace grantd::daemon::json
