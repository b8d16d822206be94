// SPDX-License-Identifier: Apache-2.0
// Reads a command line that is not finished against the table of commands, and says how it may go on.
#include "cli/complete.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "cli/candidates.h"
#include "cli/parse.h"

namespace grantd::cli {
namespace {

// A person waits for it with a finger on the key.
constexpr int64_t patience_us = base::us_per_s / 2;

constexpr argument everywhere[] = {
    {argument::kind::option, "--socket", "PATH", "grantd's socket"},
    {argument::kind::option, "--host", "ssh://ask@host", "ask the grantd of another host"},
    {argument::kind::option, "-o", "table|json", "for people, or one JSON document"},
    {argument::kind::option, "--output", "table|json", "for people, or one JSON document"},
    {argument::kind::flag, "-h", "", "how it is used"},
    {argument::kind::flag, "--help", "", "how it is used"},
    {argument::kind::flag, "--version", "", "which grantctl this is"},
};

// What stands before the word that is to be completed.
struct line {
  std::string name;                // of the command, as far as it goes: "audit", "audit verify"
  const command* what = nullptr;   // the same; nothing for "" and "policy"
  size_t places = 0;               // positional arguments
  const argument* open = nullptr;  // an option whose value comes next
  bool only_places = false;        // behind "--"
  std::string socket, host;
};

const command* find_command(std::string_view name) {
  auto all = commands();
  auto at = std::ranges::find(all, name, [](const command* c) { return c->name; });
  return at == all.end() ? nullptr : *at;
}

bool begins_a_command(const std::string& name) {
  return std::ranges::any_of(
      commands(), [&](const command* c) { return c->name == name || c->name.starts_with(name + " "); });
}

bool is_option(const argument& a) {
  return a.what == argument::kind::option || a.what == argument::kind::flag;
}

// Those that may stand here.
std::vector<const argument*> options_of(const line& l) {
  std::vector<const argument*> out;
  if (l.what != nullptr) {
    for (const argument& a : l.what->takes) {
      if (is_option(a)) out.push_back(&a);
    }
  }
  for (const argument& a : everywhere) out.push_back(&a);
  return out;
}

// "-d,--duration" has two.
std::vector<std::string_view> names_of(const argument& a) {
  std::vector<std::string_view> out;
  for (auto name : std::views::split(a.name, ',')) out.emplace_back(name.begin(), name.end());
  return out;
}

const argument* option_named(const line& l, std::string_view name) {
  auto all = options_of(l);
  auto at = std::ranges::find_if(all, [&](const argument* a) {
    return std::ranges::any_of(names_of(*a), [&](std::string_view one) { return one == name; });
  });
  return at == all.end() ? nullptr : *at;
}

void close(line& l, const argument& a, std::string_view given) {
  if (a.name == "--socket") l.socket = given;
  if (a.name == "--host") l.host = given;
  l.open = nullptr;
}

void take_option(line& l, std::string_view word) {
  if (word == "--") {
    l.only_places = true;
    return;
  }
  const size_t end = word.find('=');
  const argument* a = option_named(l, word.substr(0, end));
  if (a == nullptr || a->what == argument::kind::flag) return;
  if (end == word.npos) {
    l.open = a;
  } else {
    close(l, *a, word.substr(end + 1));
  }
}

void take(line& l, const std::string& word) {
  if (l.open != nullptr) {
    if (word != "=") close(l, *l.open, word);  // bash makes three words of --for=1h
    return;
  }
  if (!l.only_places && word.starts_with('-')) {
    take_option(l, word);
    return;
  }
  const std::string below = l.name.empty() ? word : l.name + " " + word;
  if (l.places > 0 || l.only_places || !begins_a_command(below)) {
    ++l.places;
    return;
  }
  l.name = below;
  l.what = find_command(below);
}

const argument* place_after(const line& l) {
  if (l.what == nullptr) return nullptr;
  size_t before = l.places;
  for (const argument& a : l.what->takes) {
    if (a.what == argument::kind::rest) return &a;
    if (a.what == argument::kind::positional && before-- == 0) return &a;
  }
  return nullptr;
}

class answer_text {
 public:
  // Candidates that begin with `current` are printed with `before` in front of them.
  answer_text(std::string_view before, std::string_view current) : before_(before), current_(current) {}
  void add(std::string_view word, std::string_view about) {
    if (!word.starts_with(current_)) return;
    text_.append(before_).append(word);
    if (!about.empty()) text_.append("\t").append(about);
    text_ += '\n';
  }
  void add_line(std::string_view directive) { text_.append(directive).append("\n"); }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string_view before_, current_;
  std::string text_;
};

void add_values(answer_text& out, const line& l, const argument& a, const surroundings& here) {
  const options place = choose_place(l.socket, l.host, here);
  std::optional<client> grantd;
  for (std::string_view source : sources_of(l.name, a.shown)) {
    if (source.starts_with(':')) {
      out.add_line(source);
    } else if (!is_asked(source)) {
      out.add(source, "");
    } else if (place.host.empty()) {  // ssh could ask for a passphrase in the middle of a line
      if (!grantd) {
        auto c = connection::to_socket(place.socket, std::min(here.timeout_us, patience_us), {});
        if (!c) return;
        grantd.emplace(std::move(*c));
      }
      for (const candidate& c : ask_for(source, *grantd)) out.add(c.word, c.about);
    }
  }
}

void add_commands(answer_text& out, const line& l) {
  const std::string above = l.name.empty() ? "" : l.name + " ";
  std::string_view last;
  for (const command* c : commands()) {
    if (!c->name.starts_with(above)) continue;
    const std::string_view rest = c->name.substr(above.size());
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (word != last) out.add(word, word == rest ? c->summary : std::string_view());
    last = word;
  }
}

}  // namespace

std::string complete(std::span<const std::string> words, const surroundings& here) {
  line l;
  std::string_view current = words.empty() ? std::string_view() : std::string_view(words.back());
  for (const std::string& word : words.first(words.empty() ? 0 : words.size() - 1)) take(l, word);

  if (l.open != nullptr) {
    answer_text out("", current == "=" ? "" : current);
    add_values(out, l, *l.open, here);
    return out.take();
  }
  if (!l.only_places && current.starts_with('-')) {
    const size_t end = current.find('=');
    if (end != current.npos) {
      answer_text out(current.substr(0, end + 1), current.substr(end + 1));
      const argument* a = option_named(l, current.substr(0, end));
      if (a != nullptr && a->what == argument::kind::option) add_values(out, l, *a, here);
      return out.take();
    }
    answer_text out("", current);
    for (const argument* a : options_of(l)) {
      for (std::string_view name : names_of(*a)) out.add(name, a->meaning);
    }
    return out.take();
  }
  answer_text out("", current);
  if (l.places == 0 && !l.only_places) add_commands(out, l);
  if (const argument* a = place_after(l); a != nullptr) add_values(out, l, *a, here);
  return out.take();
}

}  // namespace grantd::cli
