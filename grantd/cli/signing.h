// SPDX-License-Identifier: Apache-2.0
// The caller's ssh keys, and a signature by one of them through ssh-keygen. Sees no private key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace grantd::cli {

struct signing_key {
  std::string line;   // "ssh-ed25519 AAAA... comment"; empty: unknown (a private file without its .pub)
  std::string file;   // what ssh-keygen -f is given; empty: only the agent has it
  std::string shown;  // its comment, else its file
  std::string agent;  // SSH_AUTH_SOCK for ssh-keygen; empty: none
};

// `file` when not empty; else the first of the agent's and of ~/.ssh/id_ed25519{,_sk} that is among
// `enrolled`, or the only one when that is not known. A forwarded agent is used only when `forwarded_too`.
[[nodiscard]] result<signing_key> find_key(context& c, const std::string& id, const std::string& file,
                                           const std::optional<std::vector<std::string>>& enrolled,
                                           bool forwarded_too);

// The armour of `ssh-keygen -Y sign -n approve@grantd` over exactly `text`.
[[nodiscard]] result<std::string> sign(const signing_key& key, std::string_view text, context& c);

}  // namespace grantd::cli
