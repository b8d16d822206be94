// SPDX-License-Identifier: Apache-2.0
// grantctl give-back: ends the caller's own windows, and with them the sessions inside.
#include "cli/commands.h"
#include "cli/grants.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "id", "ID", "one grant; without it all of your own"},
};

result<exit_code> run(context& c) {
  value parameters;
  if (c.given.has("id")) parameters.set("id", c.given.get("id"));
  auto answer = c.ask("GiveBack", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return print_ended(*answer, "you have no open grant: nothing to give back", c);
}

}  // namespace

const command give_back_command{
    "give-back",
    "end your own windows, when the work is done",
    "Sessions that no other window covers are ended at once, the one you type this in too.",
    "  grantctl give-back\n  grantctl give-back g-7k2m",
    takes,
    run};

}  // namespace grantd::cli
