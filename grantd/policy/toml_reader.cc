// SPDX-License-Identifier: Apache-2.0
// toml++ behind values of our own: the one file that includes it, so that its compile time is paid once.
// Its exceptions end here.
#include "policy/toml_reader.h"

#include <algorithm>
#include <exception>
#include <string>

#include "policy/nesting.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

namespace grantd::policy {
namespace {

position place_of(const toml::source_region& r) { return {r.begin.line, r.begin.column}; }

const toml::node& node(const void* n) { return *static_cast<const toml::node*>(n); }

mistake whole(std::string_view file, std::string what) { return {std::string(file), 0, 0, std::move(what)}; }

// toml++ names its own grammar first; a person wants what follows.
std::string in_words(std::string_view description) {
  constexpr std::string_view opening = "Error while parsing ";
  if (description.starts_with(opening)) {
    description.remove_prefix(opening.size());
    return "not TOML: in " + escaped(description, 300);
  }
  return "not TOML: " + escaped(description, 300);
}

}  // namespace

struct toml_document::tree {
  toml::table root;
};

toml_kind toml_value::kind() const {
  switch (node(node_).type()) {
    case toml::node_type::string:
      return toml_kind::string;
    case toml::node_type::integer:
      return toml_kind::integer;
    case toml::node_type::boolean:
      return toml_kind::boolean;
    case toml::node_type::array:
      return toml_kind::array;
    case toml::node_type::table:
      return toml_kind::table;
    default:
      return toml_kind::other;
  }
}

position toml_value::at() const { return place_of(node(node_).source()); }

std::string_view toml_value::text() const {
  const auto* s = node(node_).as_string();
  return s != nullptr ? std::string_view(s->get()) : std::string_view();
}

int64_t toml_value::integer() const {
  const auto* i = node(node_).as_integer();
  return i != nullptr ? i->get() : 0;
}

bool toml_value::boolean() const {
  const auto* b = node(node_).as_boolean();
  return b != nullptr && b->get();
}

std::vector<toml_value> toml_value::items() const {
  std::vector<toml_value> out;
  const toml::array* array = node(node_).as_array();
  if (array == nullptr) return out;
  out.reserve(array->size());
  for (const toml::node& item : *array) out.push_back(toml_value(&item));
  return out;
}

std::vector<toml_value::member> toml_value::members() const {
  std::vector<member> out;
  const toml::table* table = node(node_).as_table();
  if (table == nullptr) return out;
  out.reserve(table->size());
  for (auto it = table->cbegin(); it != table->cend(); ++it) {
    const toml::node& value = it->second;
    out.push_back({it->first.str(), place_of(it->first.source()), toml_value(&value)});
  }
  std::ranges::stable_sort(out, {}, &member::at);
  return out;
}

std::expected<toml_document, mistake> toml_document::read(std::string_view text, std::string_view file,
                                                          size_t max_bytes) {
  if (text.size() > max_bytes) {
    return std::unexpected(whole(file, "the file is too large: " + std::to_string(text.size()) +
                                           " bytes, at most " + std::to_string(max_bytes)));
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return std::unexpected(mistake{std::string(file), 1, 1, "this is UTF-16: save the file as UTF-8"});
  }
  if (auto deep = too_deep(text)) {
    return std::unexpected(mistake{std::string(file), deep->line, deep->column,
                                   "nested too deeply: at most " + std::to_string(max_nesting) + " levels"});
  }
  try {
    return toml_document(std::make_unique<tree>(tree{toml::parse(text)}));
  } catch (const toml::parse_error& e) {
    position at = place_of(e.source());
    return std::unexpected(mistake{std::string(file), at.line, at.column, in_words(e.description())});
  } catch (const std::exception& e) {
    return std::unexpected(whole(file, "cannot be read: " + escaped(e.what(), 300)));
  }
}

toml_document::toml_document(std::unique_ptr<tree> t) noexcept : tree_(std::move(t)) {}
toml_document::toml_document(toml_document&&) noexcept = default;
toml_document& toml_document::operator=(toml_document&&) noexcept = default;
toml_document::~toml_document() = default;

toml_value toml_document::root() const { return toml_value(static_cast<const toml::node*>(&tree_->root)); }

}  // namespace grantd::policy
