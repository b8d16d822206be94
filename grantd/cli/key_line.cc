// SPDX-License-Identifier: Apache-2.0
// Builds lines that sshd obeys: every part is checked again here, whoever checked it before.
#include "cli/key_line.h"

#include <fmt/format.h>

#include "base/names.h"
#include "cli/text.h"

namespace grantd::cli {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool made_of(std::string_view text, std::string_view extra, size_t most) {
  if (text.empty() || text.size() > most) return false;
  for (char c : text) {
    if (letters.find(c) == letters.npos && extra.find(c) == extra.npos) return false;
  }
  return true;
}

bool is_path(std::string_view path) {
  return path.starts_with('/') && base::is_printable_utf8(path) && path.find_first_of("\"'\\") == path.npos;
}

bool is_base64(std::string_view text) {
  size_t end = text.find_last_not_of('=');
  return end != text.npos && text.size() - end <= 3 && text.size() % 4 == 0 &&
         made_of(text.substr(0, end + 1), "+/", 16384);
}

}  // namespace

std::expected<std::string, std::string> key_line(std::string_view grantctl, std::string_view socket,
                                                 std::string_view name, std::string_view key, speaker who) {
  const std::string_view what = who == speaker::person ? "person" : "relay";
  if (!base::is_plain_name(name))
    return std::unexpected(fmt::format("\"{}\" is no {}'s name", visible(name), what));
  if (!is_path(grantctl))
    return std::unexpected(
        fmt::format("grantctl's path \"{}\" cannot stand in authorized_keys", visible(grantctl)));
  if (!socket.empty() && !is_path(socket)) {
    return std::unexpected(
        fmt::format("the socket's path \"{}\" cannot stand in authorized_keys", visible(socket)));
  }
  size_t space = key.find(' ');
  std::string_view type = key.substr(0, space);
  std::string_view body = space == key.npos ? std::string_view() : key.substr(space + 1);
  body = body.substr(0, body.find(' '));
  if (!made_of(type, "@.-", 64) || !is_base64(body)) {
    return std::unexpected(fmt::format("a key of {} is not \"type base64\"", name));
  }
  std::string command = shell_word(grantctl);
  if (!socket.empty()) command += fmt::format(" --socket {}", shell_word(socket));
  return fmt::format("restrict,command=\"{} stdio --{} {}\" {} {}\n", command, what, name, type, body);
}

}  // namespace grantd::cli
