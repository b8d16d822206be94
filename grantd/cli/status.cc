// SPDX-License-Identifier: Apache-2.0
// grantctl status: what the caller may reach now, and how grantd is.
#include <fmt/format.h>

#include "base/duration.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"
#include "cli/locks.h"
#include "cli/requests.h"

namespace grantd::cli {
namespace {

// Roles of other systems that are not as grants want them; only those who see are told.
void say_memberships(const value& daemon, problem& bad, output& out) {
  if (daemon.find("memberships") == nullptr) return;
  for (const value& v : fields(daemon, bad).items("memberships")) {
    fields f(v, bad);
    const std::string state = f.text("state");
    const std::string error = f.maybe_text("error").value_or("");
    const bool left = state == "leftover";
    out.say(fmt::format("{}{}: {} {} a member of {}{}{}", left ? "LEFT OVER: " : "", f.text("system"),
                        f.text("account"),
                        left                 ? "may still be"
                        : state == "closing" ? "is to be no longer"
                                             : "is to be",
                        f.text("role"), error.empty() ? "" : ": ", error));
  }
}

void say_what_is_wrong(const value& daemon, problem& bad, output& out) {
  fields d(daemon, bad);
  if (auto locked = d.maybe_text("locked")) {
    out.say(fmt::format("grantd is locked, nobody is let in: {}", *locked));
    out.help("grantctl store");
  }
  if (d.boolean("clock_behind")) {
    out.say("the clock is behind what grantd has seen before: it opens nothing until the clock is right");
    out.help("grantctl clock");
  }
  if (auto error = d.maybe_text("policy_error")) {
    out.say_lines(fmt::format("the policy file is not in force: {}", *error));
    out.help("grantd -t");
  }
  if (auto error = d.maybe_text("table_error"))
    out.say(fmt::format("the window table cannot be written: {}", *error));
  if (int64_t n = d.maybe_integer("not_durable").value_or(0); n > 0) {
    out.say(fmt::format("{} changes are in force but not yet on disk; grantd goes on trying", n));
  }
  if (int64_t n = d.maybe_integer("leftovers").value_or(0); n > 0) {
    out.say(fmt::format("left over: {} sessions should be gone and are not", n));
    out.help("grantctl sessions");
  }
  if (auto trouble = d.maybe_text("provision")) {
    out.say(*trouble);
    out.help("systemctl status grantd-provision");
  }
  say_memberships(daemon, bad, out);
}

// Break-glass that nobody has signed off: what is the caller's to do by name, of the others how many.
void print_unreviewed(const std::vector<grant>& mine, int64_t in_all, context& c) {
  auto loud = [&](const std::string& text) {
    c.out.data(paint("BREAK-GLASS: " + text, colour::bad, c.out.colours()) + "\n");
  };
  for (const grant& g : mine)
    loud(fmt::format("{} of {} on {} is signed off by nobody: grantctl review {}", g.id, g.person, g.resource,
                     g.id));
  const int64_t more = in_all - static_cast<int64_t>(mine.size());
  if (more <= 0) return;
  loud(fmt::format("{}{} signed off by nobody: grantctl list --all", more,
                   mine.empty() ? (more == 1 ? " grant is" : " grants are") : " more are"));
}

// The caller's own requests, without the column that would say so.
void print_own(const std::vector<access_request>& requests, context& c) {
  table t({"REQUEST", "RESOURCE", "FOR", "OUTCOME", "LAPSES"});
  for (const access_request& r : requests) {
    t.add({{r.id},
           {r.resource, r.break_glass ? colour::bad : colour::plain},
           {length_text(r, c)},
           {outcome_text(r), r.state == "granted" ? colour::good
                             : r.pending()        ? colour::plain
                                                  : colour::bad},
           {r.pending() ? c.time_text(r.lapses_us) : ""}});
  }
  c.out.data(t.print(c.out.colours()));
}

result<exit_code> run(context& c) {
  auto answer = c.ask("Status");
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto grants = read_grants(*answer);
  if (!grants) return std::unexpected(std::move(grants.error()));
  result<std::vector<grant>> to_review;
  if (answer->find("to_review") != nullptr) to_review = read_grants(*answer, "to_review");
  if (!to_review) return std::unexpected(std::move(to_review.error()));
  auto locks = read_locks(*answer);
  if (!locks) return std::unexpected(std::move(locks.error()));
  auto requests = read_requests(*answer);
  if (!requests) return std::unexpected(std::move(requests.error()));
  problem bad;
  fields f(*answer, bad);
  int64_t to_approve = f.maybe_integer("to_approve").value_or(0);
  int64_t unreviewed = f.maybe_integer("unreviewed").value_or(0);
  auto person = f.maybe_text("person");
  const value& daemon = f.object("daemon");
  fields d(daemon, bad);
  std::string line =
      fmt::format("grantd {}, up since {}, sequence {}, {} windows", d.text("version"),
                  c.time_text(d.integer("started_us")), d.integer("sequence"), d.integer("windows"));
  (void)d.boolean("clock_behind");
  if (bad) return bad.refuse();
  if (c.opts.json) {
    c.print_document(*answer);
    return exit_code::done;
  }
  if (!person) {
    c.out.data("your account belongs to no person of the policy\n");
  } else if (grants->empty()) {
    c.out.data(
        paint(fmt::format("{}: no window, nothing is open to you now", *person), colour::plain, false) +
        "\n");
  } else {
    table t({"RESOURCE", "ACCESS", "STATE", "WINDOW", "ID"});
    for (const grant& g : *grants) {
      t.add({{g.resource},
             {g.access},
             g.state == "waiting" ? cell{g.state, colour::plain} : state_cell(g),
             {window_text(g, c)},
             {g.id}});
    }
    c.out.data(t.print(c.out.colours()));
  }
  if (!requests->empty()) print_own(*requests, c);
  if (to_approve > 0) {
    c.out.data(fmt::format("{} {} for you to approve: grantctl requests --to-approve\n", to_approve,
                           to_approve == 1 ? "request waits" : "requests wait"));
  }
  print_unreviewed(*to_review, unreviewed, c);
  c.out.data(paint(line, colour::faint, c.out.colours()) + "\n");
  for (const lock& l : *locks) c.out.say("locked: " + lock_line(l, c));
  if (!locks->empty()) c.out.help("grantctl locks");
  say_what_is_wrong(daemon, bad, c.out);
  return exit_code::done;
}

}  // namespace

const command status_command{"status", "what may I reach now, and until when; and is grantd well",
                             "",       "  grantctl status\n  grantctl --host ssh://ask@db1 status",
                             {},       run};

}  // namespace grantd::cli
