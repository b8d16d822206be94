// SPDX-License-Identifier: Apache-2.0
// grantctl deny: says no to somebody's request.
#include "cli/commands.h"
#include "cli/requests.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "id", "ID", "r-7k2m", true},
    {argument::kind::option, "--reason", "TEXT", "why; the one who asked reads it"},
};

result<exit_code> run(context& c) {
  value parameters;
  parameters.set("id", c.given.get("id"));
  if (c.given.has("--reason")) parameters.set("reason", c.given.get("--reason"));
  auto answer = c.ask("Deny", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return print_request_answer(*answer, c);
}

}  // namespace

const command deny_command{"deny",
                           "say no to a request",
                           "For those who may approve it, and the right grant. One no ends it.\n"
                           "Exit code 4: you are none of them.",
                           "  grantctl deny r-7k2m --reason \"use the replica\"",
                           takes,
                           run};

}  // namespace grantd::cli
