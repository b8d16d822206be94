// SPDX-License-Identifier: Apache-2.0
// grantctl stdio: speaks for one person or relay over stdin and stdout; a key's forced command. Adds no right
// of its own.
#include <fmt/format.h>

#include "base/names.h"
#include "cli/commands.h"
#include "cli/pump.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::option, "--person", "PERSON", "who asks"},
    {argument::kind::option, "--relay", "RELAY", "or the program that carries what people ask"},
};

result<exit_code> run(context& c) {
  if (c.given.has("--person") == c.given.has("--relay"))
    return refuse(exit_code::usage, "give exactly one of --person and --relay", "grantctl keys ask");
  const std::string who = c.given.has("--person") ? "person" : "relay";
  const std::string name = c.given.get("--" + who);
  if (!base::is_plain_name(name)) {
    return refuse(exit_code::usage, fmt::format("\"{}\" is no {}'s name", name, who), "grantctl people");
  }
  auto to = connection::to_socket(c.opts.socket, c.here.timeout_us, look_at("grantd", c.here));
  if (!to) return std::unexpected(std::move(to.error()));
  value parameters;
  parameters.set(who, name);
  if (auto sent = to->send(print_request("OnBehalf", std::move(parameters), false)); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  auto message = to->receive();
  if (!message) return std::unexpected(std::move(message.error()));
  if (auto a = read_answer(*message); !a) {
    // The grantctl at the other end is waiting for an answer: this is it.
    c.out.data(*message + std::string(1, '\0'));
    return a.error().code;
  }
  // The other end ends its input when it is done; how the daemon then ends is no failure of ours.
  (void)pump(c.here.in, c.here.out, to->fd(), to->surplus());
  return exit_code::done;
}

}  // namespace

const command stdio_command{
    "stdio",
    "carry the API over stdin and stdout for one person or relay (a key's forced command)",
    "Works only for the account that grantd believes names from (ask). See grantctl keys.",
    "  restrict,command=\"grantctl stdio --person alice\" ssh-ed25519 AAAA...",
    takes,
    run};

}  // namespace grantd::cli
