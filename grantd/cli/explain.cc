// SPDX-License-Identifier: Apache-2.0
// grantctl explain: would they get in now; if not, why, and the one command that changes it.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/explanation.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "person", "PERSON", "who; without it: you"},
    {argument::kind::positional, "resource", "RESOURCE", "what"},
};

result<exit_code> run(context& c) {
  std::string person = c.given.get("person");
  std::string resource = c.given.get("resource");
  if (person.empty()) return refuse(exit_code::usage, "RESOURCE is missing", "grantctl explain --help");
  if (resource.empty()) {
    resource = person;
    auto caller = c.caller();
    if (!caller) return std::unexpected(std::move(caller.error()));
    person = *caller;
  }
  auto e = ask_explanation(c, person, resource);
  if (!e) return std::unexpected(std::move(e.error()));
  exit_code code = e->allowed ? exit_code::done : exit_code::no;
  if (c.opts.json) {
    c.print_document(e->document);
    return code;
  }
  std::string until = until_text(*e, c);
  std::string verdict =
      e->allowed ? fmt::format("yes: {} gets into {}{}{}", person, resource, until.empty() ? "" : " ", until)
                 : fmt::format("no: {}", e->why);
  c.out.data(paint(verdict, e->allowed ? colour::good : colour::bad, c.out.colours()) + "\n");
  if (e->allowed && !e->why.empty()) c.out.data(paint(e->why, colour::plain, false) + "\n");
  table t({"LOGIN POINT", "ACCOUNT", "ROLE", "NOW", "REASON", "UNTIL"});
  for (const auto& p : e->points) {
    t.add({{p.login_point},
           {p.account},
           {p.role},
           {p.allowed ? "allow" : "deny", p.allowed ? colour::good : colour::bad},
           {p.reason},
           {p.until_us ? c.time_text(*p.until_us) : ""}});
  }
  if (!t.empty()) c.out.data(t.print(c.out.colours()));
  if (!e->allowed) c.out.help(e->help);
  return code;
}

}  // namespace

result<explanation> ask_explanation(context& c, const std::string& person, const std::string& resource) {
  value parameters;
  parameters.set("person", person);
  parameters.set("resource", resource);
  auto answer = c.ask("Explain", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  fields f(*answer, bad);
  explanation e;
  e.allowed = f.boolean("allowed");
  e.until_us = f.maybe_integer("until_us");
  e.left_us = f.maybe_integer("left_us").value_or(0);
  e.why = f.maybe_text("why").value_or("");
  e.help = f.maybe_text("help").value_or("");
  e.grant = f.maybe_text("grant").value_or("");
  for (const value& v : f.items("points")) {
    fields p(v, bad);
    explanation::point point;
    point.login_point = p.text("login_point");
    point.account = p.text("account");
    point.role = p.maybe_text("role").value_or("");
    point.allowed = p.boolean("allowed");
    point.reason = p.maybe_text("reason").value_or("");
    point.until_us = p.maybe_integer("until_us");
    e.points.push_back(std::move(point));
  }
  if (bad) return bad.refuse();
  e.document = std::move(*answer);
  return e;
}

std::string until_text(const explanation& e, const context& c) {
  if (!e.until_us) return {};
  return print_until({*e.until_us}, e.left_us, c.here.now(), c.here.local);
}

const command explain_command{"explain",
                              "would they get in now; if not, why not and what changes it",
                              "Exit code 0: yes. 1: no. About others: needs the right see or grant, or root.",
                              "  grantctl explain orders-db\n  grantctl explain alice orders-db",
                              takes,
                              run,
                              false,
                              "[PERSON] RESOURCE"};

}  // namespace grantd::cli
