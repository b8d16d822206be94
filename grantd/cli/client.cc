// SPDX-License-Identifier: Apache-2.0
// Speaks varlink over a connection; believes nothing of an answer that it did not check.
#include "cli/client.h"

#include <fmt/format.h>

#include "cli/json.h"

namespace grantd::cli {

std::string full_method(std::string_view method) {
  if (method.find('.') != method.npos) return std::string(method);
  return fmt::format("org.grantd.Access.{}", method);
}

std::string print_request(std::string_view method, value parameters, bool more) {
  value request;
  request.set("method", full_method(method));
  request.set("parameters", parameters.null() ? value(value::object{}) : std::move(parameters));
  if (more) request.set("more", true);
  return print_json(request);
}

result<answer> read_answer(std::string_view message) {
  auto parsed = parse_json(message);
  if (!parsed) return std::unexpected(bad_answer(parsed.error()));
  if (parsed->members() == nullptr) return std::unexpected(bad_answer("it is no object"));
  const value* parameters = parsed->find("parameters");
  if (parameters != nullptr && parameters->members() == nullptr && !parameters->null()) {
    return std::unexpected(bad_answer("\"parameters\" is no object"));
  }
  if (const value* error = parsed->find("error"); error != nullptr) {
    if (error->text() == nullptr) return std::unexpected(bad_answer("\"error\" is no string"));
    return std::unexpected(refusal_of_error(*error->text(), parameters == nullptr ? value() : *parameters));
  }
  answer a;
  a.parameters = parameters == nullptr || parameters->null() ? value(value::object{}) : *parameters;
  if (const value* continues = parsed->find("continues"); continues != nullptr) {
    if (continues->boolean() == nullptr) return std::unexpected(bad_answer("\"continues\" is no boolean"));
    a.continues = *continues->boolean();
  }
  return a;
}

result<value> client::call(std::string_view method, value parameters) {
  if (auto sent = connection_.send(print_request(method, std::move(parameters), false)); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  auto message = connection_.receive();
  if (!message) return std::unexpected(std::move(message.error()));
  auto a = read_answer(*message);
  if (!a) return std::unexpected(std::move(a.error()));
  if (a->continues) return std::unexpected(bad_answer("it continues though one answer was asked for"));
  return std::move(a->parameters);
}

result<void> client::stream(std::string_view method, value parameters,
                            const std::function<result<bool>(const value&)>& take) {
  if (auto sent = connection_.send(print_request(method, std::move(parameters), true)); !sent) return sent;
  for (;;) {
    auto message = connection_.receive(true);
    if (!message) return std::unexpected(std::move(message.error()));
    auto a = read_answer(*message);
    if (!a) return std::unexpected(std::move(a.error()));
    auto go_on = take(a->parameters);
    if (!go_on) return std::unexpected(std::move(go_on.error()));
    if (!*go_on || !a->continues) return {};
  }
}

}  // namespace grantd::cli
