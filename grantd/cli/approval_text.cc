// SPDX-License-Identifier: Apache-2.0
// Reads the text of an approval from an untrusted answer.
#include "cli/approval_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/names.h"
#include "cli/fields.h"
#include "cli/text.h"

namespace grantd::cli {
namespace {

constexpr std::string_view first_line = "grantd approval, version 1\n";
constexpr size_t max_text = 1 << 20;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Nothing, or what is wrong with it.
std::string objection(std::string_view text, std::string_view id) {
  if (!text.starts_with(first_line) || !text.ends_with('\n') || text.size() > max_text)
    return "what is to be signed is no approval of version 1";
  std::string about;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (!base::is_printable_utf8(line)) return "what is to be signed has control characters";
    if (line.starts_with("request: ") && about.empty()) about = line.substr(9);
  }
  if (!std::equal(about.begin(), about.end(), id.begin(), id.end(),
                  [](char a, char b) { return lower(a) == lower(b); }))
    return fmt::format("what is to be signed is about \"{}\"", about);
  return {};
}

}  // namespace

result<text_to_sign> ask_approval_text(context& c, const std::string& id, std::optional<int64_t> for_us) {
  value parameters;
  parameters.set("id", id);
  if (for_us) parameters.set("for_us", *for_us);
  auto answer = c.ask("ApprovalText", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  fields f(*answer, bad);
  text_to_sign t;
  t.text = f.text("text");
  t.is_signed = f.boolean("signed");
  if (answer->find("keys") != nullptr) t.keys = f.maybe_texts("keys");
  t.not_yours = f.maybe_text("not_yours").value_or("");
  if (bad) return bad.refuse();
  if (std::string why = objection(t.text, id); !why.empty()) return std::unexpected(bad_answer(why));
  return t;
}

std::string between_rules(std::string_view text) {
  const std::string rule(72, '-');
  std::string out = rule + "\n";
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    out += visible(line) + "\n";
  }
  return out + rule + "\n";
}

}  // namespace grantd::cli
