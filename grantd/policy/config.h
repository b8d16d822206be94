// SPDX-License-Identifier: Apache-2.0
// grantd.toml: where things are. Parsing is pure; an empty file is all defaults. Format:
// packaging/examples/grantd.toml.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "policy/mistake.h"

namespace grantd::policy {

inline constexpr size_t max_config_bytes = 64 << 10;

struct config {
  std::string policy = "/etc/grantd/policy.toml";
  std::string store = "/var/lib/grantd/store";                  // directory, 0700: grantd.db, reserve
  std::string anchor = "/var/lib/grantd/anchor";                // file beside, not in, the store's directory
  std::string run = "/run/grantd";                              // directory: windows, api.sock, report.sock
  std::string allowed_signers = "/etc/grantd/allowed_signers";  // more keys of approvers; may be absent
  std::string node_key = "/var/lib/grantd/node_key";            // what signs checkpoints; made when absent
  std::string audit_file;                                       // NDJSON in ECS; empty: none
  std::string table_group = "grantd";  // may read the table (name or number): postgres is made a member
  std::string ask_user = "ask";  // whose word for a person's name counts (DESIGN section 7); empty: nobody's
  std::string provision_user = "grantd-provision";  // whose word about other systems counts; empty: nobody's
  // [[reporter]] user = "postgres", cluster = "main": who may report what; root reports for PAM
  struct reporter {
    std::string user;
    std::string cluster;
    friend bool operator==(const reporter&, const reporter&) = default;
  };
  std::vector<reporter> reporters = {{"postgres", "main"}};
  // [limits]
  unsigned connections = 16384;         // in all
  unsigned connections_per_uid = 2048;  // root's are counted apart and never refused for another's sake
  unsigned message_bytes = 65536;
  unsigned idle_seconds = 60;  // a connection that says nothing; 0 never
  unsigned pending_hours = 8;  // until a request that nobody answers lapses
  friend bool operator==(const config&, const config&) = default;
};

[[nodiscard]] std::expected<config, mistakes> parse_config(std::string_view text, std::string_view file);

// TOML that parse_config reads back to the same: `grantd -T`.
[[nodiscard]] std::string print(const config& c);

}  // namespace grantd::policy
