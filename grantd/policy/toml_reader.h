// SPDX-License-Identifier: Apache-2.0
// A TOML text as values that know where they stand. The only door to toml++; must never read a file or throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>
#include <vector>

#include "policy/mistake.h"

namespace grantd::policy {

// From 1, columns in characters; 0, 0: the file as a whole.
struct position {
  unsigned line = 0;
  unsigned column = 0;
  friend constexpr auto operator<=>(const position&, const position&) = default;
};

enum class toml_kind : uint8_t { string, integer, boolean, array, table, other };  // other: float, date, time

// A view of one value; lives as long as its document. The getters answer for their own kind only.
class toml_value {
 public:
  struct member;
  [[nodiscard]] toml_kind kind() const;
  [[nodiscard]] position at() const;
  [[nodiscard]] std::string_view text() const;          // string
  [[nodiscard]] int64_t integer() const;                // integer
  [[nodiscard]] bool boolean() const;                   // boolean
  [[nodiscard]] std::vector<toml_value> items() const;  // array
  [[nodiscard]] std::vector<member> members() const;    // table, in the order of the file

 private:
  friend class toml_document;
  explicit toml_value(const void* node) : node_(node) {}
  const void* node_;  // toml::node, whose header only toml_reader.cc pays for
};

struct toml_value::member {
  std::string_view key;
  position at;  // of the key
  toml_value value;
};

class toml_document {
 public:
  // TOML 1.0 in UTF-8, with or without a byte order mark, LF or CRLF; at most `max_bytes`, and no deeper than
  // anything of ours is. One mistake: after a broken line nothing that follows means anything.
  [[nodiscard]] static std::expected<toml_document, mistake> read(std::string_view text,
                                                                  std::string_view file, size_t max_bytes);
  toml_document(toml_document&&) noexcept;
  toml_document& operator=(toml_document&&) noexcept;
  ~toml_document();
  [[nodiscard]] toml_value root() const;

 private:
  struct tree;
  explicit toml_document(std::unique_ptr<tree> t) noexcept;
  std::unique_ptr<tree> tree_;
};

}  // namespace grantd::policy
