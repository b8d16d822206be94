// SPDX-License-Identifier: Apache-2.0
// grantctl watch: changes as they happen, one line each, until interrupted.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"

namespace grantd::cli {
namespace {

result<exit_code> run(context& c) {
  auto api = c.api();
  if (!api) return std::unexpected(std::move(api.error()));
  auto done = (*api)->stream("Watch", {}, [&](const value& parameters) -> result<bool> {
    if (parameters.find("event") == nullptr) return true;  // the first answer may only say that it has begun
    problem bad;
    fields f(parameters, bad);
    std::string event = f.text("event");
    const value* of = parameters.find("grant");
    std::string words;
    if (of != nullptr && !of->null()) {
      auto g = read_grant(*of);
      if (!g) return std::unexpected(std::move(g.error()));
      words = grant_line(*g, c);
    }
    if (bad) return bad.refuse();
    if (c.opts.json) {
      c.print_document(parameters);
    } else {
      c.out.data(
          paint(fmt::format("{} {} {}", c.time_text(c.here.now().us), event, words), colour::plain, false) +
          "\n");
    }
    return !c.out.gone() && c.out.error() == 0;
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return exit_code::done;
}

}  // namespace

const command watch_command{"watch",
                            "changes as they happen",
                            "Runs until interrupted. With -o json: one document a line.",
                            "  grantctl watch\n  grantctl watch -o json | jq --unbuffered .event",
                            {},
                            run};

}  // namespace grantd::cli
