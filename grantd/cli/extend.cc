// SPDX-License-Identifier: Apache-2.0
// grantctl extend: asks for more time on an own open grant; a request like any other.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/length.h"
#include "cli/wait.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "grant", "GRANT", "g-7k2m; without it your only open grant"},
    {argument::kind::option, "--for", "DURATION", "how much longer: 30m, \"until 18:30\"", true},
    {argument::kind::option, "--reason", "TEXT", "why"},
    {argument::kind::flag, "--wait", "", "until it is open (0) or there is an answer (1)"},
};

result<grant> own_grant(context& c) {
  std::string id = c.given.get("grant");
  auto answer = c.ask("Status");
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto grants = read_grants(*answer);
  if (!grants) return std::unexpected(std::move(grants.error()));
  std::vector<grant> open;
  for (grant& g : *grants) {
    if (g.state == "open" && (id.empty() || g.id == id)) open.push_back(std::move(g));
  }
  if (open.size() == 1) return std::move(open.front());
  if (!id.empty())
    return refuse(exit_code::no, fmt::format("{} is no open grant of yours", id), "grantctl status");
  if (open.empty())
    return refuse(exit_code::no, "you have no open grant to extend", "grantctl request RESOURCE");
  std::string which;
  for (const grant& g : open) which += fmt::format("{}{} ({})", which.empty() ? "" : ", ", g.id, g.resource);
  return refuse(exit_code::usage, fmt::format("you have several open grants: {}; say which", which),
                fmt::format("grantctl extend {} --for {}", open.front().id, c.given.get("--for")));
}

result<exit_code> run(context& c) {
  auto w = parse_window(c.given.get("--for"), {}, {}, c.here.now(), c.here.local);
  if (!w) return refuse(exit_code::usage, w.error(), "grantctl extend --help");
  value parameters;
  std::string id = c.given.get("grant");
  int64_t for_us = w->for_us.value_or(0);
  if (id.empty() || w->until) {  // else grantd knows it
    auto g = own_grant(c);
    if (!g) return std::unexpected(std::move(g.error()));
    id = g->id;
    if (w->until) for_us = whole_seconds(w->until->us - g->not_after_us);
    if (for_us <= 0) {
      return refuse(exit_code::usage, fmt::format("{} lasts {} already", g->id, window_text(*g, c)),
                    "grantctl status");
    }
  }
  parameters.set("extends", id);
  parameters.set("for_us", for_us);
  if (c.given.has("--reason")) parameters.set("reason", c.given.get("--reason"));
  auto answer = c.ask("Request", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return report_asked(*answer, c.given.has("--wait"), c);
}

}  // namespace

const command extend_command{
    "extend",
    "ask for more time on an open grant of yours",
    "A request like any other: the same rules, and approvals where they want them. A running\n"
    "session stays: its end moves. Exit codes as of request.",
    "  grantctl extend --for 30m --reason \"restore still runs\"\n  grantctl extend g-7k2m --for \"until "
    "18:30\"",
    takes,
    run};

}  // namespace grantd::cli
