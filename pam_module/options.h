// SPDX-License-Identifier: Apache-2.0
// What the PAM line says. Pure: reads the arguments, keeps pointers into them, logs nothing, asks nobody.
#pragma once

#include <array>
#include <string_view>

namespace grantd::pam {

inline constexpr unsigned max_users = 64;
inline constexpr unsigned max_refused = 8;

// Names as they stand on the line; each option names one and may be repeated.
struct users {
  std::array<const char*, max_users> names;
  unsigned count;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
};

// Valid as long as the arguments it was read from (PAM keeps them for the call).
struct options {
  const char* table;
  const char* report;
  const char* session;  // the reaper's socket
  const char* service;  // nullptr: what PAM_SERVICE says
  users service_users;  // service accounts: let in, not logged
  users exempt_users;   // break-glass accounts: let in, logged loudly
  bool audit;           // only if every mode= says so
  bool debug;
  // Arguments that mean nothing here: unknown, unparsable, or one too many. For the log.
  std::array<const char*, max_refused> refused;
  unsigned refused_count;
};

// Never fails: what is not understood makes the gate stricter, never wider. A path that is not absolute
// counts as no file: the table is then missing and everybody gated is denied.
[[nodiscard]] options read_options(int argc, const char** argv) noexcept;

}  // namespace grantd::pam
