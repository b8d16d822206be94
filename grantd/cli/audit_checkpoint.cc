// SPDX-License-Identifier: Apache-2.0
// grantctl audit checkpoint: how far the audit has come, signed by grantd; to be kept elsewhere.
#include <fmt/format.h>

#include "base/names.h"
#include "cli/commands.h"
#include "cli/fields.h"

namespace grantd::cli {
namespace {

// A note is lines of text: what is not would be no note, and could steer a terminal.
bool is_note(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    if (!base::is_printable_utf8(line)) return false;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return true;
}

result<exit_code> run(context& c) {
  auto answer = c.ask("Checkpoint");
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  fields f(*answer, bad);
  std::string note = f.text("note");
  std::string verifier = f.text("verifier");
  if (bad) return bad.refuse();
  if (!is_note(note)) return std::unexpected(bad_answer("\"note\" is no text"));
  if (c.opts.json) {
    c.print_document(*answer);
    return exit_code::done;
  }
  c.out.data(note);
  c.out.say(fmt::format("keep it on another machine, and once its key: {}", verifier));
  return exit_code::done;
}

}  // namespace

const command audit_checkpoint_command{
    "audit checkpoint",
    "a signed note of how far the audit has come",
    "Kept on another machine it proves later that nothing before it was changed or cut off:\n"
    "grantctl audit verify --checkpoint FILE --key VERIFIER. The key is on stderr; keep it, too.",
    "  grantctl audit checkpoint > monday.note\n"
    "  grantctl audit checkpoint -o json | jq -r .verifier > grantd.verifier",
    {},
    run};

}  // namespace grantd::cli
