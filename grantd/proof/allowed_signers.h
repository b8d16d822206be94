// SPDX-License-Identifier: Apache-2.0
// Keys and their owners as OpenSSH writes them (ssh-keygen(1), ALLOWED SIGNERS). Pure; fuzzed. Must never
// take a certificate authority, a key type that is not verified here, or a pattern for a principal.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace grantd::proof {

struct allowed_signer {
  std::vector<std::string> principals;                 // names or e-mails, no patterns
  std::optional<std::vector<std::string>> namespaces;  // absent: all
  std::optional<base::utc_time> valid_after;
  std::optional<base::utc_time> valid_before;
  std::string key_type;
  std::string blob;
  unsigned line = 0;
};

struct signers_mistake {
  unsigned line;
  std::string what;
};

// All lines, or every mistake.
[[nodiscard]] std::expected<std::vector<allowed_signer>, std::vector<signers_mistake>> parse_allowed_signers(
    std::string_view text);

// May this line's key sign in `name_space` at `at`?
[[nodiscard]] bool in_force(const allowed_signer& s, std::string_view name_space, base::utc_time at);

// One line without its end, "alice namespaces=\"approve@grantd\" ssh-ed25519 AAAA...": what ssh-keygen -Y
// verify -f reads. Empty when it would not be read back as exactly that.
[[nodiscard]] std::string print_allowed_signer(std::string_view principal, std::string_view name_space,
                                               std::string_view key_line);

}  // namespace grantd::proof
