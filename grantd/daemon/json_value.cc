// SPDX-License-Identifier: Apache-2.0
// JSON values: looked into and printed. Parses nothing.
#include <algorithm>

#include "base/utf8.h"
#include "daemon/json.h"

namespace grantd::daemon::json {
namespace {

constexpr bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void print_text(std::string_view text, std::string& out) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    // Nearly all there is: a batch of the audit is half a megabyte of it.
    const auto plain = static_cast<size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    size_t n = base::utf8_length(text);
    auto c = static_cast<unsigned char>(text.front());
    if (n == 0) {
      out += "\xEF\xBF\xBD";
      n = 1;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7f) {
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
    } else if (c == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {  // C1: a terminal obeys them
      auto last = static_cast<unsigned char>(text[1]);
      out += "\\u00";
      out += hex[last >> 4];
      out += hex[last & 15];
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(n);
  }
  out += '"';
}

}  // namespace

const value* value::find(std::string_view key) const {
  const object* o = members();
  if (o == nullptr) return nullptr;
  for (const member& m : *o) {
    if (m.first == key) return &m.second;
  }
  return nullptr;
}

value& value::set(std::string_view key, value v) {
  if (!std::holds_alternative<object>(is_)) is_ = object{};
  std::get<object>(is_).emplace_back(std::string(key), std::move(v));
  return *this;
}

void value::push(value v) {
  if (!std::holds_alternative<array>(is_)) is_ = array{};
  std::get<array>(is_).push_back(std::move(v));
}

void value::print_to(std::string& out) const {
  if (const auto* s = text()) {
    print_text(*s, out);
  } else if (const auto* n = integer()) {
    out += std::to_string(*n);
  } else if (const auto* b = boolean()) {
    out += *b ? "true" : "false";
  } else if (const auto* a = items()) {
    out += '[';
    for (size_t i = 0; i < a->size(); ++i) {
      if (i != 0) out += ',';
      (*a)[i].print_to(out);
    }
    out += ']';
  } else if (const auto* o = members()) {
    out += '{';
    for (size_t i = 0; i < o->size(); ++i) {
      if (i != 0) out += ',';
      print_text((*o)[i].first, out);
      out += ':';
      (*o)[i].second.print_to(out);
    }
    out += '}';
  } else {
    out += "null";
  }
}

std::string value::print() const {
  std::string out;
  print_to(out);
  return out;
}

}  // namespace grantd::daemon::json
