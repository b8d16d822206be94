// SPDX-License-Identifier: Apache-2.0
// Finds a key and has ssh-keygen sign with it: it knows agents, passphrases and security keys.
#include "cli/signing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/unique_fd.h"
#include "cli/agent.h"
#include "cli/child.h"
#include "cli/files.h"
#include "cli/text.h"
#include "proof/fingerprint.h"

namespace grantd::cli {
namespace {

constexpr size_t max_key_file = 64 << 10;
constexpr size_t max_signature = 4096;

// "type base64", of a key that can approve; empty otherwise.
std::string key_of(std::string_view line) {
  size_t type_end = line.find(' ');
  if (type_end == line.npos) return {};
  std::string_view type = line.substr(0, type_end);
  if (type != "ssh-ed25519" && type != "sk-ssh-ed25519@openssh.com") return {};
  return std::string(line.substr(0, line.find(' ', type_end + 1)));
}

std::string comment_of(std::string_view line) {
  size_t first = line.find(' ');
  size_t second = first == line.npos ? first : line.find(' ', first + 1);
  return second == line.npos ? std::string() : std::string(line.substr(second + 1));
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

std::string first_line(const std::string& path) {
  auto text = read_file(path, max_key_file);
  if (!text) return {};
  auto lines = lines_of(*text);
  return lines.empty() ? std::string() : lines.front();
}

bool is_private_half(const std::string& path) { return first_line(path).starts_with("-----BEGIN "); }

// A key named by either of its two files.
signing_key key_in(const std::string& path) {
  std::string base = path.ends_with(".pub") ? path.substr(0, path.size() - 4) : path;
  signing_key k;
  k.line = first_line(base + ".pub");
  k.file = is_private_half(base) ? base : path;
  if (key_of(k.line).empty() && !is_private_half(path)) k.line = first_line(path);
  k.shown = comment_of(k.line).empty() ? path : comment_of(k.line);
  return k;
}

std::vector<signing_key> keys_of_agent(const std::string& agent) {
  std::vector<signing_key> all;
  program p{{"ssh-add", "-L"}, {}, environment_with_agent(agent), -1, 2};
  base::unique_fd quiet(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (quiet.valid()) p.err = quiet.get();
  auto done = run_program(p);
  if (!done || done->status != 0) return all;
  for (const std::string& line : lines_of(done->out)) {
    if (key_of(line).empty()) continue;
    std::string comment = comment_of(line);
    all.push_back({line, {}, comment.empty() ? "a key of the agent" : comment, agent});
  }
  return all;
}

bool is_enrolled(const signing_key& k, const std::vector<std::string>& enrolled) {
  return std::any_of(enrolled.begin(), enrolled.end(),
                     [&](const std::string& line) { return key_of(line) == key_of(k.line); });
}

struct agent_here {
  std::string socket;  // one that may be used
  bool kept_out = false;
};

agent_here look_for_agent(const context& c, bool forwarded_too) {
  std::string socket = c.here.environment("SSH_AUTH_SOCK").value_or("");
  bool ssh_session = !c.here.environment("SSH_CONNECTION").value_or("").empty();
  if (socket.empty()) return {};
  if (!forwarded_too && is_forwarded_agent(socket, ssh_session)) return {{}, true};
  return {socket, false};
}

std::unexpected<refusal> forwarded(const std::string& id) {
  return refuse(
      exit_code::no,
      "the key would be asked of an agent that is forwarded over ssh: whoever is root on this machine "
      "could have used it too. Approve where the key is (grantctl --host ssh://ask@HOST approve), or "
      "say that you mean it",
      fmt::format("grantctl approve {} --forwarded-agent", shell_word(id)));
}

std::string none_is_here(const std::optional<std::vector<std::string>>& enrolled) {
  constexpr std::string_view where = "neither in the agent nor in ~/.ssh";
  if (!enrolled) return fmt::format("no ed25519 key is here, {}", where);
  if (enrolled->empty()) return "no key is enrolled for you: an administrator adds yours to the policy";
  std::vector<std::string> prints;
  for (const std::string& line : *enrolled) prints.push_back(proof::fingerprint_of_line(line));
  return fmt::format("none of your enrolled keys is here ({}), {}", all_of(prints), where);
}

}  // namespace

result<signing_key> find_key(context& c, const std::string& id, const std::string& file,
                             const std::optional<std::vector<std::string>>& enrolled, bool forwarded_too) {
  agent_here agent = look_for_agent(c, forwarded_too);
  if (!file.empty()) {
    signing_key k = key_in(file);
    if (auto text = read_file(file, max_key_file); key_of(k.line).empty() && !text) {
      return refuse(
          exit_code::usage,
          fmt::format("{}; --key names a key of yours, like ~/.ssh/id_ed25519. Without it one that is "
                      "enrolled for you is looked for in the agent and in ~/.ssh",
                      text.error()),
          fmt::format("grantctl approve {}", shell_word(id)));
    }
    if (key_of(k.line).empty() && !is_private_half(k.file)) {
      return refuse(exit_code::usage,
                    fmt::format("{} is no ed25519 key: neither its private half nor its public line", file),
                    "ssh-keygen -t ed25519");
    }
    if (agent.kept_out && !is_private_half(k.file)) return forwarded(id);
    k.agent = agent.socket;
    return k;
  }
  std::vector<signing_key> all;
  if (!agent.socket.empty()) all = keys_of_agent(agent.socket);
  if (std::string home = c.here.environment("HOME").value_or(""); !home.empty()) {
    for (const char* name : {"/.ssh/id_ed25519", "/.ssh/id_ed25519_sk"}) {
      signing_key k = key_in(home + name);
      k.agent = agent.socket;
      if (!key_of(k.line).empty() && is_private_half(k.file)) all.push_back(k);
    }
  }
  if (enrolled) std::erase_if(all, [&](const signing_key& k) { return !is_enrolled(k, *enrolled); });
  bool one = !all.empty() && std::all_of(all.begin(), all.end(), [&](const signing_key& k) {
    return key_of(k.line) == key_of(all.front().line);
  });
  if (one || (enrolled && !all.empty())) return all.front();
  if (all.empty()) {
    if (agent.kept_out) return forwarded(id);
    return refuse(exit_code::no, none_is_here(enrolled),
                  fmt::format("grantctl approve {} --key FILE", shell_word(id)));
  }
  return refuse(exit_code::usage, "several of your keys are here; say which",
                fmt::format("grantctl approve {} --key FILE", shell_word(id)));
}

result<std::string> sign(const signing_key& key, std::string_view text, context& c) {
  std::string file = key.file;
  std::optional<private_directory> directory;
  if (file.empty()) {  // ssh-keygen takes a public key from a file only
    auto made = private_directory::make(c.here.environment("TMPDIR").value_or("/tmp"));
    if (!made) return refuse(exit_code::no, fmt::format("cannot make a directory: {}", made.error()));
    directory.emplace(std::move(*made));
    file = directory->path() + "/key.pub";
    if (auto written = write_new_file(file, key.line + "\n"); !written)
      return refuse(exit_code::no, written.error());
  }
  program p{{"ssh-keygen", "-q", "-Y", "sign", "-n", "approve@grantd", "-f", file},
            text,
            environment_with_agent(key.agent),
            -1,
            c.here.err};
  auto done = run_program(p);
  if (!done) {
    return refuse(exit_code::no, fmt::format("cannot start ssh-keygen: {}", std::strerror(done.error())),
                  "apt-get install openssh-client");
  }
  if (done->status != 0 || !done->out.starts_with("-----BEGIN SSH SIGNATURE-----") ||
      done->out.size() > max_signature) {
    return refuse(exit_code::no,
                  fmt::format("ssh-keygen made no signature with {}: nothing was sent", key.shown),
                  "ssh-add -L");
  }
  return std::move(done->out);
}

}  // namespace grantd::cli
