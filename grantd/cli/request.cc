// SPDX-License-Identifier: Apache-2.0
// grantctl request: asks for a window, and can wait for the answer. Times become UTC here; grantd decides.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/text.h"
#include "cli/wait.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "resource", "RESOURCE", "what you need", true},
    {argument::kind::option, "--for", "DURATION", "90m, 1h30m, \"until 17:30\"; else the resource's default"},
    {argument::kind::option, "--reason", "TEXT", "why; approvers read it, and it is kept in the audit"},
    {argument::kind::option, "--role", "ROLE", "only this database role"},
    {argument::kind::flag, "--read-only", "", "for reading: as it is without --read-write"},
    {argument::kind::flag, "--read-write", "", "more than reading"},
    {argument::kind::option, "--at", "TIME", "the start, if not at approval: \"2026-11-23 09:00\""},
    {argument::kind::flag, "--break-glass", "",
     "open at once in an emergency; needs --reason, tells everybody"},
    {argument::kind::flag, "--wait", "", "until it is open (0) or there is an answer (1)"},
};

result<exit_code> run(context& c) {
  auto w = parse_window(c.given.get("--for"), {}, c.given.get("--at"), c.here.now(), c.here.local, "--at");
  if (!w) return refuse(exit_code::usage, w.error(), "grantctl request --help");
  std::string resource = c.given.get("resource");
  const bool writes = c.given.has("--read-write");
  if (writes && c.given.has("--read-only")) {
    return refuse(exit_code::usage, "--read-only and --read-write exclude each other",
                  "grantctl request --help");
  }
  bool break_glass = c.given.has("--break-glass");
  if (break_glass && !c.given.has("--reason")) {
    return refuse(
        exit_code::usage,
        "--break-glass needs --reason: those who are told will ask, and one of them has to sign it off",
        fmt::format("grantctl request {} --break-glass{} --reason \"...\"", shell_word(resource),
                    writes ? " --read-write" : ""));
  }
  value parameters;
  parameters.set("resource", resource);
  if (w->until) parameters.set("until_us", w->until->us);
  if (w->for_us) parameters.set("for_us", *w->for_us);
  if (c.given.has("--reason")) parameters.set("reason", c.given.get("--reason"));
  if (c.given.has("--role")) parameters.set("role", c.given.get("--role"));
  if (writes) parameters.set("read_write", true);
  if (w->from) parameters.set("from_us", w->from->us);
  if (break_glass) parameters.set("break_glass", true);
  auto answer = c.ask("Request", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return report_asked(*answer, c.given.has("--wait"), c);
}

}  // namespace

const command request_command{
    "request",
    "ask for a window",
    "Where a rule lets you in by yourself it opens at once; else it waits for approvals, and ends\n"
    "by itself when nobody answers. A time without an offset is in your own time zone.\n"
    "Read-only unless --read-write. With --wait: exit code 0: open; 1: denied, lapsed or\n"
    "cancelled, with the reason; 3: grantd stayed away for a minute. Interrupted, the request\n"
    "goes on waiting: grantctl cancel takes it back.\n"
    "--break-glass: at once, without approval, where a rule allows it. Everybody named in the\n"
    "rule is told, and the grant is shown in red until one of them has signed it off.",
    "  grantctl request orders-db --for 1h --reason \"ticket 4711\" --wait\n"
    "  grantctl request orders-db --read-write --role app --for \"until 17:30\"\n"
    "  grantctl request web --at \"tomorrow 09:00\" --for 4h\n"
    "  grantctl request orders-db --break-glass --reason \"shop is down, OPS-12\"",
    takes,
    run};

}  // namespace grantd::cli
