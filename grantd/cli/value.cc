// SPDX-License-Identifier: Apache-2.0
// Holds and prints JSON values; reads none and does no I/O.
#include "cli/value.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "cli/text.h"

namespace grantd::cli {
namespace {

void print_string(std::string_view s, std::string& out) {
  out += '"';
  while (!s.empty()) {
    character c = next_character(s);
    if (c.bytes == "\"" || c.bytes == "\\") {
      out += '\\';
      out += c.bytes;
    } else if (!c.valid) {
      out += "\\ufffd";
    } else if (c.code == '\n') {
      out += "\\n";
    } else if (harmful(c.code)) {  // all of them lie below U+10000
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<uint32_t>(c.code));
    } else {
      out += c.bytes;
    }
    s.remove_prefix(c.bytes.size());
  }
  out += '"';
}

void print(const value& v, std::string& out) {
  if (const bool* b = v.boolean()) {
    out += *b ? "true" : "false";
  } else if (const int64_t* i = v.integer()) {
    fmt::format_to(std::back_inserter(out), "{}", *i);
  } else if (const double* d = v.real()) {
    out += std::isfinite(*d) ? fmt::format("{}", *d) : "null";
  } else if (const std::string* s = v.text()) {
    print_string(*s, out);
  } else if (const value::array* a = v.items()) {
    out += '[';
    for (const value& item : *a) {
      if (&item != a->data()) out += ',';
      print(item, out);
    }
    out += ']';
  } else if (const value::object* o = v.members()) {
    out += '{';
    for (const auto& member : *o) {
      if (&member != o->data()) out += ',';
      print_string(member.first, out);
      out += ':';
      print(member.second, out);
    }
    out += '}';
  } else {
    out += "null";
  }
}

}  // namespace

value::value() noexcept = default;
value::value(bool b) noexcept : held_(b) {}
value::value(int64_t i) noexcept : held_(i) {}
value::value(double d) noexcept : held_(d) {}
value::value(std::string s) noexcept : held_(std::move(s)) {}
value::value(std::string_view s) : held_(std::string(s)) {}
value::value(const char* s) : held_(std::string(s)) {}
value::value(array a) noexcept : held_(std::move(a)) {}
value::value(object o) noexcept : held_(std::move(o)) {}
value::value(const value& other) = default;
value::value(value&& other) noexcept = default;
value& value::operator=(const value& other) = default;
value& value::operator=(value&& other) noexcept = default;
value::~value() = default;

const value* value::find(std::string_view key) const {
  const object* o = members();
  if (o == nullptr) return nullptr;
  for (const auto& [name, member] : *o) {
    if (name == key) return &member;
  }
  return nullptr;
}

void value::set(std::string_view key, value v) {
  if (null()) held_ = object{};
  std::get<object>(held_).emplace_back(std::string(key), std::move(v));
}

std::string print_json(const value& v) {
  std::string out;
  print(v, out);
  return out;
}

}  // namespace grantd::cli
