// SPDX-License-Identifier: Apache-2.0
// Reads values of the right type out of a table; the words of every type mistake stand here.
#include "policy/fields.h"

#include <algorithm>

#include "base/duration.h"
#include "base/names.h"
#include "policy/nearest.h"

namespace grantd::policy {

void mistake_list::add(place at, std::string what) {
  if (full()) {
    ++dropped_;
    return;
  }
  found_.push_back({at, std::move(what)});
}

mistakes mistake_list::take() {
  std::ranges::stable_sort(found_, {}, &found::where);
  mistakes out;
  out.reserve(found_.size() + 1);
  for (found& f : found_) {
    out.push_back({files_[f.where.file], f.where.at.line, f.where.at.column, std::move(f.what)});
  }
  found_.clear();
  if (dropped_ > 0)
    out.push_back({files_.front(), 0, 0, "and " + std::to_string(dropped_) + " more mistakes"});
  return out;
}

std::string mistake_list::print(place p) const {
  return escaped(files_[p.file], 4096) + ":" + std::to_string(p.at.line) + ":" + std::to_string(p.at.column);
}

std::string_view describe(toml_kind kind) {
  switch (kind) {
    case toml_kind::string:
      return "a string";
    case toml_kind::integer:
      return "a number";
    case toml_kind::boolean:
      return "true or false";
    case toml_kind::array:
      return "an array";
    case toml_kind::table:
      return "a table";
    case toml_kind::other:
      break;
  }
  return "a fraction, a date or a time";
}

fields::fields(const toml_value& table, std::string what, std::span<const std::string_view> known,
               mistake_list& found)
    : members_(table.members()), what_(std::move(what)), found_(found) {
  for (const auto& m : members_) {
    if (std::ranges::find(known, m.key) != known.end()) continue;
    found_.add(m.at, "unknown key " + quoted(m.key) + " in " + what_ + suggestion(m.key, known));
  }
}

const toml_value* fields::value(std::string_view key) const {
  auto it = std::ranges::find(members_, key, &toml_value::member::key);
  return it == members_.end() ? nullptr : &it->value;
}

std::optional<placed_text> fields::printable(std::string_view key, const toml_value& v) {
  if (base::is_printable_utf8(v.text())) return placed_text{v.text(), v.at()};
  found_.add(v.at(), std::string(key) + " of " + what_ + " holds a control byte: " + quoted(v.text()) +
                         " (only printable UTF-8 on one line is allowed)");
  return std::nullopt;
}

std::optional<placed_text> fields::text(std::string_view key) {
  const toml_value* v = value(key);
  if (v == nullptr) return std::nullopt;
  if (v->kind() == toml_kind::string) return printable(key, *v);
  found_.add(v->at(), std::string(key) + " of " + what_ + " is " + std::string(describe(v->kind())) +
                          ": write a string, as in " + std::string(key) + " = \"...\"");
  return std::nullopt;
}

std::vector<placed_text> fields::texts(std::string_view key) {
  std::vector<placed_text> out;
  const toml_value* v = value(key);
  if (v == nullptr) return out;
  if (v->kind() == toml_kind::string) {
    if (auto t = printable(key, *v)) out.push_back(*t);
    return out;
  }
  if (v->kind() != toml_kind::array) {
    found_.add(v->at(), std::string(key) + " of " + what_ + " is " + std::string(describe(v->kind())) +
                            ": write a string or an array of strings, as in " + std::string(key) +
                            " = [\"...\", \"...\"]");
    return out;
  }
  for (const toml_value& item : v->items()) {
    if (item.kind() != toml_kind::string) {
      found_.add(item.at(), std::string(key) + " of " + what_ + " holds " +
                                std::string(describe(item.kind())) + ": write it in quotes, as a string");
      continue;
    }
    if (auto t = printable(key, item)) out.push_back(*t);
  }
  return out;
}

std::optional<bool> fields::boolean(std::string_view key) {
  const toml_value* v = value(key);
  if (v == nullptr) return std::nullopt;
  if (v->kind() == toml_kind::boolean) return v->boolean();
  found_.add(v->at(), std::string(key) + " of " + what_ + " is " + std::string(describe(v->kind())) +
                          ": write true or false, without quotes");
  return std::nullopt;
}

std::optional<placed_integer> fields::integer(std::string_view key, int64_t least, int64_t largest) {
  const toml_value* v = value(key);
  if (v == nullptr) return std::nullopt;
  if (v->kind() != toml_kind::integer) {
    found_.add(v->at(), std::string(key) + " of " + what_ + " is " + std::string(describe(v->kind())) +
                            ": write a whole number without quotes");
    return std::nullopt;
  }
  int64_t n = v->integer();
  if (n >= least && n <= largest) return placed_integer{n, v->at()};
  found_.add(v->at(), std::string(key) + " of " + what_ + " is " + std::to_string(n) +
                          ": it must be between " + std::to_string(least) + " and " +
                          std::to_string(largest));
  return std::nullopt;
}

std::optional<placed_integer> fields::duration_us(std::string_view key) {
  const toml_value* v = value(key);
  if (v == nullptr) return std::nullopt;
  std::string name = std::string(key) + " of " + what_;
  if (v->kind() == toml_kind::integer) {
    std::string n = std::to_string(v->integer());
    found_.add(v->at(),
               name + " has no unit: " + n + " (write \"" + n + "m\" for minutes, \"" + n + "h\" for hours)");
    return std::nullopt;
  }
  auto t = text(key);
  if (!t) return std::nullopt;
  if (auto us = base::parse_duration_us(t->text)) return placed_integer{*us, t->at};
  bool digits = !t->text.empty() && std::ranges::all_of(t->text, [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    std::string n = escaped(t->text, 20);
    found_.add(t->at, name + " has no unit: \"" + n + "\" (write \"" + n + "m\" for minutes, \"" + n +
                          "h\" for hours)");
  } else {
    found_.add(t->at, name + " is not a duration: " + quoted(t->text) +
                          " (write \"90m\", \"1h30m\", \"2d\" or \"45s\"; more than 0, at most 366d)");
  }
  return std::nullopt;
}

}  // namespace grantd::policy
