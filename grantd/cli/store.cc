// SPDX-License-Identifier: Apache-2.0
// grantctl store: the state of the store, and (root) unlocking it.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "action", "unlock", "root: after a human has looked at why it is locked"},
};

std::string reserve(const std::string& word) {
  if (word == "no-room") return "none: the file system has no room for it, a full disk will stop revocations";
  if (word == "not-yet") return "not yet filled";
  return word;
}

result<exit_code> run(context& c) {
  std::string action = c.given.get("action");
  if (!action.empty() && action != "unlock") {
    return refuse(exit_code::usage, fmt::format("store knows no \"{}\", only unlock", action),
                  "grantctl store --help");
  }
  auto answer = c.ask(action.empty() ? "Store" : "UnlockStore");
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  fields f(*answer, bad);
  auto locked = f.maybe_text("locked");
  std::string check = f.text("check");
  std::string text = fmt::format(
      "schema        {}\ngrants        {}, {} open\naudit records {}\nsequence      {}\nfile          {} "
      "bytes\n"
      "reserve       {}\ncheck         {}\n",
      f.integer("schema"), f.integer("grants"), f.integer("open"), f.integer("records"),
      f.integer("sequence"), f.integer("file_bytes"), reserve(f.text("reserve")),
      paint(check, colour::plain, false));
  if (bad) return bad.refuse();
  if (c.opts.json) {
    c.print_document(*answer);
  } else {
    c.out.data(text);
  }
  if (locked) {
    return refuse(
        exit_code::no,
        fmt::format("the store is locked, nobody is let in until root has looked at it: {}", *locked),
        "grantctl store unlock");
  }
  if (check == "corrupt")
    return refuse(exit_code::no, "the store is corrupt, nobody is let in", "sqlite3 grantd.db .recover");
  return exit_code::done;
}

}  // namespace

const command store_command{"store",
                            "grantd's store; unlock it after a look",
                            "Exit code 1: the store is locked or corrupt, and nobody is let in.",
                            "  grantctl store\n  grantctl store unlock",
                            takes,
                            run};

}  // namespace grantd::cli
