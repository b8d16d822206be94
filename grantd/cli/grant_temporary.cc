// SPDX-License-Identifier: Apache-2.0
// grantctl admin users grant-temporary: the words that shops coming from strongDM have in their bots. Opens
// nothing that request or grant would not; done (0) means open, never "asked".
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/grants.h"
#include "cli/requests.h"

namespace grantd::cli {
namespace {

constexpr std::string_view duration_option = "-d,--duration";
constexpr argument takes[] = {
    {argument::kind::positional, "resource", "RESOURCE", "a resource of the policy", true},
    {argument::kind::positional, "email", "EMAIL", "the e-mail of a person of the policy", true},
    {argument::kind::option, duration_option, "DURATION", "1h, 90m; else the resource's default"},
    {argument::kind::option, "--reason", "TEXT", "why, where a rule wants a reason"},
};

// "1 hour 30 minutes": what is posted to a chat.
std::string in_words(int64_t us) {
  constexpr struct {
    int64_t seconds;
    std::string_view word;
  } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
  int64_t left = us / base::us_per_s;
  std::string text;
  for (const auto& u : units) {
    if (int64_t n = left / u.seconds; n > 0)
      text += fmt::format("{}{} {}{}", text.empty() ? "" : " ", n, u.word, n == 1 ? "" : "s");
    left %= u.seconds;
  }
  return text;
}

// A relay asks in the person's name, by the rules; whoever has the right grants.
result<value> ask_for(context& c, bool through_relay, value parameters) {
  const std::string email = c.given.get("email");
  if (!through_relay) {
    parameters.set("person", email);
    return c.ask("Grant", std::move(parameters));
  }
  auto own = c.connect();  // OnBehalf comes first on a connection
  if (!own) return std::unexpected(std::move(own.error()));
  value who;
  who.set("email", email);
  if (auto known = own->call("OnBehalf", std::move(who)); !known)
    return std::unexpected(std::move(known.error()));
  return own->call("Request", std::move(parameters));
}

result<exit_code> run(context& c) {
  auto w = parse_window(c.given.get(duration_option), {}, {}, c.here.now(), c.here.local);
  if (!w) return refuse(exit_code::usage, w.error());
  if (w->until) return refuse(exit_code::usage, "a duration is needed, like 1h");
  auto status = c.ask("Status");
  if (!status) return std::unexpected(std::move(status.error()));
  problem bad;
  const bool through_relay = fields(*status, bad).maybe_text("relay").has_value();
  value parameters;
  parameters.set("resource", c.given.get("resource"));
  if (w->for_us) parameters.set("for_us", *w->for_us);
  if (c.given.has("--reason")) parameters.set("reason", c.given.get("--reason"));
  auto answer = ask_for(c, through_relay, std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  fields f(*answer, bad);
  if (answer->find("grant") == nullptr) {
    auto r = read_request(f.object("request"));
    if (bad) return bad.refuse();
    if (!r) return std::unexpected(std::move(r.error()));
    return refuse(exit_code::no, fmt::format("{}: asked, not open yet: {}", r->id, outcome_text(*r)),
                  fmt::format("grantctl approve {}, by one of them", r->id));
  }
  auto g = read_grant(f.object("grant"));
  auto warning = f.maybe_text("warning");
  if (bad) return bad.refuse();
  if (!g) return std::unexpected(std::move(g.error()));
  if (g->state == "opening")
    return refuse(exit_code::no,
                  fmt::format("{}: granted, and opens when the role {} is given", g->id, g->member_of),
                  fmt::format("grantctl show {}", g->id));
  if (c.opts.json) {
    c.print_document(*answer);
  } else {
    const int64_t us = g->first_use_us.value_or(g->not_after_us - g->not_before_us);
    c.out.data(
        fmt::format("Granting {} access to '{}' for {}\n", c.given.get("email"), g->resource, in_words(us)));
    if (warning) c.out.say(*warning);
  }
  return exit_code::done;
}

}  // namespace

const command grant_temporary_command{
    "admin users grant-temporary",
    "give a person a window, in strongDM's words",
    "For bots written for strongDM: only the program's name changes. A relay of the policy asks for\n"
    "the person, as its rule lets it; root, and people with the right grant, grant. Exit code 0: it\n"
    "is open. 1: refused, or asked and waiting for approvals; the reason is on standard error.",
    "  grantctl admin users grant-temporary -d 1h orders-db alice@example.com",
    takes,
    run,
    false,
    "[-d DURATION] [--reason TEXT] RESOURCE EMAIL"};

}  // namespace grantd::cli
