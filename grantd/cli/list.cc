// SPDX-License-Identifier: Apache-2.0
// grantctl list: grants, newest first.
#include "cli/commands.h"
#include "cli/grants.h"
#include "cli/known.h"
#include "cli/numbers.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::option, "--person", "PERSON", "only this person's"},
    {argument::kind::option, "--resource", "RESOURCE", "only those on this resource"},
    {argument::kind::flag, "--all", "", "ended ones, too"},
    {argument::kind::option, "--limit", "N", "at most so many"},
};

result<exit_code> run(context& c) {
  value parameters;
  if (c.given.has("--person")) parameters.set("person", c.given.get("--person"));
  if (c.given.has("--resource")) parameters.set("resource", c.given.get("--resource"));
  if (c.given.has("--all")) parameters.set("all", true);
  if (auto set = set_number(c, "--limit", "limit", parameters); !set)
    return std::unexpected(std::move(set.error()));
  auto answer = c.ask("List", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto grants = read_grants(*answer);
  if (!grants) return std::unexpected(std::move(grants.error()));
  if (grants->empty()) {
    if (auto known = known_names(c); !known) return std::unexpected(std::move(known.error()));
  }
  if (c.opts.json) {
    c.print_document(*answer);
  } else if (grants->empty()) {
    c.out.say(c.given.has("--all") ? "no grants" : "no open grants; ended ones: grantctl list --all");
  } else {
    c.out.data(grants_table(*grants, c));
  }
  return exit_code::done;
}

}  // namespace

const command list_command{"list",
                           "list grants",
                           "Without the right see or grant: your own.",
                           "  grantctl list\n"
                           "  grantctl list --person alice --all\n"
                           "  grantctl list -o json | jq -r '.grants[].id'",
                           takes,
                           run};

}  // namespace grantd::cli
