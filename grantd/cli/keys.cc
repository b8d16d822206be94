// SPDX-License-Identifier: Apache-2.0
// grantctl keys: lines for sshd's AuthorizedKeysCommand. Prints nothing that it did not check.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/key_line.h"
#include "proof/allowed_signers.h"
#include "proof/sshsig.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "user", "USER",
     "the account that logs in (%u): only the ask account gets lines"},
    {argument::kind::option, "--ask-user", "USER", "the ask account, if it is not called ask"},
    {argument::kind::flag, "--allowed-signers", "", "lines for ssh-keygen -Y verify -f instead"},
};

// The line for one enrolled key, or why there is none.
std::expected<std::string, std::string> line_of(const context& c, const std::string& person,
                                                const std::string& key) {
  if (!c.given.has("--allowed-signers"))
    return key_line(c.here.self, c.opts.own_socket ? c.opts.socket : "", person, key);
  std::string line = proof::print_allowed_signer(person, proof::approval_namespace, key);
  if (line.empty())
    return std::unexpected(fmt::format("a key of {} that cannot sign approvals: {}", person, key));
  return line + "\n";
}

// Absent from a grantd that knows no relays.
std::vector<value> relays_of(const value& answer) {
  const value* list = answer.find("relays");
  return list == nullptr || list->items() == nullptr ? std::vector<value>() : *list->items();
}

result<exit_code> run(context& c) {
  std::string ask_user = c.given.has("--ask-user") ? c.given.get("--ask-user") : "ask";
  // Set for all of sshd instead of in a Match block, the lines must not open other accounts.
  if (c.given.has("user") && c.given.get("user") != ask_user) return exit_code::done;
  auto to = connection::to_socket(c.opts.socket, c.here.timeout_us, look_at("grantd", c.here));
  if (!to) return std::unexpected(std::move(to.error()));
  auto answer = client(std::move(*to)).call("Keys");
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  std::string lines;
  std::vector<std::string> refused;
  for (const value& v : fields(*answer, bad).items("keys")) {
    fields k(v, bad);
    std::string person = k.text("person");
    std::string key = k.text("key");
    if (bad) break;
    auto line = line_of(c, person, key);
    if (line) {
      lines += *line;
    } else {
      refused.push_back(line.error());
    }
  }
  for (const value& v : relays_of(*answer)) {
    fields k(v, bad);
    std::string relay = k.text("relay");
    std::string key = k.text("key");
    if (bad || c.given.has("--allowed-signers")) break;  // a relay approves nothing
    auto line = key_line(c.here.self, c.opts.own_socket ? c.opts.socket : "", relay, key, speaker::relay);
    if (line) {
      lines += *line;
    } else {
      refused.push_back(line.error());
    }
  }
  if (bad) return bad.refuse();
  if (c.opts.json) {
    c.print_document(*answer);
  } else {
    c.out.data(lines);
  }
  for (const std::string& why : refused) c.out.say(fmt::format("left out: {}", why));
  return exit_code::done;
}

}  // namespace

const command keys_command{"keys",
                           "the enrolled keys of people and relays, for sshd's AuthorizedKeysCommand",
                           "Needs root, or the ask account. In sshd_config:\n"
                           "  Match User ask\n"
                           "    AuthorizedKeysCommand /usr/bin/grantctl keys %u\n"
                           "    AuthorizedKeysCommandUser ask\n"
                           "--allowed-signers: who may approve with which key, as ssh-keygen(1) reads it.",
                           "  grantctl keys ask\n  grantctl keys --allowed-signers > allowed_signers",
                           takes,
                           run};

}  // namespace grantd::cli
