// SPDX-License-Identifier: Apache-2.0
// The words of a decision: who asks, where, and what a window lets them do. Views only; nothing is owned.
#pragma once

#include <cstdint>
#include <string_view>

namespace grantd::decision {

// By what an account was proved. Part of the key: os:bob and pg:bob are two accounts.
enum class identity_class : uint8_t { os = 1, pg = 2, dn = 3, krb = 4 };

struct account {
  identity_class proved_by;
  std::string_view name;
  friend constexpr bool operator==(const account& a, const account& b) noexcept {
    return a.proved_by == b.proved_by && a.name == b.name;
  }
};

enum class point_kind : uint8_t { pam = 1, postgres = 2 };

// Where the question is asked. place: the PAM service, or the PostgreSQL cluster. database: PostgreSQL only;
// empty for PAM and for physical replication. replication: a walsender's connection; never contained in a
// point without it, nor the other way round.
struct login_point {
  point_kind kind;
  std::string_view place;
  std::string_view database;
  bool replication = false;
};

// The same as a window names it: "any" is explicit, never an empty string.
struct point_pattern {
  point_kind kind;
  std::string_view place;
  std::string_view database;
  bool any_place = false;
  bool any_database = false;
  bool replication = false;
};

enum class access : uint8_t { read_only = 1, read_write = 2 };

// Is `point` one of the login points that `pattern` names?
[[nodiscard]] constexpr bool contains(const point_pattern& pattern, const login_point& point) noexcept {
  return pattern.kind == point.kind && pattern.replication == point.replication &&
         (pattern.any_place || pattern.place == point.place) &&
         (pattern.any_database || pattern.database == point.database);
}

}  // namespace grantd::decision
