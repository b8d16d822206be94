// SPDX-License-Identifier: Apache-2.0
// Varlink messages: bytes to calls, replies to bytes. No I/O.
#include "daemon/varlink.h"

namespace grantd::daemon {

std::expected<call, std::string> decode_call(std::string_view message) {
  auto parsed = json::parse(message);
  if (!parsed) return std::unexpected(parsed.error());
  const auto* members = parsed->members();
  if (members == nullptr) return std::unexpected("not an object");
  call c;
  bool named = false;
  for (const auto& [key, v] : *members) {
    bool* flag = key == "more"      ? &c.more
                 : key == "oneway"  ? &c.oneway
                 : key == "upgrade" ? &c.upgrade
                                    : nullptr;
    if (flag != nullptr) {
      if (v.boolean() == nullptr) return std::unexpected("\"" + key + "\" is not true or false");
      *flag = *v.boolean();
    } else if (key == "method") {
      if (v.text() == nullptr) return std::unexpected("\"method\" is not a string");
      c.method = *v.text();
      named = true;
    } else if (key == "parameters") {
      if (v.members() == nullptr) return std::unexpected("\"parameters\" is not an object");
      c.parameters = v;
    } else {
      return std::unexpected("unknown key beside \"method\"");
    }
  }
  if (!named) return std::unexpected("no \"method\"");
  if (c.more && c.oneway) return std::unexpected("both \"more\" and \"oneway\"");
  return c;
}

reply refusal(std::string_view name, std::string message, std::string help) {
  reply r;
  r.error = "org.grantd.Access." + std::string(name);
  r.parameters.set("message", std::move(message));
  if (!help.empty()) r.parameters.set("help", std::move(help));
  return r;
}

reply invalid_parameter(std::string_view parameter, std::string message) {
  reply r;
  r.error = "org.varlink.service.InvalidParameter";
  r.parameters.set("parameter", parameter);
  if (!message.empty()) r.parameters.set("message", std::move(message));
  return r;
}

std::string encode(const reply& r) {
  std::string out = "{";
  if (!r.ok()) out += "\"error\":" + json::value(r.error).print() + ",";
  out += "\"parameters\":";
  if (r.parameters.members() == nullptr) {
    out += "{}";
  } else {
    r.parameters.print_to(out);
  }
  if (r.continues) out += ",\"continues\":true";
  out += '}';
  out += '\0';
  return out;
}

std::optional<std::string_view> framer::next() {
  if (too_long_) return std::nullopt;
  if (start_ == buffer_.size() && start_ != 0) {
    buffer_.clear();
    start_ = 0;
    if (buffer_.capacity() > 4096) buffer_.shrink_to_fit();
  }
  size_t end = buffer_.find('\0', start_);
  size_t size = (end == std::string::npos ? buffer_.size() : end) - start_;
  if (size >= max_) {
    too_long_ = true;
    return std::nullopt;
  }
  if (end == std::string::npos) {
    if (start_ != 0) {  // what is left is the beginning of one message: move it to the front
      buffer_.erase(0, start_);
      start_ = 0;
    }
    return std::nullopt;
  }
  std::string_view message(buffer_.data() + start_, size);
  start_ = end + 1;
  return message;
}

bool framer::has_message() const {
  return !too_long_ && (buffer_.find('\0', start_) != std::string::npos || waiting() >= max_);
}

}  // namespace grantd::daemon
