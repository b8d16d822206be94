// SPDX-License-Identifier: Apache-2.0
// grantctl resources: what can be asked for.
#include "base/duration.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace grantd::cli {
namespace {

std::string short_duration(int64_t us) { return std::string(base::print_duration_short(us).view()); }

result<exit_code> run(context& c) {
  auto answer = c.ask("Resources");
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  table t({"RESOURCE", "ACCESS", "DEFAULT", "MAX", "LOGIN POINTS", "DESCRIPTION"});
  for (const value& v : fields(*answer, bad).items("resources")) {
    fields r(v, bad);
    t.add({{r.text("name")},
           {r.text("access")},
           {short_duration(r.integer("default_us"))},
           {short_duration(r.integer("max_us"))},
           {joined(r.texts("login_points"))},
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
    "resources", "what can be asked for, for how long", "", "  grantctl resources", {}, run};

}  // namespace grantd::cli
