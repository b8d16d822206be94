// SPDX-License-Identifier: Apache-2.0
// grantctl cancel: takes back an own request that still waits.
#include "cli/commands.h"
#include "cli/requests.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {{argument::kind::positional, "id", "ID", "r-7k2m", true}};

result<exit_code> run(context& c) {
  value parameters;
  parameters.set("id", c.given.get("id"));
  auto answer = c.ask("Cancel", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return print_request_answer(*answer, c);
}

}  // namespace

const command cancel_command{"cancel",
                             "take back a request of yours",
                             "What is open already is ended by give-back.",
                             "  grantctl cancel r-7k2m",
                             takes,
                             run};

}  // namespace grantd::cli
