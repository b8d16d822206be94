// SPDX-License-Identifier: Apache-2.0
// One JSON value as grantctl holds it, so that only json.cc pays for nlohmann-json. Members keep their order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace grantd::cli {

class value {
 public:
  using array = std::vector<value>;
  using object = std::vector<std::pair<std::string, value>>;

  value() noexcept;  // null
  value(bool b) noexcept;
  value(int64_t i) noexcept;
  value(double d) noexcept;
  value(std::string s) noexcept;
  value(std::string_view s);
  value(const char* s);
  value(array a) noexcept;
  value(object o) noexcept;
  value(const value& other);
  value(value&& other) noexcept;
  value& operator=(const value& other);
  value& operator=(value&& other) noexcept;
  ~value();

  // The value if it is of that type, nullptr otherwise: the caller says what a wrong type means.
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&held_); }
  [[nodiscard]] const int64_t* integer() const { return std::get_if<int64_t>(&held_); }
  [[nodiscard]] const double* real() const { return std::get_if<double>(&held_); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&held_); }
  [[nodiscard]] const array* items() const { return std::get_if<array>(&held_); }
  [[nodiscard]] const object* members() const { return std::get_if<object>(&held_); }
  [[nodiscard]] array* items() { return std::get_if<array>(&held_); }
  [[nodiscard]] object* members() { return std::get_if<object>(&held_); }
  [[nodiscard]] bool null() const { return std::holds_alternative<std::monostate>(held_); }

  // A member of an object; nullptr when this is no object or has no such member.
  [[nodiscard]] const value* find(std::string_view key) const;
  // Adds a member (this must be null or an object). The key must be new.
  void set(std::string_view key, value v);

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, array, object> held_;
};

// One line of JSON. Control characters, DEL, C1 and what turns the direction of text are escaped (\u00xx),
// bytes that are not UTF-8 become U+FFFD: the result can go to a terminal.
[[nodiscard]] std::string print_json(const value& v);

}  // namespace grantd::cli
