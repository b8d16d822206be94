// SPDX-License-Identifier: Apache-2.0
// grantctl request: says who opens windows for now, and with which command. Changes nothing.
#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "cli/commands.h"
#include "cli/explanation.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/text.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "resource", "RESOURCE", "what you need", true},
    {argument::kind::option, "--for", "DURATION", "how long: 90m, 1h30m; else the resource's default"},
    {argument::kind::option, "--reason", "TEXT", "why"},
};

struct grantors {
  std::vector<std::string> names;  // without the caller
  bool caller_too = false;
};

// Who has the right to grant, as far as the caller may see it. What cannot be seen is no refusal.
grantors ask_grantors(context& c, const std::string& caller) {
  grantors found;
  auto answer = c.ask("People");
  if (!answer) return found;
  problem bad;
  for (const value& v : fields(*answer, bad).items("people")) {
    fields p(v, bad);
    std::string name = p.text("name");
    std::vector<std::string> rights = p.maybe_texts("rights");
    if (std::find(rights.begin(), rights.end(), "grant") == rights.end()) continue;
    if (name == caller) {
      found.caller_too = true;
    } else {
      found.names.push_back(name);
    }
  }
  return found;
}

result<exit_code> run(context& c) {
  auto w = parse_window(c.given.get("--for"), {}, {}, c.here.now(), c.here.local);
  if (!w) return refuse(exit_code::usage, w.error(), "grantctl request --help");
  auto caller = c.caller();
  if (!caller) return std::unexpected(std::move(caller.error()));
  std::string resource = c.given.get("resource");
  auto e = ask_explanation(c, *caller, resource);
  if (!e) return std::unexpected(std::move(e.error()));
  if (e->allowed) {
    if (c.opts.json) {
      c.print_document(e->document);
    } else {
      c.out.data(
          paint(fmt::format("you are let into {} {}", resource, until_text(*e, c)), colour::plain, false) +
          "\n");
    }
    return exit_code::done;
  }
  if (c.opts.json) c.print_document(e->document);
  // A grant helps only where the daemon says so: not for want of an account, a right clock, an unlocked
  // store.
  std::string open_it = fmt::format("grantctl grant {} {}", shell_word(*caller), shell_word(resource));
  if (!e->help.empty() && !e->help.starts_with(open_it)) return refuse(exit_code::no, e->why, e->help);
  std::string help = c.given.has("--for") || e->help.empty() ? open_it : e->help;
  if (c.given.has("--for")) help += fmt::format(" --for {}", shell_word(c.given.get("--for")));
  if (c.given.has("--reason")) help += fmt::format(" --reason {}", shell_word(c.given.get("--reason")));
  grantors who = ask_grantors(c, *caller);
  std::string message =
      fmt::format("{}. ", e->why.empty() ? fmt::format("no window is open for you on {}", resource) : e->why);
  if (message.ends_with(".. ")) message.erase(message.size() - 2, 1);
  if (who.caller_too) {
    message += "Windows are opened by people for now, and you are one who may";
  } else if (who.names.empty()) {
    message += "Windows are opened by people for now: ask one who has the right grant, or root";
  } else {
    message += fmt::format("Windows are opened by people for now: ask {}", joined(who.names));
  }
  return refuse(exit_code::no, message, help);
}

}  // namespace

const command request_command{
    "request",
    "ask for a window: says who opens it, and with which command",
    "Requests and approvals come in a later release; until then people with the right grant\n"
    "open windows. Exit code 0: you are inside one already. 1: not.",
    "  grantctl request orders-db --for 1h --reason \"ticket 4711\"",
    takes,
    run};

}  // namespace grantd::cli
