// SPDX-License-Identifier: Apache-2.0
// grantctl call: any method of the API, for scripts. JSON in, JSON out, as PROTOCOL.md has them.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/commands.h"
#include "cli/json.h"

namespace grantd::cli {
namespace {

constexpr size_t max_input = 1 << 20;

constexpr argument takes[] = {
    {argument::kind::positional, "method", "METHOD", "Grant, or org.varlink.service.GetInfo", true},
    {argument::kind::positional, "json", "JSON", "the parameters, an object; \"-\": read them from stdin"},
    {argument::kind::flag, "--more", "", "a stream of answers, one a line"},
};

result<std::string> read_all(int fd) {
  std::string text;
  char buffer[16384];
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(exit_code::usage, fmt::format("cannot read stdin: {}", std::strerror(errno)));
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > max_input) return refuse(exit_code::usage, "the parameters on stdin are too long");
  }
}

result<exit_code> run(context& c) {
  std::string method = c.given.get("method");
  for (char letter : method) {
    bool fits = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                (letter >= '0' && letter <= '9') || letter == '.' || letter == '-';
    if (!fits)
      return refuse(exit_code::usage, fmt::format("\"{}\" is no method", method), "grantctl call --help");
  }
  std::string text = c.given.get("json");
  if (text == "-") {
    auto read = read_all(c.here.in);
    if (!read) return std::unexpected(std::move(read.error()));
    text = std::move(*read);
  }
  value parameters;
  if (!text.empty()) {
    auto parsed = parse_json(text);
    if (!parsed)
      return refuse(exit_code::usage, fmt::format("the parameters are {}", parsed.error()),
                    "grantctl call --help");
    if (parsed->members() == nullptr)
      return refuse(exit_code::usage, "the parameters are no JSON object", "grantctl call --help");
    parameters = std::move(*parsed);
  }
  if (c.given.has("--more")) {
    auto api = c.api();
    if (!api) return std::unexpected(std::move(api.error()));
    auto done = (*api)->stream(method, std::move(parameters), [&](const value& answer) -> result<bool> {
      c.out.data(print_json(answer) + "\n");
      return !c.out.gone() && c.out.error() == 0;
    });
    if (!done) return std::unexpected(std::move(done.error()));
    return exit_code::done;
  }
  auto answer = c.ask(method, std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  c.out.data(print_json(*answer) + "\n");
  return exit_code::done;
}

}  // namespace

const command call_command{
    "call",
    "call a method of the API",
    "A method without a dot is one of org.grantd.Access. The answer's parameters go to stdout\n"
    "as they came (microseconds stay microseconds). -o changes nothing here.",
    "  grantctl call Status\n"
    "  grantctl call Grant '{\"person\":\"alice\",\"resource\":\"orders-db\"}'\n"
    "  grantctl call org.varlink.service.GetInfo",
    takes,
    run,
    true};

}  // namespace grantd::cli
