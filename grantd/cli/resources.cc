// SPDX-License-Identifier: Apache-2.0
// grantctl resources: what can be asked for.
#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace grantd::cli {
namespace {

std::string short_duration(int64_t us) { return std::string(base::print_duration_short(us).view()); }

// What a rule wants of the caller; those who are no person of the policy are told nothing of rules.
struct offer {
  std::string text;
  int64_t longest_us = 0;
};

offer read_offer(const value& given, int64_t longest_us, problem& bad) {
  if (given.null()) return {"not to be asked for", longest_us};
  fields f(given, bad);
  offer o{{}, f.integer("max_us")};
  const int64_t approvals = f.integer("approvals");
  o.text = approvals == 0 ? "at once" : fmt::format("{} approval{}", approvals, approvals == 1 ? "" : "s");
  if (f.boolean("reason")) o.text += ", reason";
  for (const std::string& hours : f.texts("hours")) o.text += ", " + hours;
  return o;
}

// A shell cannot be held to reading: nobody shall think so.
std::string access_text(std::string access, const std::vector<std::string>& login_points) {
  const auto pam = std::ranges::count_if(login_points, [](const auto& p) { return p.starts_with("pam:"); });
  if (pam == 0) return access;
  return pam == std::ssize(login_points) ? "full" : access + ", pam: full";
}

result<exit_code> run(context& c) {
  auto answer = c.ask("Resources");
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  table t({"RESOURCE", "FOR YOU", "MAX", "DEFAULT", "ACCESS", "LOGIN POINTS", "DESCRIPTION"});
  for (const value& v : fields(*answer, bad).items("resources")) {
    fields r(v, bad);
    const std::vector<std::string> points = r.texts("login_points");
    offer you{{}, r.integer("max_us")};
    if (const value* given = v.find("for_you")) you = read_offer(*given, you.longest_us, bad);
    t.add({{r.text("name")},
           {you.text},
           {short_duration(you.longest_us)},
           {short_duration(std::min(r.integer("default_us"), you.longest_us))},
           {access_text(r.text("access"), points)},
           {joined(points)},
           {r.maybe_text("description").value_or("")}});
  }
  if (bad) return bad.refuse();
  if (c.opts.json) {
    c.print_document(*answer);
  } else if (t.empty()) {
    c.out.say("the policy names no resources");
  } else {
    c.out.data(t.print(c.out.colours()));
  }
  return exit_code::done;
}

}  // namespace

const command resources_command{
    "resources",
    "what can be asked for, for how long",
    "FOR YOU and MAX are what the rule that comes first says about you, for reading.",
    "  grantctl resources",
    {},
    run};

}  // namespace grantd::cli
