// SPDX-License-Identifier: Apache-2.0
// Turns error answers into exit codes and words. Pure.
#include "cli/refusal.h"

#include <fmt/format.h>

namespace grantd::cli {
namespace {

constexpr std::string_view own_errors = "org.grantd.Access.";
// Who is it that answers there?
constexpr std::string_view identify_help = "grantctl call org.varlink.service.GetInfo";
constexpr std::string_view varlink_errors = "org.varlink.service.";

exit_code code_of(std::string_view error) {
  if (error.starts_with(varlink_errors)) return exit_code::usage;
  if (!error.starts_with(own_errors)) return exit_code::unreachable;
  error.remove_prefix(own_errors.size());
  if (error == "BadMessage") return exit_code::usage;
  if (error == "NotAllowed" || error == "NotApprover") return exit_code::not_allowed;
  if (error == "NotDurable") return exit_code::not_durable;
  return exit_code::no;
}

std::string text_of(const value& parameters, std::string_view key) {
  const value* v = parameters.find(key);
  const std::string* text = v == nullptr ? nullptr : v->text();
  return text == nullptr ? std::string() : *text;
}

}  // namespace

refusal refusal_of_error(std::string_view error, const value& parameters) {
  std::string message = text_of(parameters, "message");
  if (error == "org.varlink.service.InvalidParameter") {
    std::string parameter = text_of(parameters, "parameter");
    if (message.empty()) message = fmt::format("grantd does not take this value of \"{}\"", parameter);
  } else if (error == "org.varlink.service.MethodNotFound" ||
             error == "org.varlink.service.MethodNotImplemented") {
    if (message.empty()) message = fmt::format("grantd has no method {}", text_of(parameters, "method"));
  }
  if (message.empty()) message = fmt::format("grantd answered {}", error);
  exit_code code = code_of(error);
  std::string help = text_of(parameters, "help");
  if (help.empty() && code == exit_code::unreachable) help = identify_help;
  return {code, std::move(message), std::move(help)};
}

refusal bad_answer(std::string_view what) {
  return {exit_code::unreachable, fmt::format("grantd's answer is not to be understood: {}", what),
          std::string(identify_help)};
}

}  // namespace grantd::cli
