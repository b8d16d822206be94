// SPDX-License-Identifier: Apache-2.0
// grantctl grant: opens a window for a person. Times become UTC here; grantd decides.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"
#include "cli/length.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "person", "PERSON", "a person of the policy, or their e-mail", true},
    {argument::kind::positional, "resource", "RESOURCE", "a resource of the policy", true},
    {argument::kind::option, "--for", "DURATION", "90m, 1h30m, \"until 17:30\"; else the resource's default"},
    {argument::kind::option, "--until", "TIME", "the end instead: 17:30, \"tomorrow 09:00\""},
    {argument::kind::option, "--from", "TIME", "the start, if not now: \"2026-11-23 09:00\""},
    {argument::kind::flag, "--read-only", "", "for reading only, where the resource allows writing"},
    {argument::kind::option, "--reason", "TEXT", "why; kept in the audit"},
};

}  // namespace

result<int64_t> length_until(context& c, base::utc_time end, std::optional<base::utc_time> from) {
  if (from) return end.us - from->us;
  auto clock = c.ask("Clock");
  if (!clock) return std::unexpected(std::move(clock.error()));
  problem bad;
  int64_t there = fields(*clock, bad).integer("utc_us");
  if (bad) return bad.refuse();
  if (there < 0 || there >= end.us) {
    return refuse(exit_code::no,
                  fmt::format("it is {} for grantd already, the end would be past", c.time_text(there)),
                  "grantctl clock");
  }
  return end.us - there;
}

namespace {

result<exit_code> run(context& c) {
  auto w = parse_window(c.given.get("--for"), c.given.get("--until"), c.given.get("--from"), c.here.now(),
                        c.here.local);
  if (!w) return refuse(exit_code::usage, w.error(), "grantctl grant --help");
  value parameters;
  parameters.set("person", c.given.get("person"));
  parameters.set("resource", c.given.get("resource"));
  if (w->until) {
    auto us = length_until(c, *w->until, w->from);
    if (!us) return std::unexpected(std::move(us.error()));
    w->for_us = *us;
  }
  if (w->for_us) parameters.set("for_us", *w->for_us);
  if (w->from) parameters.set("from_us", w->from->us);
  if (c.given.has("--read-only")) parameters.set("read_only", true);
  if (c.given.has("--reason")) parameters.set("reason", c.given.get("--reason"));
  auto answer = c.ask("Grant", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  fields f(*answer, bad);
  auto g = read_grant(f.object("grant"));
  auto warning = f.maybe_text("warning");
  if (bad) return bad.refuse();
  if (!g) return std::unexpected(std::move(g.error()));
  if (c.opts.json) {
    c.print_document(*answer);
  } else {
    print_grant(*g, c);
    if (g->state == "opening") {
      c.out.say(fmt::format("{} opens when {} has the role {}", g->id, g->person, g->member_of));
      c.out.help(fmt::format("grantctl show {}", g->id));
    }
    if (warning) {
      c.out.say(*warning);
      c.out.help("grantctl locks");
    }
  }
  return exit_code::done;
}

}  // namespace

const command grant_command{
    "grant",
    "open a window: let a person into a resource for a time",
    "Needs the right grant, or root. Opens all that the resource allows (ACCESS of `grantctl\n"
    "resources`, often read-write), unless --read-only; `grantctl request` is the other way round.\n"
    "A time without an offset is in your own time zone.\n"
    "Extending is a new grant: an end never moves.",
    "  grantctl grant alice orders-db --for 1h --reason \"ticket 4711\"\n"
    "  grantctl grant alice orders-db --until 17:30 --read-only\n"
    "  grantctl grant bob@example.org web --from \"tomorrow 09:00\" --for 8h",
    takes,
    run};

}  // namespace grantd::cli
