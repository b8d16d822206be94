// SPDX-License-Identifier: Apache-2.0
// grantctl watch: changes as they happen, one line each, until interrupted.
#include <fmt/format.h>

#include <cstring>

#include "cli/child.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"
#include "cli/requests.h"
#include "cli/times.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::option, "--run", "COMMAND",
     "for each event, through /bin/sh, with its document on stdin"},
};

// One at a time: the next event waits. A command that fails is said, and the watch goes on.
void run_hook(const value& event, context& c) {
  std::string document = print_json(with_times(event)) + "\n";
  program p{{"/bin/sh", "-c", c.given.get("--run")}, document, {}, c.here.out, c.here.err};
  auto done = run_program(p);
  if (!done) {
    c.out.say(fmt::format("--run could not be started: {}", std::strerror(done.error())));
  } else if (done->status != 0) {
    c.out.say(
        fmt::format("--run ended with {} for {}", done->status, document.substr(0, document.size() - 1)));
  }
}

struct event_words {
  std::string text;
  bool loud = false;
};

result<event_words> words_of(const value& parameters, const context& c) {
  event_words w;
  const value* r = parameters.find("request");
  if (r != nullptr && !r->null()) {
    auto request = read_request(*r);
    if (!request) return std::unexpected(std::move(request.error()));
    w.text = request_line(*request, c);
    w.loud = request->break_glass;
  }
  const value* of = parameters.find("grant");
  if (of != nullptr && !of->null()) {
    auto g = read_grant(*of);
    if (!g) return std::unexpected(std::move(g.error()));
    w.text += (w.text.empty() ? "" : "; ") + grant_line(*g, c);
    w.loud = g->flagged();
  }
  return w;
}

result<exit_code> run(context& c) {
  auto api = c.api();
  if (!api) return std::unexpected(std::move(api.error()));
  auto done = (*api)->stream("Watch", {}, [&](const value& parameters) -> result<bool> {
    if (parameters.find("event") == nullptr) return true;  // the first answer may only say that it has begun
    problem bad;
    std::string event = fields(parameters, bad).text("event");
    if (bad) return bad.refuse();
    auto words = words_of(parameters, c);
    if (!words) return std::unexpected(std::move(words.error()));
    if (c.opts.json) {
      c.print_document(parameters);
    } else {
      c.out.data(paint(fmt::format("{} {} {}", c.time_text(c.here.now().us), event, words->text),
                       words->loud ? colour::bad : colour::plain, c.out.colours()) +
                 "\n");
    }
    if (c.given.has("--run")) run_hook(parameters, c);
    return !c.out.gone() && c.out.error() == 0;
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return exit_code::done;
}

}  // namespace

const command watch_command{
    "watch",
    "changes as they happen",
    "Runs until interrupted. With -o json: one document a line, the same that --run's command gets.\n"
    "Commands of --run come one after the other; one that fails is said, and the watch goes on.",
    "  grantctl watch\n  grantctl watch -o json | jq --unbuffered .event\n"
    "  grantctl watch --run 'jq -r .event | mail -s grantd dba@example.org'",
    takes,
    run};

}  // namespace grantd::cli
