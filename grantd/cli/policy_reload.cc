// SPDX-License-Identifier: Apache-2.0
// grantctl policy reload: has grantd read its policy again; or says beforehand whom that would put out.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"
#include "cli/requests.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::flag, "--dry-run", "", "change nothing; only say what would end"},
};

result<exit_code> run(context& c) {
  bool dry = c.given.has("--dry-run");
  value parameters;
  if (dry) parameters.set("dry_run", true);
  auto answer = c.ask("ReloadPolicy", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  fields f(*answer, bad);
  bool ok = f.boolean("ok");
  std::string message = f.maybe_text("message").value_or("");
  std::vector<grant> ends;
  std::vector<access_request> lapses;
  if (answer->find("ends") != nullptr) {
    for (const value& v : f.items("ends")) {
      auto g = read_grant(v);
      if (!g) return std::unexpected(std::move(g.error()));
      ends.push_back(std::move(*g));
    }
  }
  if (answer->find("lapses") != nullptr) {
    for (const value& v : f.items("lapses")) {
      auto r = read_request(v);
      if (!r) return std::unexpected(std::move(r.error()));
      lapses.push_back(std::move(*r));
    }
  }
  if (bad) return bad.refuse();
  if (c.opts.json) c.print_document(*answer);
  if (!ok) {
    if (!message.empty()) c.out.say_lines(message);
    return refuse(exit_code::no, "this policy cannot be taken over, the old one stays in force", "grantd -t");
  }
  if (c.opts.json) return exit_code::done;
  for (const grant& g : ends) {
    c.out.data(paint(fmt::format("{} {}", dry ? "would end" : "ended", grant_line(g, c)), colour::bad,
                     c.out.colours()) +
               "\n");
  }
  for (const access_request& r : lapses) {
    c.out.data(paint(fmt::format("{} {}", dry ? "would lapse" : "lapsed", request_line(r, c)), colour::plain,
                     false) +
               "\n");
  }
  if (ends.empty() && lapses.empty()) {
    c.out.data(dry ? "no grant would end and no request lapse\n"
                   : "in force: no grant ended and no request lapsed\n");
  } else if (dry) {
    c.out.help("grantctl policy reload");
  }
  return exit_code::done;
}

}  // namespace

const command policy_reload_command{
    "policy reload",
    "put the policy files in force; --dry-run: say first what would end",
    "Root only. A policy with mistakes changes nothing: the old one stays in force. Grants whose\n"
    "right a valid policy took away end at once, and requests that no rule allows any more lapse.\n"
    "Exit code 1: mistakes.",
    "  grantctl policy reload --dry-run\n  grantctl policy reload",
    takes,
    run};

}  // namespace grantd::cli
