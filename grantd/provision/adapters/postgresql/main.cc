// SPDX-License-Identifier: Apache-2.0
// The adapter for PostgreSQL (ADAPTERS.md): JSON in, JSON out. Settings: `connection`, a libpq connection
// string.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "cli/json.h"
#include "provision/adapters/postgresql/memberships.h"

namespace {

using namespace grantd;
using postgresql::trouble;

constexpr size_t max_input = 256 << 10;

std::string read_all() {
  std::string text;
  std::array<char, 4096> some;
  for (ssize_t n; (n = read(STDIN_FILENO, some.data(), some.size())) > 0;) {
    text.append(some.data(), static_cast<size_t>(n));
    if (text.size() > max_input) throw trouble{"the input is too long"};
  }
  return text;
}

std::string text_of(const cli::value& object, std::string_view key) {
  const cli::value* v = object.find(key);
  if (v == nullptr || v->text() == nullptr || v->text()->empty())
    throw trouble{"the input has no " + std::string(key)};
  return *v->text();
}

cli::value work(const std::string& step, const cli::value& input) {
  const cli::value* version = input.find("version");
  if (version == nullptr || version->integer() == nullptr || *version->integer() != 1)
    throw trouble{"the input is not of version 1"};
  const cli::value* settings = input.find("settings");
  if (settings == nullptr) throw trouble{"the input has no settings"};
  const std::string connection = text_of(*settings, "connection");
  const bool list = step == "list";
  const std::string account = list ? "" : text_of(input, "account");
  const std::string role = list ? "" : text_of(input, "role");
  postgresql::database d(connection);
  cli::value answer{cli::value::object{}};
  if (step == "open") postgresql::open(d, account, role);
  if (step == "close") postgresql::close(d, account, role);
  if (!list) return answer;
  cli::value::array all;
  for (const auto& [who, what] : postgresql::list(d)) {
    cli::value one;
    one.set("account", who);
    one.set("role", what);
    all.push_back(std::move(one));
  }
  answer.set("memberships", cli::value(std::move(all)));
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string step = argc == 2 ? argv[1] : "";
  if (step != "open" && step != "close" && step != "list") {
    std::fputs("usage: postgresql open|close|list, JSON on stdin (ADAPTERS.md); grantd-provision runs it\n",
               stderr);
    return 2;
  }
  cli::value answer;
  int code = 0;
  try {
    auto input = cli::parse_json(read_all());
    if (!input) throw trouble{"the input is no JSON: " + input.error()};
    answer = work(step, *input);
  } catch (const trouble& t) {
    answer = cli::value(cli::value::object{});
    answer.set("error", t.sentence);
    code = 1;
  }
  const std::string text = cli::print_json(answer) + "\n";
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? code : 1;
}
