// SPDX-License-Identifier: Apache-2.0
// grantctl clock: what grantd thinks of the time, and (root) accepting a step.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "action", "accept",
     "root: take the clock as it stands now, after a look at it"},
};

result<exit_code> run(context& c) {
  std::string action = c.given.get("action");
  if (!action.empty() && action != "accept") {
    return refuse(exit_code::usage, fmt::format("clock knows no \"{}\", only accept", action),
                  "grantctl clock --help");
  }
  auto answer = c.ask(action.empty() ? "Clock" : "AcceptClock");
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  fields f(*answer, bad);
  int64_t utc = f.integer("utc_us");
  int64_t high = f.integer("high_water_us");
  bool synchronised = f.boolean("synchronised");
  bool behind = f.boolean("behind");
  int64_t offset = f.integer("offset_us");
  if (bad) return bad.refuse();
  if (c.opts.json) {
    c.print_document(*answer);
  } else {
    c.out.data(fmt::format("grantd's clock   {}\nseen before      {}\nsynchronised     {}\n",
                           c.time_text(utc), c.time_text(high), synchronised ? "yes" : "no"));
    if (offset != 0) c.out.data(fmt::format("stepped by       {} s\n", static_cast<double>(offset) / 1e6));
  }
  if (behind) {
    return refuse(exit_code::no,
                  "the clock is behind what grantd has seen before: it opens nothing until the clock is "
                  "right, or root accepts it",
                  "grantctl clock accept");
  }
  return exit_code::done;
}

}  // namespace

const command clock_command{"clock",
                            "grantd's clock; accept it after a step",
                            "Exit code 1: the clock is behind, and grantd opens nothing.",
                            "  grantctl clock\n  grantctl clock accept",
                            takes,
                            run};

}  // namespace grantd::cli
