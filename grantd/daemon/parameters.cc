// SPDX-License-Identifier: Apache-2.0
// A method's parameters, taken out by name and type.
#include "daemon/parameters.h"

#include <algorithm>

#include "base/names.h"

namespace grantd::daemon {
namespace {

std::string without_line_ends(std::string text) {
  std::erase(text, '\n');
  return text;
}

}  // namespace

parameters::parameters(const json::value& object) : object_(object) {}

const json::value* parameters::take(std::string_view key) {
  taken_.push_back(key);
  return object_.find(key);
}

void parameters::wrong(std::string_view key, std::string why) {
  if (!fault_) fault_ = invalid_parameter(key, "\"" + std::string(key) + "\" " + std::move(why));
}

std::optional<std::string> parameters::text(std::string_view key, size_t max) {
  return read(key, max, false);
}
std::optional<std::string> parameters::lines(std::string_view key, size_t max) {
  return read(key, max, true);
}

std::optional<std::string> parameters::read(std::string_view key, size_t max, bool many_lines) {
  const json::value* v = take(key);
  return v == nullptr ? std::nullopt : checked(key, *v, max, many_lines);
}

std::optional<std::string> parameters::checked(std::string_view key, const json::value& v, size_t max,
                                               bool many_lines) {
  if (v.text() == nullptr) {
    wrong(key, "must be a string");
  } else if (v.text()->empty()) {
    wrong(key, "is empty");
  } else if (v.text()->size() > max) {
    wrong(key, "is longer than " + std::to_string(max) + " bytes");
  } else if (!base::is_printable_utf8(many_lines ? without_line_ends(*v.text()) : *v.text())) {
    wrong(key, "has control bytes");
  } else {
    return *v.text();
  }
  return std::nullopt;
}

std::optional<int64_t> parameters::integer(std::string_view key, int64_t least, int64_t most) {
  const json::value* v = take(key);
  if (v == nullptr) return std::nullopt;
  if (v->integer() == nullptr) {
    wrong(key, "must be an integer");
  } else if (*v->integer() < least || *v->integer() > most) {
    wrong(key, "must be from " + std::to_string(least) + " to " + std::to_string(most));
  } else {
    return *v->integer();
  }
  return std::nullopt;
}

std::vector<std::string> parameters::texts(std::string_view key, size_t most, size_t max) {
  std::vector<std::string> all;
  const json::value* v = take(key);
  if (v == nullptr) return all;
  if (v->items() == nullptr || v->items()->size() > most) {
    wrong(key, "must be an array of at most " + std::to_string(most) + " strings");
    return all;
  }
  for (const json::value& one : *v->items()) {
    if (auto t = checked(key, one, max, false)) all.push_back(std::move(*t));
  }
  return all;
}

bool parameters::flag(std::string_view key) {
  const json::value* v = take(key);
  if (v == nullptr) return false;
  if (v->boolean() == nullptr) {
    wrong(key, "must be true or false");
    return false;
  }
  return *v->boolean();
}

std::string parameters::required(std::string_view key, size_t max) {
  auto t = text(key, max);
  if (t) return std::move(*t);
  wrong(key, "is missing");
  return {};
}

std::optional<reply> parameters::fault() {
  if (fault_) return fault_;
  if (const auto* members = object_.members()) {
    for (const auto& m : *members) {
      if (std::ranges::find(taken_, m.first) == taken_.end()) {
        return invalid_parameter(m.first, "this method has no such parameter");
      }
    }
  }
  return std::nullopt;
}

}  // namespace grantd::daemon
