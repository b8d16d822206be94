// SPDX-License-Identifier: Apache-2.0
// grantctl review: signs off a break-glass grant of somebody else.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "id", "GRANT", "the break-glass grant: g-7k2m", true},
    {argument::kind::option, "--note", "TEXT", "what you found; kept in the audit"},
};

result<exit_code> run(context& c) {
  value parameters;
  parameters.set("id", c.given.get("id"));
  if (c.given.has("--note")) parameters.set("note", c.given.get("--note"));
  auto answer = c.ask("Review", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  auto g = read_grant(fields(*answer, bad).object("grant"));
  if (bad) return bad.refuse();
  if (!g) return std::unexpected(std::move(g.error()));
  if (c.opts.json) {
    c.print_document(*answer);
  } else {
    c.out.data(
        paint(fmt::format("{}; signed off by {}", grant_line(*g, c), g->reviewed_by), colour::plain, false) +
        "\n");
  }
  return exit_code::done;
}

}  // namespace

const command review_command{
    "review",
    "sign off a break-glass grant",
    "For those named in its rule's notify, and the right grant; never for the one who used it.\n"
    "Until then it is shown in red as BREAK-GLASS. It ends nothing: that is grantctl revoke.",
    "  grantctl review g-7k2m --note \"OPS-12, restarted the shop, nothing else\"",
    takes,
    run};

}  // namespace grantd::cli
