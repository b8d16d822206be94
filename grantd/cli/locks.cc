// SPDX-License-Identifier: Apache-2.0
// grantctl locks: which locks are in force, newest first. Reads and words locks for the others, too.
#include "cli/locks.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace grantd::cli {
namespace {

lock read(const value& v, problem& bad) {
  fields f(v, bad);
  lock l;
  l.id = f.text("id");
  if (auto person = f.maybe_text("person")) {
    l.kind = "person";
    l.subject = *person;
  } else if (auto resource = f.maybe_text("resource")) {
    l.kind = "resource";
    l.subject = *resource;
  } else {
    (void)f.boolean("all");
    l.kind = "all";
    l.subject = "everybody";
  }
  l.message = f.text("message");
  l.until_us = f.integer("until_us");
  l.left_us = f.maybe_integer("left_us").value_or(0);
  l.made_by = f.maybe_text("made_by").value_or("");
  l.covers = f.maybe_integer("covers");
  return l;
}

std::string until_text(const lock& l, const context& c) {
  return print_until({l.until_us}, l.left_us, c.here.now(), c.here.local);
}

result<exit_code> run(context& c) {
  auto answer = c.ask("Locks");
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto locks = read_locks(*answer);
  if (!locks) return std::unexpected(std::move(locks.error()));
  if (c.opts.json) {
    c.print_document(*answer);
    return exit_code::done;
  }
  if (locks->empty()) {
    c.out.say("no lock is in force");
    return exit_code::done;
  }
  table t({"ID", "KIND", "LOCKED", "UNTIL", "BY", "MESSAGE"});
  for (const lock& l : *locks) {
    t.add({{l.id}, {l.kind}, {l.subject, colour::bad}, {until_text(l, c)}, {l.made_by}, {l.message}});
  }
  c.out.data(t.print(c.out.colours()));
  return exit_code::done;
}

}  // namespace

result<lock> read_lock(const value& v) {
  problem bad;
  lock l = read(v, bad);
  if (bad) return bad.refuse();
  return l;
}

result<std::vector<lock>> read_locks(const value& parameters) {
  std::vector<lock> all;
  if (parameters.find("locks") == nullptr) return all;
  problem bad;
  for (const value& v : fields(parameters, bad).items("locks")) all.push_back(read(v, bad));
  if (bad) return bad.refuse();
  return all;
}

std::string lock_line(const lock& l, const context& c) {
  return fmt::format("{} {}{} {}: {}", l.id, l.kind == "all" ? "" : l.kind + " ", l.subject, until_text(l, c),
                     l.message);
}

result<value> named_subject(const context& c, std::string_view command, bool with_id) {
  int chosen =
      c.given.has("name") + c.given.has("--person") + c.given.has("--resource") + c.given.has("--all");
  if (chosen != 1) {
    return refuse(exit_code::usage,
                  fmt::format("{} takes exactly one of {}, --person, --resource and --all", command,
                              with_id ? "ID, NAME" : "NAME"),
                  fmt::format("grantctl {} --help", command));
  }
  value parameters;
  if (std::string name = c.given.get("name"); !name.empty())
    parameters.set(with_id && name.starts_with("k-") ? "id" : "name", name);
  if (c.given.has("--person")) parameters.set("person", c.given.get("--person"));
  if (c.given.has("--resource")) parameters.set("resource", c.given.get("--resource"));
  if (c.given.has("--all")) parameters.set("all", true);
  return parameters;
}

const command locks_command{"locks",
                            "which locks are in force, and until when",
                            "Without the right see or grant: those of everybody, of resources, and your own.",
                            "  grantctl locks\n  grantctl locks -o json | jq -r '.locks[].id'",
                            {},
                            run};

}  // namespace grantd::cli
