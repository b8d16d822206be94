// SPDX-License-Identifier: Apache-2.0
// grantctl people: the persons of the policy and their accounts.
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace grantd::cli {
namespace {

result<exit_code> run(context& c) {
  auto answer = c.ask("People");
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  table t({"PERSON", "E-MAIL", "ACCOUNTS", "RIGHTS", "KEYS"});
  for (const value& v : fields(*answer, bad).items("people")) {
    fields p(v, bad);
    std::vector<std::string> accounts;
    for (std::string_view kind : {"os", "pg", "dn", "krb"}) {
      for (const std::string& a : p.maybe_texts(kind)) accounts.push_back(std::string(kind) + ":" + a);
    }
    t.add({{p.text("name")},
           {p.maybe_text("email").value_or("")},
           {joined(accounts)},
           {joined(p.maybe_texts("rights"))},
           {std::to_string(p.maybe_integer("keys").value_or(0))}});
  }
  if (bad) return bad.refuse();
  if (c.opts.json) {
    c.print_document(*answer);
  } else if (t.empty()) {
    c.out.say("the policy names no people that you may see");
  } else {
    c.out.data(t.print(c.out.colours()));
  }
  return exit_code::done;
}

}  // namespace

const command people_command{"people",
                             "people of the policy and their accounts",
                             "Without the right see or grant: yourself.",
                             "  grantctl people",
                             {},
                             run};

}  // namespace grantd::cli
