// SPDX-License-Identifier: Apache-2.0
// grantctl lock: shuts a person, a resource or everybody out for a time, whatever the grants say.
#include <fmt/format.h>

#include "base/duration.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/locks.h"
#include "cli/table.h"
#include "cli/text.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "name", "NAME", "a person or a resource of the policy"},
    {argument::kind::option, "--person", "PERSON", "the person, where a resource has the same name"},
    {argument::kind::option, "--resource", "RESOURCE", "the resource, where a person has the same name"},
    {argument::kind::flag, "--all", "", "everybody"},
    {argument::kind::option, "--for", "DURATION", "how long: 90m, 1h30m; a lock ends by itself"},
    {argument::kind::option, "--message", "TEXT", "what those shut out are told; at most 80 bytes"},
};

// All that is missing, said at once; the parser would stop at the first.
std::string missing_of(const arguments& given) {
  std::vector<std::string> all;
  if (!given.has("name") && !given.has("--person") && !given.has("--resource") && !given.has("--all"))
    all.emplace_back("NAME (or --person, --resource or --all)");
  if (!given.has("--for")) all.emplace_back("--for DURATION");
  if (!given.has("--message")) all.emplace_back("--message TEXT");
  return all_of(all);
}

result<exit_code> run(context& c) {
  if (std::string missing = missing_of(c.given); !missing.empty()) {
    return refuse(exit_code::usage, fmt::format("lock needs {}, too", missing), "grantctl lock --help");
  }
  auto parameters = named_subject(c, "lock", false);
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  auto for_us = base::parse_duration_us(c.given.get("--for"));
  if (!for_us) {
    return refuse(exit_code::usage, fmt::format("--for {} is no duration: 90m, 1h30m", c.given.get("--for")),
                  "grantctl lock --help");
  }
  parameters->set("for_us", *for_us);
  parameters->set("message", c.given.get("--message"));
  auto answer = c.ask("Lock", std::move(*parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  auto l = read_lock(fields(*answer, bad).object("lock"));
  if (bad) return bad.refuse();
  if (!l) return std::unexpected(std::move(l.error()));
  if (c.opts.json) {
    c.print_document(*answer);
    return exit_code::done;
  }
  c.out.data(paint(lock_line(*l, c), colour::plain, false) + "\n");
  if (l->covers) {
    c.out.say(fmt::format("{} open {} on beneath it; who is inside is put out now", *l->covers,
                          *l->covers == 1 ? "grant goes" : "grants go"));
  }
  return exit_code::done;
}

}  // namespace

const command lock_command{
    "lock",
    "shut a person, a resource or everybody out, whatever the grants say",
    "Needs the right grant, or root. Ends every matching session at once and refuses new ones\n"
    "until the time is up or `grantctl unlock`. Grants go on beneath it. Service and break-glass\n"
    "accounts, which their login point lists, are not touched. 5: in force, but not yet on disk;\n"
    "grantd goes on trying.",
    "  grantctl lock alice --for 2h --message \"laptop stolen, ask security\"\n"
    "  grantctl lock orders-db --for 30m --message \"restore under way\"\n"
    "  grantctl lock --all --for 1h --message \"incident 4711\"",
    takes,
    run,
    false,
    "NAME | --person PERSON | --resource RESOURCE | --all --for DURATION --message TEXT"};

}  // namespace grantd::cli
