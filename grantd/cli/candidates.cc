// SPDX-License-Identifier: Apache-2.0
// Two tables: which values an argument takes, and how grantd is asked for them.
#include "cli/candidates.h"

#include <algorithm>

#include "cli/text.h"
#include "proof/ecs_words.h"

namespace grantd::cli {
namespace {

struct meaning {
  std::string_view command;  // empty: of every command
  std::string_view shown;
  std::string_view sources;
};

// The first that fits.
constexpr meaning meanings[] = {
    {"approve", "ID", "<to-approve"},
    {"deny", "ID", "<to-approve"},
    {"cancel", "ID", "<requests"},
    {"audit approval", "ID", "<all-requests"},
    {"show", "ID", "<grants <requests"},
    {"give-back", "ID", "<own-grants"},
    {"extend", "GRANT", "<own-grants"},
    {"review", "GRANT", "<break-glass"},
    {"explain", "PERSON", "<people <resources"},  // the person may be left out
    {"", "PERSON", "<people"},
    {"", "RESOURCE", "<resources"},
    {"", "NAME", "<people <resources"},
    {"", "ID|NAME", "<locks <people <resources"},
    {"", "ID", "<grants"},
    {"", "METHOD", "<methods"},
    {"", "EVENT", "events"},
    {"", "DURATION", "30m 1h 2h 4h 8h"},
    {"", "FILE", ":files"},
    {"", "VERIFIER", ":files"},
    {"", "PATH", ":files"},
    {"", "DIRECTORY", ":directories"},
};

struct question {
  std::string_view source;
  std::string_view method;
  std::string_view flag;  // a parameter that is set to true; may be empty
  std::string_view list;  // the array in the answer
  std::string_view key;   // of each of its objects
};

constexpr question questions[] = {
    {"<people", "People", "", "people", "name"},
    {"<resources", "Resources", "", "resources", "name"},
    {"<grants", "List", "", "grants", "id"},
    {"<break-glass", "List", "all", "grants", "id"},
    {"<own-grants", "Status", "", "grants", "id"},
    {"<requests", "Requests", "", "requests", "id"},
    {"<to-approve", "Requests", "mine_to_approve", "requests", "id"},
    {"<all-requests", "Requests", "all", "requests", "id"},
    {"<locks", "Locks", "", "locks", "id"},
};

constexpr int64_t newest = 100;  // of what has ended, too

// Nothing of it means anything to a shell, and it is no option.
bool is_plain_word(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
  return !text.empty() && text.size() <= 128 && text[0] != '-' && text.find_first_not_of(plain) == text.npos;
}

const std::string* text_at(const value& v, std::string_view key) {
  const value* found = v.find(key);
  return found == nullptr ? nullptr : found->text();
}

std::string about(const value& v) {
  std::string out;
  for (std::string_view key : {"email", "person", "resource", "description", "message", "reason"}) {
    const std::string* text = text_at(v, key);
    if (text != nullptr && !text->empty()) out += (out.empty() ? "" : " ") + visible(*text);
  }
  return out;
}

bool is_signed_off(const value& v) {
  const value* emergency = v.find("break_glass");
  const bool open = emergency != nullptr && emergency->boolean() != nullptr && *emergency->boolean();
  return !open || v.find("reviewed_by") != nullptr;
}

std::vector<candidate> read_list(const question& q, const value& answer) {
  std::vector<candidate> out;
  const value* list = answer.find(q.list);
  if (list == nullptr || list->items() == nullptr) return out;
  for (const value& v : *list->items()) {
    const std::string* word = text_at(v, q.key);
    if (word == nullptr || !is_plain_word(*word)) continue;
    if (q.source == "<break-glass" && is_signed_off(v)) continue;
    out.push_back({*word, about(v)});
  }
  return out;
}

// "method Grant(person: string, ..." in the interface's own description.
std::vector<candidate> read_methods(const value& answer) {
  constexpr std::string_view start = "\nmethod ";
  std::vector<candidate> out;
  const std::string* text = text_at(answer, "description");
  if (text == nullptr) return out;
  for (size_t at = text->find(start); at != text->npos; at = text->find(start, at + 1)) {
    std::string_view name = std::string_view(*text).substr(at + start.size());
    name = name.substr(0, name.find('('));
    if (is_plain_word(name)) out.push_back({std::string(name), ""});
  }
  return out;
}

// "ecs|json|chain" in --help is what may be typed.
bool is_choice(std::string_view shown) {
  return std::ranges::all_of(shown, [](char c) { return (c >= 'a' && c <= 'z') || c == '|'; });
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(by), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::vector<std::string_view> sources_of(std::string_view command, std::string_view shown) {
  for (const meaning& m : meanings) {
    if (m.shown != shown || (!m.command.empty() && m.command != command)) continue;
    return m.sources == "events" ? proof::known_events() : split(m.sources, ' ');
  }
  return is_choice(shown) ? split(shown, '|') : std::vector<std::string_view>();
}

bool is_asked(std::string_view source) { return source.starts_with('<'); }

std::vector<candidate> ask_for(std::string_view source, client& grantd) {
  value parameters;
  if (source == "<methods") {
    parameters.set("interface", "org.grantd.Access");
    auto answer = grantd.call("org.varlink.service.GetInterfaceDescription", std::move(parameters));
    return answer ? read_methods(*answer) : std::vector<candidate>();
  }
  const auto* q = std::ranges::find(questions, source, &question::source);
  if (q == std::end(questions)) return {};
  if (!q->flag.empty()) parameters.set(q->flag, true);
  if (q->flag == "all") parameters.set("limit", newest);
  auto answer = grantd.call(q->method, std::move(parameters));
  return answer ? read_list(*q, *answer) : std::vector<candidate>();
}

}  // namespace grantd::cli
