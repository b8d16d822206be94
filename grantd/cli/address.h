// SPDX-License-Identifier: Apache-2.0
// --host: where a grantd elsewhere is asked through ssh. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace grantd::cli {

struct address {
  std::string user = "ask";
  std::string host;
  uint16_t port = 0;  // 0: what ssh's own configuration says
};

// "ssh://[user@]host[:port]", host a name, an IPv4 address or [IPv6]. Refused with the reason: another
// scheme, a path, and whatever ssh could take for an option (a leading '-') or a shell for syntax.
[[nodiscard]] std::expected<address, std::string> parse_address(std::string_view text);

// The arguments after the program's name: no terminal, no command (the key's forced command answers), and
// "--" before the destination.
[[nodiscard]] std::vector<std::string> ssh_arguments(const address& to);

}  // namespace grantd::cli
