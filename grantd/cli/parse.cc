// SPDX-License-Identifier: Apache-2.0
// The only file of grantctl that includes CLI11. Builds its parser from the commands' own tables.
#include "cli/parse.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "base/duration.h"
#include "base/names.h"
#include "cli/help.h"
#include "cli/text.h"
#include "policy/nearest.h"

namespace grantd::cli {
namespace {

// What CLI11 writes into while it parses; lives as long as its App.
struct slot {
  const argument* what;
  std::string text;
  std::vector<std::string> texts;  // of a rest
  bool flag = false;
  CLI::Option* option = nullptr;
};

struct globals {
  std::string socket, host, format;
  bool version = false;
};

void declare(CLI::App& sub, const command& c, std::vector<std::unique_ptr<slot>>& slots) {
  for (const argument& a : c.takes) {
    auto s = std::make_unique<slot>();
    s->what = &a;
    std::string name(a.name);
    switch (a.what) {
      case argument::kind::flag:
        s->option = sub.add_flag(name, s->flag);
        break;
      case argument::kind::rest:
        s->option = sub.add_option(name, s->texts);
        break;
      case argument::kind::option:
      case argument::kind::positional:
        s->option = sub.add_option(name, s->text);
        break;
    }
    if (a.required) s->option->required();
    slots.push_back(std::move(s));
  }
}

result<void> take(const command& c, const std::vector<std::unique_ptr<slot>>& slots, arguments& into) {
  std::string help = fmt::format("grantctl {} --help", c.name);
  for (const auto& s : slots) {
    if (s->option->count() == 0) continue;
    std::string name(s->what->shown.empty() ? s->what->name : s->what->shown);
    if (s->what->what == argument::kind::flag) {
      into.add(std::string(s->what->name), "yes");
      continue;
    }
    if (s->what->what != argument::kind::rest) s->texts = {s->text};
    for (const std::string& text : s->texts) {
      if (text.empty()) return refuse(exit_code::usage, fmt::format("{} is empty", name), help);
      if (!c.free_text && !base::is_printable_utf8(text)) {
        return refuse(exit_code::usage,
                      fmt::format("{} has control characters or is not UTF-8: \"{}\"", name, visible(text)),
                      help);
      }
      into.add(std::string(s->what->name), text);
    }
  }
  return {};
}

result<options> choose(const globals& g, const surroundings& here) {
  options o = choose_place(g.socket, g.host, here);
  if (!g.format.empty() && g.format != "table" && g.format != "json") {
    return refuse(exit_code::usage, fmt::format("-o is table or json, not \"{}\"", g.format),
                  "grantctl --help");
  }
  if (!g.host.empty() && !g.socket.empty()) {
    return refuse(exit_code::usage, "--host and --socket are two places to ask; give one", "grantctl --help");
  }
  o.json = g.format == "json";
  return o;
}

struct declaration {
  const command* what = nullptr;  // nothing: only commands below it ("policy")
  std::vector<std::unique_ptr<slot>> slots;
};

// "audit verify": verify below audit.
CLI::App* place_of(CLI::App& app, std::string_view name) {
  CLI::App* at = &app;
  while (!name.empty()) {
    size_t end = std::min(name.find(' '), name.size());
    std::string word(name.substr(0, end));
    auto known = at->get_subcommands([&](CLI::App* a) { return a->get_name() == word; });
    CLI::App* below = known.empty() ? at->add_subcommand(word) : known.front();
    if (known.empty()) {
      below->set_help_flag("-h,--help");
      below->require_subcommand(0, 1);
    }
    at = below;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return at;
}

// The chain of chosen commands, "audit" then "verify".
std::vector<const CLI::App*> chosen_in(const CLI::App& app) {
  std::vector<const CLI::App*> all;
  for (auto below = app.get_subcommands(); !below.empty(); below = below.front()->get_subcommands())
    all.push_back(below.front());
  return all;
}

// "grantctl request orders-db 1h".
std::optional<std::string> length_without_option(const std::vector<std::string>& args, const command* what) {
  if (what == nullptr || std::ranges::find(what->takes, "--for", &argument::name) == what->takes.end())
    return {};
  auto at =
      std::ranges::find_if(args, [](const std::string& a) { return base::parse_duration_us(a).has_value(); });
  if (at == args.end() || (at != args.begin() && (at - 1)->starts_with("-"))) return {};
  return *at;
}

// What the chosen command wants and was not given, as --help writes it.
std::string missing_of(const std::vector<std::unique_ptr<slot>>& slots) {
  std::vector<std::string> all;
  for (const auto& s : slots) {
    if (!s->what->required || s->option->count() != 0) continue;
    all.push_back(usage_word(*s->what));
  }
  return all_of(all);
}

// "(did you mean \"request\"?)" behind a word that is no command; the words of commands below `above` count,
// and its options.
std::string nearest_command(std::string_view typed, const CLI::App& above, const command* what) {
  std::vector<std::string> names;
  for (const CLI::App* below : above.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(below->get_name());
  if (what != nullptr) {
    for (const argument& a : what->takes) {
      if (a.name.starts_with("-")) names.emplace_back(a.name);
    }
  }
  return policy::near_miss(typed, std::vector<std::string_view>(names.begin(), names.end()));
}

std::string name_of(const std::vector<const CLI::App*>& chosen) {
  std::string name = "grantctl";
  for (const CLI::App* word : chosen) name += " " + word->get_name();
  return name;
}

}  // namespace

options choose_place(const std::string& socket, const std::string& host, const surroundings& here) {
  options o;
  auto from = [&](const std::string& option, const char* variable) {
    return option.empty() ? here.environment(variable).value_or("") : option;
  };
  std::string chosen = from(socket, "GRANTD_SOCKET");
  if (!chosen.empty()) {
    o.socket = chosen;
    o.own_socket = true;
  }
  // A --socket on the command line is meant for here, whatever the environment says.
  o.host = host.empty() && !socket.empty() ? std::string() : from(host, "GRANTD_HOST");
  return o;
}

result<std::variant<invocation, notice>> parse_arguments(const std::vector<std::string>& args,
                                                         const surroundings& here) {
  CLI::App app("grantctl", "grantctl");
  globals g;
  std::map<const CLI::App*, declaration> declared;
  app.set_help_flag("-h,--help");
  app.add_flag("--version", g.version);
  app.add_option("--socket", g.socket);
  app.add_option("--host", g.host);
  app.add_option("-o,--output", g.format);
  app.require_subcommand(0, 1);
  app.fallthrough();
  for (const command* c : commands()) {
    CLI::App* sub = place_of(app, c->name);
    declared[sub].what = c;
    declare(*sub, *c, declared[sub].slots);
  }
  auto help = [&] { return name_of(chosen_in(app)) + " --help"; };
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    auto chosen = chosen_in(app);
    if (chosen.empty()) return notice{print_help()};
    const command* what = declared[chosen.back()].what;
    return notice{what == nullptr ? print_help(chosen.back()->get_name()) : print_help(*what)};
  } catch (const CLI::ExtrasError& e) {
    const auto chosen = chosen_in(app);
    const CLI::App& above = chosen.empty() ? app : *chosen.back();
    const command* what = chosen.empty() ? nullptr : declared[chosen.back()].what;
    const auto extras = app.remaining(true);
    if (std::string near = extras.empty() ? "" : nearest_command(extras.front(), above, what); !near.empty())
      return refuse(exit_code::usage, fmt::format("{} knows no {}{}", name_of(chosen), extras.front(), near),
                    help());
    if (chosen.empty())
      return refuse(exit_code::usage, fmt::format("there is no such command or option; {}", e.what()),
                    help());
    if (auto meant = length_without_option(args, what)) {
      return refuse(exit_code::usage, fmt::format("{} stands alone: how long is said with --for", *meant),
                    fmt::format("{} ... --for {}", name_of(chosen), *meant));
    }
    return refuse(exit_code::usage, e.what(), help());
  } catch (const CLI::RequiredError& e) {
    const auto chosen = chosen_in(app);
    const std::string missing = chosen.empty() ? "" : missing_of(declared[chosen.back()].slots);
    if (missing.empty()) return refuse(exit_code::usage, e.what(), help());
    return refuse(exit_code::usage, fmt::format("{} needs {}", name_of(chosen), missing), help());
  } catch (const CLI::Error& e) {
    return refuse(exit_code::usage, e.what(), help());
  }
  if (g.version) return notice{fmt::format("grantctl {}\n", GRANTD_VERSION)};
  auto chosen = chosen_in(app);
  if (chosen.empty()) return refuse(exit_code::usage, "no command is given", help());
  declaration& d = declared[chosen.back()];
  if (d.what == nullptr)
    return refuse(exit_code::usage, fmt::format("{} needs to know what to do", name_of(chosen)), help());
  for (const CLI::App* above : std::span(chosen).first(chosen.size() - 1)) {
    for (const auto& s : declared[above].slots) {  // it would be taken and do nothing
      if (s->option->count() > 0)
        return refuse(exit_code::usage, fmt::format("{} knows no {}", name_of(chosen), s->what->name),
                      help());
    }
  }
  auto globals = choose(g, here);
  if (!globals) return std::unexpected(std::move(globals.error()));
  invocation call{d.what, std::move(*globals), {}};
  if (auto taken = take(*d.what, d.slots, call.given); !taken)
    return std::unexpected(std::move(taken.error()));
  return call;
}

}  // namespace grantd::cli
