// SPDX-License-Identifier: Apache-2.0
// Checks types of untrusted values. Pure.
#include "cli/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace grantd::cli {

fields::fields(const value& of, problem& found) : of_(of), found_(found) {
  if (of.members() == nullptr && !found_) found_.what = "an object was expected";
}

const value* fields::present(std::string_view key) {
  const value* v = of_.find(key);
  return v == nullptr || v->null() ? nullptr : v;
}

void fields::wrong(std::string_view key, std::string_view type) {
  if (!found_) found_.what = fmt::format("\"{}\" should be {}", key, type);
}

std::string fields::text(std::string_view key) {
  auto t = maybe_text(key);
  if (!t) wrong(key, "a string");
  return t.value_or("");
}

int64_t fields::integer(std::string_view key) {
  auto i = maybe_integer(key);
  if (!i) wrong(key, "a whole number");
  return i.value_or(0);
}

bool fields::boolean(std::string_view key) {
  const value* v = present(key);
  if (v != nullptr && v->boolean() != nullptr) return *v->boolean();
  wrong(key, "true or false");
  return false;
}

bool fields::maybe_boolean(std::string_view key) { return present(key) != nullptr && boolean(key); }

const value& fields::object(std::string_view key) {
  static const value empty = value::object{};
  const value* v = present(key);
  if (v != nullptr && v->members() != nullptr) return *v;
  wrong(key, "an object");
  return empty;
}

const value::array& fields::items(std::string_view key) {
  static const value::array none;
  const value* v = present(key);
  if (v != nullptr && v->items() != nullptr) return *v->items();
  wrong(key, "an array");
  return none;
}

std::vector<std::string> fields::texts(std::string_view key) {
  std::vector<std::string> out;
  for (const value& item : items(key)) {
    if (item.text() == nullptr) {
      wrong(key, "an array of strings");
    } else {
      out.push_back(*item.text());
    }
  }
  return out;
}

std::optional<std::string> fields::maybe_text(std::string_view key) {
  const value* v = present(key);
  if (v == nullptr) return {};
  if (v->text() != nullptr) return *v->text();
  wrong(key, "a string");
  return {};
}

std::optional<int64_t> fields::maybe_integer(std::string_view key) {
  const value* v = present(key);
  if (v == nullptr) return {};
  if (v->integer() != nullptr) return *v->integer();
  wrong(key, "a whole number");
  return {};
}

std::vector<std::string> fields::maybe_texts(std::string_view key) {
  return present(key) == nullptr ? std::vector<std::string>() : texts(key);
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace grantd::cli
