// SPDX-License-Identifier: Apache-2.0
// Reads allowed_signers line by line. What OpenSSH would take and this file does not (patterns, authorities,
// local times) is said in words, never passed over: a line that counts less than its writer thinks is a trap.
#include "proof/allowed_signers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/names.h"
#include "base/timestamp.h"
#include "proof/base64.h"
#include "proof/public_key.h"

namespace grantd::proof {
namespace {

using no = std::unexpected<std::string>;

constexpr size_t max_shown = 64;

std::string quoted(std::string_view text) {
  return '\'' + std::string(base::is_printable_utf8(text) && text.size() <= max_shown ? text : "...") + '\'';
}

// A word up to white space. Quotes may hold white space; what they hold is judged later.
std::string_view take_word(std::string_view& line) {
  bool inside = false;
  size_t end = 0;
  for (; end < line.size() && (inside || line[end] != ' '); ++end) inside = inside != (line[end] == '"');
  std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(line.find_first_not_of(' ', end), line.size()));
  return word;
}

std::expected<std::vector<std::string>, std::string> read_list(std::string_view what, std::string_view text) {
  std::vector<std::string> out;
  for (bool more = true; more;) {
    size_t comma = text.find(',');
    more = comma != text.npos;
    std::string_view one = text.substr(0, comma);
    text.remove_prefix(more ? comma + 1 : text.size());
    if (one.empty()) return no("has an empty " + std::string(what));
    if (one.find_first_of("*?!") != one.npos)
      return no("has the pattern " + quoted(one) + ": write each " + std::string(what) + " out");
    if (one.find_first_of("\" \\") != one.npos)
      return no("has a quote, a space or a backslash in its " + std::string(what) + " " + quoted(one));
    out.emplace_back(one);
  }
  return out;
}

// ssh-keygen(1): YYYYMMDD[HHMM[SS]], Z for UTC. Without Z it means the time zone of whoever runs ssh-keygen.
std::expected<base::utc_time, std::string> read_time(std::string_view option, std::string_view text) {
  if (!text.ends_with('Z')) {
    return no("has the local time " + quoted(text) + " in " + std::string(option) +
              ": write it in UTC with a Z behind it (20261122Z, 202611221730Z)");
  }
  std::string t(text.substr(0, text.size() - 1));
  if (t.size() == 8) t += "0000";
  if (t.size() == 12) t += "00";
  if (t.size() == 14 && t.find_first_not_of("0123456789") == t.npos) {
    auto at = base::parse_timestamp(t.substr(0, 4) + '-' + t.substr(4, 2) + '-' + t.substr(6, 2) + 'T' +
                                    t.substr(8, 2) + ':' + t.substr(10, 2) + ':' + t.substr(12, 2) + 'Z');
    if (at) return *at;
  }
  return no("has no time in " + std::string(option) + ": " + quoted(text) + " (YYYYMMDDZ, YYYYMMDDHHMMZ or " +
            "YYYYMMDDHHMMSSZ)");
}

// OpenSSH takes the names of options in any case.
bool same_word(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

template <typename T>
std::string store(std::string_view option, std::optional<T>& into, std::expected<T, std::string> value) {
  if (into) return "has " + std::string(option) + " twice";
  if (!value) return std::move(value).error();
  into = *std::move(value);
  return {};
}

// Empty when it was taken.
std::string take_option(allowed_signer& s, std::string_view option) {
  std::string_view name = option.substr(0, option.find('='));
  if (same_word(name, "cert-authority"))
    return "names a certificate authority: certificates cannot approve, list each person's own key";
  bool known = false;
  for (std::string_view n : {"namespaces", "valid-after", "valid-before"})
    known = known || same_word(name, n);
  if (!known) return "has the option " + quoted(name) + ", which is not known here";
  std::string_view value = option.substr(std::min(name.size() + 1, option.size()));
  if (value.size() < 2 || value.front() != '"' || value.back() != '"')
    return "needs a quoted value: " + std::string(name) + "=\"...\"";
  value = value.substr(1, value.size() - 2);
  if (same_word(name, "namespaces")) return store(name, s.namespaces, read_list("namespace", value));
  auto& time = same_word(name, "valid-after") ? s.valid_after : s.valid_before;
  return store(name, time, read_time(name, value));
}

std::string take_options(allowed_signer& s, std::string_view word) {
  while (true) {
    bool inside = false;
    size_t end = 0;
    for (; end < word.size() && (inside || word[end] != ','); ++end) inside = inside != (word[end] == '"');
    if (std::string fault = take_option(s, word.substr(0, end)); !fault.empty()) return fault;
    if (end == word.size()) break;
    word.remove_prefix(end + 1);
  }
  if (s.valid_after && s.valid_before && *s.valid_after >= *s.valid_before)
    return "ends (valid-before) before it begins (valid-after)";
  return {};
}

// Is this word the type of a key, whether or not it counts here? Options never look like one.
bool is_key_type(std::string_view word) {
  if (word.find_first_of("=\",") != word.npos) return false;
  for (std::string_view begin : {"ssh-", "ecdsa-", "sk-", "webauthn-"}) {
    if (word.starts_with(begin)) return true;
  }
  return false;
}

std::string take_key(allowed_signer& s, std::string_view type, std::string_view base64) {
  if (type != ed25519_type && type != sk_ed25519_type) {
    return "has a key of type " + quoted(type) +
           ", which cannot approve here: ssh-ed25519 and sk-ssh-ed25519@openssh.com can (ssh-keygen -t "
           "ed25519)";
  }
  auto blob = decode_base64(base64);
  auto key = blob ? read_public_key(*blob) : std::unexpected(key_fault::malformed);
  if (!key && key.error() == key_fault::application)
    return "has a security key that was not made for ssh (ssh-keygen -t ed25519-sk)";
  if (!key && key.error() == key_fault::malformed)
    return "has a damaged key (copy the whole .pub line again)";
  if (!key || key->type != type) return "says another type inside its key than before it";
  s.key_type = type;
  s.blob = *std::move(blob);
  return {};
}

std::string take_line(allowed_signer& s, std::string_view line) {
  auto principals = read_list("name", take_word(line));
  if (!principals) return std::move(principals).error();
  s.principals = *std::move(principals);
  std::string_view word = take_word(line);
  if (word.empty()) return "ends after its names: a key must follow";
  if (!is_key_type(word)) {
    if (std::string fault = take_options(s, word); !fault.empty()) return fault;
    word = take_word(line);
    if (word.empty()) return "ends after its options: a key must follow";
  }
  return take_key(s, word, line.substr(0, line.find(' ')));
}

}  // namespace

std::expected<std::vector<allowed_signer>, std::vector<signers_mistake>> parse_allowed_signers(
    std::string_view text) {
  std::vector<allowed_signer> out;
  std::vector<signers_mistake> mistakes;
  for (unsigned number = 1; !text.empty(); ++number) {
    size_t end = text.find('\n');
    std::string line(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    std::ranges::replace(line, '\t', ' ');
    size_t start = line.find_first_not_of(' ');
    if (start == line.npos || line[start] == '#') continue;
    allowed_signer s;
    s.line = number;
    std::string fault = base::is_printable_utf8(line)
                            ? take_line(s, std::string_view(line).substr(start))
                            : "holds a control byte or is not UTF-8 (lines end with a newline alone)";
    if (fault.empty()) {
      out.push_back(std::move(s));
    } else {
      mistakes.push_back({number, std::move(fault)});
    }
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  return out;
}

bool in_force(const allowed_signer& s, std::string_view name_space, base::utc_time at) {
  if (s.namespaces && std::ranges::find(*s.namespaces, name_space) == s.namespaces->end()) return false;
  return (!s.valid_after || *s.valid_after <= at) && (!s.valid_before || at < *s.valid_before);
}

std::string print_allowed_signer(std::string_view principal, std::string_view name_space,
                                 std::string_view key_line) {
  std::string line(principal);
  line.append(" namespaces=\"").append(name_space).append("\" ").append(key_line);
  auto read = parse_allowed_signers(line);
  bool same = line.find('\n') == line.npos && read && read->size() == 1 &&
              std::ranges::equal((*read)[0].principals, std::array{principal}) && (*read)[0].namespaces &&
              std::ranges::equal(*(*read)[0].namespaces, std::array{name_space});
  return same ? line : "";
}

}  // namespace grantd::proof
