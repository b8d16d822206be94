// SPDX-License-Identifier: Apache-2.0
// grantctl policy test: every mistake of a policy and every case that does not come out, without grantd.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/policy_files.h"
#include "cli/table.h"
#include "policy/expect.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::rest, "file", "FILE",
     "files of one policy, or directories of *.toml; else grantd's own"},
};

std::string counted(size_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

result<exit_code> report_mistakes(const policy::mistakes& all, context& c) {
  value::array documents;
  for (const policy::mistake& m : all) {
    value d;
    d.set("file", m.file);
    d.set("line", static_cast<int64_t>(m.line));
    d.set("column", static_cast<int64_t>(m.column));
    d.set("message", m.what);
    documents.push_back(std::move(d));
    if (!c.opts.json) c.out.data(paint(policy::print(m), colour::bad, c.out.colours()) + "\n");
  }
  if (c.opts.json) {
    value document;
    document.set("ok", false);
    document.set("mistakes", std::move(documents));
    c.print_document(document);
  }
  return refuse(
      exit_code::no,
      fmt::format("{}: grantd would not take this policy", counted(all.size(), "mistake", "mistakes")),
      "man policy.toml");
}

result<exit_code> run(context& c) {
  auto sources = read_policy(c.given.all("file"));
  if (!sources) return refuse(exit_code::usage, sources.error(), "grantctl policy test FILE");
  auto p = policy::parse_policy(*sources, this_machine());
  if (!p) return report_mistakes(p.error(), c);
  auto unmet = policy::run_expectations(*p, c.here.now());
  if (c.opts.json) {
    value::array cases;
    for (const policy::unmet& u : unmet) {
      value d;
      d.set("file", u.file);
      d.set("line", static_cast<int64_t>(u.line));
      d.set("case", u.sentence);
      d.set("got", u.got);
      cases.push_back(std::move(d));
    }
    value::array warnings;
    for (const std::string& w : p->warnings) warnings.emplace_back(w);
    value document;
    document.set("ok", unmet.empty());
    document.set("rules", static_cast<int64_t>(p->rules.size()));
    document.set("cases", static_cast<int64_t>(p->expectations.size()));
    document.set("unmet", std::move(cases));
    document.set("warnings", std::move(warnings));
    c.print_document(document);
  } else {
    for (const policy::unmet& u : unmet)
      c.out.data(paint(policy::print(u), colour::bad, c.out.colours()) + "\n");
    for (const std::string& w : p->warnings) c.out.say(w);
  }
  std::string all = counted(p->expectations.size(), "case", "cases");
  if (!unmet.empty()) {
    return refuse(exit_code::no, fmt::format("{} of {} did not come out as written", unmet.size(), all),
                  "grantctl policy test --help");
  }
  if (!c.opts.json)
    c.out.data(fmt::format("good: {}, {} as written\n", counted(p->rules.size(), "rule", "rules"), all));
  return exit_code::done;
}

}  // namespace

const command policy_test_command{
    "policy test",
    "check a policy and its [[expect]] cases, without grantd",
    "Without FILE: /etc/grantd/policy.toml and policy.d/*.toml beside it. Unix groups and time\n"
    "zones are those of this machine. Exit code 0: good. 1: with each mistake, or each case that\n"
    "came out otherwise, as file:line on stdout. Nothing is put in force: grantctl policy reload.",
    "  grantctl policy test\n  grantctl policy test policy.toml policy.d\n"
    "  grantctl policy test new.toml -o json | jq .unmet",
    takes,
    run};

}  // namespace grantd::cli
