// SPDX-License-Identifier: Apache-2.0
// grantctl show: one grant with everything that is known of it.
#include <fmt/format.h>

#include "base/duration.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {{argument::kind::positional, "id", "ID", "g-7k2m", true}};

result<exit_code> run(context& c) {
  value parameters;
  parameters.set("id", c.given.get("id"));
  auto answer = c.ask("Show", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  auto g = read_grant(fields(*answer, bad).object("grant"));
  if (bad) return bad.refuse();
  if (!g) return std::unexpected(std::move(g.error()));
  if (c.opts.json) {
    c.print_document(*answer);
    return exit_code::done;
  }
  auto line = [&](std::string_view label, std::string_view text) {
    if (!text.empty()) c.out.data(fmt::format("{:<13} {}\n", label, paint(text, colour::plain, false)));
  };
  line("id", g->id);
  line("person", g->person);
  line("resource", g->resource);
  line("access", g->access);
  line("state", g->state);
  line("from", c.time_text(g->not_before_us));
  line("until", c.time_text(g->not_after_us));
  if (g->state == "open") line("left", base::print_duration(g->left_us).view());
  line("login points", joined(g->login_points));
  line("made", g->made_us == 0 ? "" : fmt::format("{}, by {}", c.time_text(g->made_us), g->made_by));
  line("reason", g->reason);
  if (g->ended_us) line("ended", fmt::format("{}, by {}", c.time_text(*g->ended_us), g->ended_by));
  line("because", g->ended_reason);
  return exit_code::done;
}

}  // namespace

const command show_command{
    "show", "show one grant", "", "  grantctl show g-7k2m\n  grantctl show g-7k2m -o json", takes, run};

}  // namespace grantd::cli
