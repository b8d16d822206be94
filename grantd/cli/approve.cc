// SPDX-License-Identifier: Apache-2.0
// grantctl approve: shows what would be signed, asks, has ssh-keygen sign it, and carries the signature.
#include <fmt/format.h>

#include "cli/approval_text.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/fields.h"
#include "cli/files.h"
#include "cli/grants.h"
#include "cli/requests.h"
#include "cli/signing.h"
#include "cli/text.h"

namespace grantd::cli {
namespace {

constexpr size_t max_signature = 4096;

constexpr argument takes[] = {
    {argument::kind::positional, "id", "ID", "r-7k2m", true},
    {argument::kind::option, "--for", "DURATION", "for less than was asked"},
    {argument::kind::option, "--key", "FILE", "sign with this key; else with an enrolled one that is here"},
    {argument::kind::option, "--signature", "FILE", "a signature made elsewhere; \"-\": from stdin"},
    {argument::kind::flag, "--yes", "", "do not ask; for scripts"},
    {argument::kind::flag, "--forwarded-agent", "", "sign even with an agent that ssh forwards"},
};

// What goes with the approval: an armour; nothing where the rule wants none; or the caller's no.
struct consent {
  bool given = false;
  std::string signature;
};

result<consent> ask_consent(context& c, const std::string& id, std::optional<int64_t> for_us) {
  auto text = ask_approval_text(c, id, for_us);
  if (!text) return std::unexpected(std::move(text.error()));
  // With --key somebody may sign who is not the caller.
  if (!text->not_yours.empty() && !(text->is_signed && c.given.has("--key")))
    return refuse(exit_code::not_allowed, text->not_yours, "grantctl requests");
  std::optional<signing_key> key;
  if (text->is_signed) {
    auto found = find_key(c, id, c.given.get("--key"), text->keys, c.given.has("--forwarded-agent"));
    if (!found) return std::unexpected(std::move(found.error()));
    key = std::move(*found);
  }
  auto yes =
      confirm(c, between_rules(text->text),
              key ? fmt::format("Sign this as {}?", key->shown) : "Approve this?", c.given.has("--yes"));
  if (!yes) {
    if (yes.error().code == exit_code::usage) yes.error().help = fmt::format("grantctl approve {} --yes", id);
    return std::unexpected(std::move(yes.error()));
  }
  if (!*yes) return consent{};
  if (!key) return consent{true, {}};
  auto armour = sign(*key, text->text, c);
  if (!armour) return std::unexpected(std::move(armour.error()));
  return consent{true, std::move(*armour)};
}

result<exit_code> report(const value& answer, context& c) {
  problem bad;
  auto r = read_request(fields(answer, bad).object("request"));
  if (bad) return bad.refuse();
  if (!r) return std::unexpected(std::move(r.error()));
  const value* opened = answer.find("grant");
  if (c.opts.json) {
    c.print_document(answer);
  } else if (opened != nullptr && !opened->null()) {
    auto g = read_grant(*opened);
    if (!g) return std::unexpected(std::move(g.error()));
    c.out.data(
        paint(fmt::format("{}: approved; {}: {}", r->id, g->state, grant_line(*g, c)), colour::plain, false) +
        "\n");
  } else {
    c.out.data(paint(fmt::format("{}: approved; {}", r->id, outcome_text(*r)), colour::plain, false) + "\n");
  }
  return exit_code::done;
}

result<exit_code> run(context& c) {
  auto w = parse_window(c.given.get("--for"), {}, {}, c.here.now(), c.here.local);
  if (!w) return refuse(exit_code::usage, w.error(), "grantctl approve --help");
  if (w->until)
    return refuse(exit_code::usage,
                  "--for of an approval is a duration: how long it may be open, whenever it opens",
                  "grantctl approve --help");
  if (c.given.has("--signature") && c.given.has("--key")) {
    return refuse(exit_code::usage, "--signature brings one, --key makes one; give one of them",
                  "grantctl approve --help");
  }
  std::string id = c.given.get("id");
  value parameters;
  parameters.set("id", id);
  if (w->for_us) parameters.set("for_us", *w->for_us);
  if (c.given.has("--signature")) {
    auto armour = read_file(c.given.get("--signature"), max_signature, c.here.in);
    if (!armour) return refuse(exit_code::usage, armour.error(), "grantctl approve --help");
    parameters.set("signature", std::move(*armour));
  } else {
    auto consent = ask_consent(c, id, w->for_us);
    if (!consent) return std::unexpected(std::move(consent.error()));
    if (!consent->given) {
      return refuse(exit_code::no, fmt::format("nothing was approved: you did not say yes to {}", id),
                    fmt::format("grantctl deny {} --reason \"...\"", id));
    }
    if (!consent->signature.empty()) parameters.set("signature", std::move(consent->signature));
  }
  auto answer = c.ask("Approve", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return report(*answer, c);
}

}  // namespace

const command approve_command{
    "approve",
    "approve a request with your ssh key",
    "Shows the text, asks, and signs it with `ssh-keygen -Y sign -n approve@grantd`: agents and\n"
    "security keys work. Where the rule wants no signature your account is enough. The key is one\n"
    "that is enrolled for you and is in the agent, or is ~/.ssh/id_ed25519 or ~/.ssh/id_ed25519_sk.\n"
    "An agent whose socket an sshd listens on is forwarded (ssh -A): root of this machine could use\n"
    "it, so it is used only with --forwarded-agent; where the listener cannot be seen, any agent in\n"
    "an ssh session counts as forwarded. A private key in a file is used without the agent then.\n"
    "Exit code 4: you are no approver of it. 2: no terminal to ask on, and no --yes.",
    "  grantctl approve r-7k2m\n  grantctl approve r-7k2m --for 30m\n"
    "  grantctl --host ssh://ask@db1 approve r-7k2m\n"
    "  grantctl show r-7k2m --bytes | ssh-keygen -Y sign -n approve@grantd -f KEY |\n"
    "    grantctl approve r-7k2m --signature -",
    takes,
    run};

}  // namespace grantd::cli
