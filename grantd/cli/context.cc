// SPDX-License-Identifier: Apache-2.0
// What every subcommand needs of its surroundings: a client, the caller's name, one way to print.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/times.h"

namespace grantd::cli {

std::string look_at(std::string_view service, const surroundings& here) {
  if (access(here.systemd.c_str(), F_OK) == 0) return fmt::format("systemctl status {}", service);
  return service == "grantd" ? "grantd -t" : fmt::format("pgrep -a -f {}", service);
}

result<client> context::connect() const {
  if (opts.host.empty()) {
    auto c = connection::to_socket(opts.socket, here.timeout_us, look_at("grantd", here));
    if (!c) return std::unexpected(std::move(c.error()));
    return client(std::move(*c));
  }
  auto to = parse_address(opts.host);
  if (!to) return refuse(exit_code::usage, to.error(), "grantctl --host ssh://ask@host status");
  std::string program = here.environment("GRANTD_SSH").value_or("ssh");
  auto c = connection::through_ssh(program, *to, here.timeout_us, here.ssh_patience_us);
  if (!c) return std::unexpected(std::move(c.error()));
  return client(std::move(*c));
}

result<client*> context::api() {
  if (client_) return &*client_;
  auto c = connect();
  if (!c) return std::unexpected(std::move(c.error()));
  client_.emplace(std::move(*c));
  return &*client_;
}

result<value> context::ask(std::string_view method, value parameters) {
  auto c = api();
  if (!c) return std::unexpected(std::move(c.error()));
  return (*c)->call(method, std::move(parameters));
}

result<std::string> context::caller() {
  auto status = ask("Status");
  if (!status) return std::unexpected(std::move(status.error()));
  const value* person = status->find("person");
  if (person == nullptr || person->null()) {
    return refuse(exit_code::not_allowed, "your account belongs to no person of the policy",
                  "grantctl explain PERSON RESOURCE");
  }
  if (person->text() == nullptr) return std::unexpected(bad_answer("\"person\" is no string"));
  return *person->text();
}

void context::print_document(const value& parameters) { out.data(print_json(with_times(parameters)) + "\n"); }

std::string context::time_text(int64_t us) const { return print_time({us}, here.now(), here.local); }

}  // namespace grantd::cli
