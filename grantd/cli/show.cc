// SPDX-License-Identifier: Apache-2.0
// grantctl show: one grant or request with everything that is known of it.
#include <fmt/format.h>

#include "base/duration.h"
#include "cli/approval_text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"
#include "cli/requests.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "id", "ID", "g-7k2m or r-7k2m", true},
    {argument::kind::flag, "--bytes", "", "of a request: exactly what an approver signs, and nothing else"},
};

void print_line(context& c, std::string_view label, std::string_view text, colour shade = colour::plain) {
  if (!text.empty()) c.out.data(fmt::format("{:<13} {}\n", label, paint(text, shade, c.out.colours())));
}

std::string start_text(const access_request& r, const context& c) {
  if (r.start_us) return c.time_text(*r.start_us);
  return r.first_use ? "at the first login" : "at approval";
}

void print_request(const access_request& r, context& c) {
  auto line = [&](std::string_view label, std::string_view text) { print_line(c, label, text); };
  line("id", r.id);
  line("person", r.person);
  line("resource", r.resource);
  line("role", r.role);
  line("access", r.access);
  if (r.break_glass) print_line(c, "break-glass", "BREAK-GLASS", colour::bad);
  line("for", base::print_duration_short(r.for_us).view());
  line("start", start_text(r, c));
  line("until", r.until_us ? c.time_text(*r.until_us) : "");
  line("extends", r.extends);
  line("reason", r.reason);
  line("state", fmt::format("{}{}", r.pending() ? "pending: " : "", outcome_text(r)));
  if (r.pending()) {
    line("lapses",
         fmt::format("{}, {} left", c.time_text(r.lapses_us), base::print_duration(r.left_us).view()));
  }
  line("rule", r.rule);
  line("made", r.made_us == 0 ? "" : fmt::format("{}, by {}", c.time_text(r.made_us), r.made_by));
  if (r.ended_us) line("ended", c.time_text(*r.ended_us));
  line("grant", r.grant);
  for (const approval& a : r.approvals) {
    line("approved", fmt::format("{}, by {}, for {}, {}", c.time_text(a.at_us), a.person,
                                 base::print_duration_short(a.for_us).view(),
                                 a.signature.empty() ? "not signed" : "signed"));
  }
}

result<exit_code> show_request(context& c) {
  value parameters;
  parameters.set("id", c.given.get("id"));
  if (c.given.has("--bytes")) {
    auto text = ask_approval_text(c, c.given.get("id"), {});
    if (!text) return std::unexpected(std::move(text.error()));
    c.out.data(text->text);
    return exit_code::done;
  }
  auto answer = c.ask("ShowRequest", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  auto r = read_request(fields(*answer, bad).object("request"));
  if (bad) return bad.refuse();
  if (!r) return std::unexpected(std::move(r.error()));
  if (c.opts.json) {
    c.print_document(*answer);
  } else {
    print_request(*r, c);
  }
  return exit_code::done;
}

result<exit_code> run(context& c) {
  std::string id = c.given.get("id");
  if (id.starts_with("r-") || id.starts_with("R-")) return show_request(c);
  if (c.given.has("--bytes")) {
    return refuse(exit_code::usage, fmt::format("\"{}\" is no request: only a request has bytes to sign", id),
                  "grantctl requests");
  }
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
  auto line = [&](std::string_view label, std::string_view text) { print_line(c, label, text); };
  line("id", g->id);
  line("person", g->person);
  line("resource", g->resource);
  line("access", g->access);
  print_line(c, "state", state_cell(*g).text, g->flagged() ? colour::bad : colour::plain);
  line("from", c.time_text(g->not_before_us));
  line("until", c.time_text(g->not_after_us));
  if (g->state == "open") line("left", base::print_duration(g->left_us).view());
  line("opening", g->opening);
  line("login points", joined(g->login_points));
  line("member of", g->member_of);
  line("made", g->made_us == 0 ? "" : fmt::format("{}, by {}", c.time_text(g->made_us), g->made_by));
  line("reason", g->reason);
  line("request", g->request);
  if (g->first_use_us)
    line("lasts", fmt::format("{} from the first login on", base::print_duration(*g->first_use_us).view()));
  if (g->break_glass) {
    print_line(c, "break-glass",
               g->flagged() ? fmt::format("BREAK-GLASS, not signed off: grantctl review {}", g->id)
                            : fmt::format("signed off by {}{}", g->reviewed_by,
                                          g->reviewed_us ? ", " + c.time_text(*g->reviewed_us) : ""),
               g->flagged() ? colour::bad : colour::plain);
  }
  if (g->ended_us) line("ended", fmt::format("{}, by {}", c.time_text(*g->ended_us), g->ended_by));
  line("because", g->ended_reason);
  return exit_code::done;
}

}  // namespace

const command show_command{
    "show",
    "show one grant or one request",
    "--bytes prints the text that an approver signs, byte by byte as grantd will check it.",
    "  grantctl show g-7k2m\n  grantctl show r-7k2m -o json\n"
    "  grantctl show r-7k2m --bytes | ssh-keygen -Y sign -n approve@grantd -f ~/.ssh/id_ed25519",
    takes,
    run};

}  // namespace grantd::cli
