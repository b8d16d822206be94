// SPDX-License-Identifier: Apache-2.0
// The only file of grantctl that includes CLI11. Builds its parser from the commands' own tables.
#include "cli/parse.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "base/names.h"
#include "cli/help.h"
#include "cli/text.h"

namespace grantd::cli {
namespace {

// What CLI11 writes into while it parses; lives as long as its App.
struct slot {
  const argument* what;
  std::string text;
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
    s->option = a.what == argument::kind::flag ? sub.add_flag(name, s->flag) : sub.add_option(name, s->text);
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
      into.set(std::string(s->what->name), "yes");
      continue;
    }
    if (s->text.empty()) return refuse(exit_code::usage, fmt::format("{} is empty", name), help);
    if (!c.free_text && !base::is_printable_utf8(s->text)) {
      return refuse(exit_code::usage,
                    fmt::format("{} has control characters or is not UTF-8: \"{}\"", name, visible(s->text)),
                    help);
    }
    into.set(std::string(s->what->name), s->text);
  }
  return {};
}

result<options> choose(const globals& g, const surroundings& here) {
  options o;
  auto from = [&](const std::string& option, const char* variable) {
    return option.empty() ? here.environment(variable).value_or("") : option;
  };
  std::string socket = from(g.socket, "GRANTD_SOCKET");
  if (!socket.empty()) {
    o.socket = socket;
    o.own_socket = true;
  }
  // A --socket on the command line is meant for here, whatever the environment says.
  o.host = g.host.empty() && !g.socket.empty() ? std::string() : from(g.host, "GRANTD_HOST");
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

}  // namespace

result<std::variant<invocation, notice>> parse_arguments(const std::vector<std::string>& args,
                                                         const surroundings& here) {
  CLI::App app("grantctl", "grantctl");
  globals g;
  std::map<const CLI::App*, std::pair<const command*, std::vector<std::unique_ptr<slot>>>> declared;
  app.set_help_flag("-h,--help");
  app.add_flag("--version", g.version);
  app.add_option("--socket", g.socket);
  app.add_option("--host", g.host);
  app.add_option("-o,--output", g.format);
  app.require_subcommand(0, 1);
  app.fallthrough();
  for (const command* c : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(c->name));
    sub->set_help_flag("-h,--help");
    auto& [what, slots] = declared[sub];
    what = c;
    declare(*sub, *c, slots);
  }
  std::string help = "grantctl --help";
  auto chosen = [&]() -> const CLI::App* {
    return app.get_subcommands().empty() ? nullptr : app.get_subcommands().front();
  };
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    return notice{chosen() == nullptr ? print_help() : print_help(*declared[chosen()].first)};
  } catch (const CLI::ExtrasError& e) {
    if (chosen() == nullptr)
      return refuse(exit_code::usage, fmt::format("there is no such command or option; {}", e.what()), help);
    return refuse(exit_code::usage, e.what(),
                  fmt::format("grantctl {} --help", declared[chosen()].first->name));
  } catch (const CLI::Error& e) {
    if (chosen() != nullptr) help = fmt::format("grantctl {} --help", declared[chosen()].first->name);
    return refuse(exit_code::usage, e.what(), help);
  }
  if (g.version) return notice{fmt::format("grantctl {}\n", GRANTD_VERSION)};
  if (chosen() == nullptr) return refuse(exit_code::usage, "no command is given", help);
  auto& [what, slots] = declared[chosen()];
  auto globals = choose(g, here);
  if (!globals) return std::unexpected(std::move(globals.error()));
  invocation call{what, std::move(*globals), {}};
  if (auto taken = take(*what, slots, call.given); !taken) return std::unexpected(std::move(taken.error()));
  return call;
}

}  // namespace grantd::cli
