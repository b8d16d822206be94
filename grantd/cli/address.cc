// SPDX-License-Identifier: Apache-2.0
// Reads ssh:// addresses; what is not plainly a user and a host never reaches ssh's command line.
#include "cli/address.h"

#include <fmt/format.h>

#include <charconv>

#include "cli/text.h"

namespace grantd::cli {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool made_of(std::string_view text, std::string_view extra) {
  if (text.empty() || text.size() > 255 || text.front() == '-') return false;
  for (char c : text) {
    if (letters.find(c) == letters.npos && extra.find(c) == extra.npos) return false;
  }
  return true;
}

}  // namespace

std::expected<address, std::string> parse_address(std::string_view text) {
  auto no = [&](std::string_view why) {
    return std::unexpected(
        fmt::format("--host \"{}\": {}; write ssh://ask@host or ssh://ask@host:port", visible(text), why));
  };
  std::string_view rest = text;
  if (!rest.starts_with("ssh://")) return no("only ssh:// is spoken");
  rest.remove_prefix(6);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  address a;
  if (size_t at = rest.find('@'); at != rest.npos) {
    a.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    if (!made_of(a.user, "._-")) return no("this is no user's name");
  }
  std::string_view port;
  bool has_port = false;
  if (rest.starts_with('[')) {
    size_t end = rest.find(']');
    if (end == rest.npos) return no("the bracket is not closed");
    a.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!made_of(a.host, ":.%")) return no("this is no IPv6 address");
    has_port = rest.starts_with(':');
    if (!has_port && !rest.empty()) return no("after the bracket only a port may stand");
    if (has_port) port = rest.substr(1);
  } else {
    size_t colon = rest.find(':');
    a.host = rest.substr(0, colon);
    has_port = colon != rest.npos;
    if (has_port) port = rest.substr(colon + 1);
    if (!made_of(a.host, "._-")) return no("this is no host's name");
  }
  if (has_port) {
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), a.port);
    if (error != std::errc{} || end != port.data() + port.size() || a.port == 0) return no("this is no port");
  }
  return a;
}

std::vector<std::string> ssh_arguments(const address& to) {
  std::vector<std::string> args{"-T", "-o", "BatchMode=no", "-o", "ClearAllForwardings=yes"};
  if (to.port != 0) {
    args.emplace_back("-p");
    args.push_back(std::to_string(to.port));
  }
  args.emplace_back("--");
  args.push_back(to.user + "@" + to.host);
  return args;
}

}  // namespace grantd::cli
