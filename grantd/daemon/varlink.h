// SPDX-License-Identifier: Apache-2.0
// Varlink messages (PROTOCOL.md section 3): bytes to calls, replies to bytes. Pure; untrusted bytes; fuzzed.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/json.h"

namespace grantd::daemon {

struct call {
  std::string method;      // "org.grantd.Access.Grant"
  json::value parameters;  // an object, or null when absent
  bool more = false;
  bool oneway = false;
  bool upgrade = false;
};

// One message without its NUL. The error is a few words; the connection is then of no more use.
[[nodiscard]] std::expected<call, std::string> decode_call(std::string_view message);

struct reply {
  std::string error;  // empty: success; else the full name
  json::value parameters;
  bool continues = false;

  [[nodiscard]] bool ok() const { return error.empty(); }
};

// org.grantd.Access.<name> with `message` and, unless empty, `help`.
[[nodiscard]] reply refusal(std::string_view name, std::string message, std::string help = {});
// org.varlink.service.InvalidParameter; `message` says what would be right.
[[nodiscard]] reply invalid_parameter(std::string_view parameter, std::string message = {});

// With its NUL.
[[nodiscard]] std::string encode(const reply& r);

// Cuts a byte stream into messages. Holds at most one unfinished message and what came with it.
class framer {
 public:
  explicit framer(size_t max_message) : max_(max_message) {}
  void add(std::string_view bytes) { buffer_ += bytes; }
  // The next message without its NUL; it lives until the next call. Nothing: wait for more, or too_long().
  [[nodiscard]] std::optional<std::string_view> next();
  // An unfinished message (or the one next() stopped at) is longer than allowed.
  [[nodiscard]] bool too_long() const { return too_long_; }
  [[nodiscard]] bool has_message() const;
  [[nodiscard]] size_t held() const { return buffer_.capacity(); }
  [[nodiscard]] size_t waiting() const { return buffer_.size() - start_; }

 private:
  size_t max_;
  std::string buffer_;
  size_t start_ = 0;  // of the next message
  bool too_long_ = false;
};

}  // namespace grantd::daemon
