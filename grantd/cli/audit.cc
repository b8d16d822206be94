// SPDX-License-Identifier: Apache-2.0
// grantctl audit: the records of the audit chain, oldest first.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/numbers.h"
#include "cli/table.h"
#include "cli/times.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::option, "--after", "N", "only records after this sequence number"},
    {argument::kind::option, "--limit", "N", "at most so many"},
};

// "id=g-7k2m person=alice reason=\"ticket 4711\""
std::string words(const value& of) {
  std::string out;
  for (const auto& [key, v] : *of.members()) {
    if (!out.empty()) out += ' ';
    bool plain =
        v.text() != nullptr && !v.text()->empty() && v.text()->find_first_of(" \"=\\") == std::string::npos;
    out += fmt::format("{}={}", key, plain ? *v.text() : print_json(v));
  }
  return out;
}

result<exit_code> run(context& c) {
  value parameters;
  for (auto [option, key] : {std::pair{"--after", "after"}, std::pair{"--limit", "limit"}}) {
    if (auto set = set_number(c, option, key, parameters); !set)
      return std::unexpected(std::move(set.error()));
  }
  auto answer = c.ask("Audit", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  table t({"SEQUENCE", "AT", "EVENT", "FIELDS"});
  for (const value& v : fields(*answer, bad).items("records")) {
    fields r(v, bad);
    t.add({{std::to_string(r.integer("sequence"))},
           {c.time_text(r.integer("at_us"))},
           {r.text("event")},
           {words(with_times(r.object("fields")))}});
  }
  if (bad) return bad.refuse();
  if (c.opts.json) {
    c.print_document(*answer);
  } else if (t.empty()) {
    c.out.say("no records");
  } else {
    c.out.data(t.print(c.out.colours()));
  }
  return exit_code::done;
}

}  // namespace

const command audit_command{"audit",
                            "what was done, by whom",
                            "Needs the right see or grant, or root.",
                            "  grantctl audit --limit 20\n  grantctl audit --after 120 -o json",
                            takes,
                            run};

}  // namespace grantd::cli
