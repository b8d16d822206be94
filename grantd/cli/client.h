// SPDX-License-Identifier: Apache-2.0
// Varlink calls to grantd (PROTOCOL section 3).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/connection.h"
#include "cli/value.h"

namespace grantd::cli {

class client {
 public:
  explicit client(connection to) : connection_(std::move(to)) {}

  // The answer's parameters (an object), or the refusal its error stands for. A `method` without a dot is one
  // of org.grantd.Access. `parameters` is an object or null.
  [[nodiscard]] result<value> call(std::string_view method, value parameters = {});

  // With `more`: `take` gets each answer's parameters and says whether to go on. Ends well when the daemon
  // says that nothing continues or `take` says stop.
  [[nodiscard]] result<void> stream(std::string_view method, value parameters,
                                    const std::function<result<bool>(const value&)>& take);

  [[nodiscard]] connection& raw() { return connection_; }

 private:
  connection connection_;
};

// One answer as it came: its parameters, and whether more follow.
struct answer {
  value parameters;
  bool continues = false;
};
[[nodiscard]] result<answer> read_answer(std::string_view message);

// The method's full name.
[[nodiscard]] std::string full_method(std::string_view method);

// The request as it goes over the wire, without its NUL.
[[nodiscard]] std::string print_request(std::string_view method, value parameters, bool more);

}  // namespace grantd::cli
