// SPDX-License-Identifier: Apache-2.0
// What an adapter is told and what its answer means.
#include "provision/answer.h"

#include <fmt/format.h>

#include "base/names.h"
#include "cli/json.h"

namespace grantd::provision {
namespace {

const std::string* text_of(const cli::value& object, std::string_view key) {
  const cli::value* v = object.find(key);
  return v == nullptr ? nullptr : v->text();
}

std::expected<std::vector<membership>, std::string> read_list(const cli::value& answer) {
  const cli::value* list = answer.find("memberships");
  if (list == nullptr || list->items() == nullptr)
    return std::unexpected("the adapter's answer has no list of memberships");
  std::vector<membership> all;
  for (const cli::value& v : *list->items()) {
    const std::string* account = text_of(v, "account");
    const std::string* role = text_of(v, "role");
    if (account == nullptr || role == nullptr || !base::is_account_name(*account) ||
        !base::is_account_name(*role))
      return std::unexpected("the adapter lists a membership without the names of an account and a role");
    all.push_back({*account, *role});
  }
  return all;
}

}  // namespace

std::string sentence(std::string_view text, size_t most) {
  std::string out;
  for (char c : text.substr(0, most)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  while (!out.empty() && out.back() == ' ') out.pop_back();
  // A character cut in two, or bytes that were none: then only what is ASCII.
  if (!base::is_printable_utf8(out)) {
    for (char& c : out) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
  }
  return out.empty() ? "it does not say why" : out;
}

std::string print_input(std::string_view system, const cli::value& settings, const membership* of) {
  cli::value v;
  v.set("version", int64_t{1});
  v.set("system", system);
  if (of != nullptr) {
    v.set("account", of->account);
    v.set("role", of->role);
  }
  v.set("settings", settings);
  return cli::print_json(v);
}

std::expected<std::vector<membership>, std::string> read_answer(std::string_view step, const outcome& o) {
  auto answer = cli::parse_json(o.output);
  const bool object = answer && answer->members() != nullptr;
  if (const std::string* error = object ? text_of(*answer, "error") : nullptr)
    return std::unexpected(sentence(*error));
  if (!o.trouble.empty()) return std::unexpected(sentence("the adapter: " + o.trouble));
  if (!answer) return std::unexpected(sentence("the adapter's answer is no JSON: " + answer.error()));
  if (!object) return std::unexpected("the adapter's answer is no object");
  if (step == "list") return read_list(*answer);
  return std::vector<membership>{};
}

}  // namespace grantd::provision
