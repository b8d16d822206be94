// SPDX-License-Identifier: Apache-2.0
// Words --help. No I/O.
#include "cli/help.h"

#include <fmt/format.h>

#include <iterator>

namespace grantd::cli {
namespace {

constexpr std::string_view globals_text = R"(
Everywhere:
  --socket PATH            grantd's socket (GRANTD_SOCKET; /run/grantd/api.sock)
  --host ssh://ask@host    ask the grantd of another host through ssh (GRANTD_HOST; GRANTD_SSH names another ssh)
  -o, --output table|json  for people (the default) or one JSON document on stdout
  -h, --help               this, or of one command: grantctl grant --help
  --version

Exit codes:
  0 done   1 no   2 usage   3 grantd unreachable   4 not allowed   5 in force, but not yet durable
)";

std::string usage(const command& c) {
  std::string line = fmt::format("grantctl {}", c.name);
  if (!c.usage.empty()) return fmt::format("{} {}", line, c.usage);
  for (const argument& a : c.takes) {
    line += a.required ? fmt::format(" {}", usage_word(a)) : fmt::format(" [{}]", usage_word(a));
  }
  return line;
}

}  // namespace

std::string usage_word(const argument& a) {
  std::string word(a.name);
  if (const size_t comma = word.find(','); comma != word.npos) word.insert(comma + 1, 1, ' ');
  if (a.what == argument::kind::positional) {
    word = a.shown;
  } else if (a.what == argument::kind::rest) {
    word = fmt::format("{}...", a.shown);
  } else if (!a.shown.empty()) {
    word += fmt::format(" {}", a.shown);
  }
  return word;
}

std::string print_help() {
  std::string out =
      "grantctl opens, shuts and shows windows of access kept by grantd.\n\nusage: grantctl COMMAND ...\n\n";
  auto end = std::back_inserter(out);
  for (const command* c : commands()) fmt::format_to(end, "  {:<16}  {}\n", c->name, c->summary);
  out += R"(
Examples:
  grantctl request orders-db --for 1h --reason "ticket 4711" --wait
  grantctl status
  grantctl approve r-7k2m
  grantctl explain alice orders-db
  grantctl revoke g-7k2m
)";
  out += globals_text;
  return out;
}

std::string print_help(std::string_view group) {
  std::string out = fmt::format("usage: grantctl {} COMMAND ...\n\n", group);
  for (const command* c : commands()) {
    if (c->name.starts_with(fmt::format("{} ", group)))
      fmt::format_to(std::back_inserter(out), "  {:<16}  {}\n", c->name, c->summary);
  }
  return out + std::string(globals_text);
}

std::string print_help(const command& c) {
  std::string out = fmt::format("usage: {}\n\n{}\n", usage(c), c.summary);
  auto end = std::back_inserter(out);
  if (!c.takes.empty()) out += '\n';
  for (const argument& a : c.takes) fmt::format_to(end, "  {:<17}  {}\n", usage_word(a), a.meaning);
  std::string below;
  for (const command* other : commands()) {
    if (other->name.starts_with(fmt::format("{} ", c.name)))
      fmt::format_to(std::back_inserter(below), "  grantctl {:<16} {}\n", other->name, other->summary);
  }
  if (!below.empty()) fmt::format_to(end, "\n{}", below);
  if (!c.details.empty()) fmt::format_to(end, "\n{}\n", c.details);
  if (!c.examples.empty()) fmt::format_to(end, "\nExamples:\n{}\n", c.examples);
  out += globals_text;
  return out;
}

}  // namespace grantd::cli
