// SPDX-License-Identifier: Apache-2.0
// grantctl revoke: ends windows before their time, by id, person or resource.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/grants.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "id", "ID", "one grant: g-7k2m"},
    {argument::kind::option, "--person", "PERSON", "every grant of a person"},
    {argument::kind::option, "--resource", "RESOURCE", "every grant on a resource"},
    {argument::kind::option, "--reason", "TEXT", "why; kept in the audit"},
};

result<exit_code> run(context& c) {
  int chosen = c.given.has("id") + c.given.has("--person") + c.given.has("--resource");
  if (chosen != 1) {
    return refuse(exit_code::usage, "revoke takes exactly one of ID, --person and --resource",
                  "grantctl list");
  }
  value parameters;
  if (c.given.has("id")) parameters.set("id", c.given.get("id"));
  if (c.given.has("--person")) parameters.set("person", c.given.get("--person"));
  if (c.given.has("--resource")) parameters.set("resource", c.given.get("--resource"));
  if (c.given.has("--reason")) parameters.set("reason", c.given.get("--reason"));
  auto answer = c.ask("Revoke", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return print_ended(*answer, "no grant was open: nothing to revoke", c);
}

}  // namespace

const command revoke_command{
    "revoke",
    "end windows at once",
    "Needs the right grant, or root. When grantctl returns 0, no login that starts later is\n"
    "let in by them, and live sessions that no other window covers are being ended.\n"
    "5: in force, but not yet on disk; grantd goes on trying.",
    "  grantctl revoke g-7k2m\n"
    "  grantctl revoke --person alice --reason \"left the team\"\n"
    "  grantctl revoke --resource orders-db",
    takes,
    run,
    false,
    "ID | --person PERSON | --resource RESOURCE [--reason TEXT]"};

}  // namespace grantd::cli
