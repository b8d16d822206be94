// SPDX-License-Identifier: Apache-2.0
// grantctl unlock: ends locks before their time. (The store's own lock is `grantctl store unlock`.)
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/locks.h"
#include "cli/table.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "name", "ID|NAME",
     "one lock: k-7k2m; or every lock of a person or a resource"},
    {argument::kind::option, "--person", "PERSON", "every lock of a person"},
    {argument::kind::option, "--resource", "RESOURCE", "every lock of a resource"},
    {argument::kind::flag, "--all", "", "every lock of everybody; those of one person or resource stay"},
};

result<exit_code> run(context& c) {
  auto parameters = named_subject(c, "unlock", true);
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  auto answer = c.ask("Unlock", std::move(*parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto locks = read_locks(*answer);
  if (!locks) return std::unexpected(std::move(locks.error()));
  if (c.opts.json) {
    c.print_document(*answer);
    return exit_code::done;
  }
  for (const lock& l : *locks)
    c.out.data(paint(fmt::format("{} {} unlocked", l.id, l.subject), colour::plain, false) + "\n");
  return exit_code::done;
}

}  // namespace

const command unlock_command{
    "unlock",
    "end a lock before its time",
    "Needs the right grant, or root. Grants whose window is still open let people in again; who was\n"
    "put out has to come back. Not the store's lock: that is `grantctl store unlock`.",
    "  grantctl unlock k-7k2m\n  grantctl unlock alice\n  grantctl unlock --all",
    takes,
    run,
    false,
    "ID | NAME | --person PERSON | --resource RESOURCE | --all"};

}  // namespace grantd::cli
