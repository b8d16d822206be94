// SPDX-License-Identifier: Apache-2.0
// The connection to grantd.
#include "provision/link.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "cli/json.h"

namespace grantd::provision {
namespace {

constexpr size_t max_message = 1 << 20;  // of grantd's; ours stay below the least limits.message_bytes
constexpr size_t max_found_bytes = 600;

std::expected<told, std::string> read_work(const cli::value& parameters) {
  auto text = [&](std::string_view key) -> std::string {
    const cli::value* v = parameters.find(key);
    return v == nullptr || v->text() == nullptr ? "" : *v->text();
  };
  const cli::value* number = parameters.find("work");
  told t{text("system"), {0, text("step"), {text("account"), text("role")}}};
  if (number != nullptr && number->integer() != nullptr && *number->integer() > 0)
    t.what.number = static_cast<uint64_t>(*number->integer());
  const bool list = t.what.step == "list";
  const bool whole = list || ((t.what.step == "open" || t.what.step == "close") &&
                              !t.what.of.account.empty() && !t.what.of.role.empty());
  if (t.what.number == 0 || t.system.empty() || !whole) return std::unexpected("work that makes no sense");
  if (list) t.what.of = {};
  return t;
}

std::expected<told, std::string> read_message(std::string_view bytes) {
  auto message = cli::parse_json(bytes);
  if (!message) return std::unexpected("grantd says what is no JSON: " + message.error());
  const cli::value* parameters = message->find("parameters");
  if (const cli::value* error = message->find("error"); error != nullptr && error->text() != nullptr) {
    const cli::value* why = parameters == nullptr ? nullptr : parameters->find("message");
    return std::unexpected(fmt::format(
        "grantd refuses: {}", why != nullptr && why->text() != nullptr ? *why->text() : *error->text()));
  }
  if (parameters == nullptr) return std::unexpected("an answer without parameters");
  return read_work(*parameters);
}

cli::value item(const membership& m) {
  cli::value v;
  v.set("account", m.account);
  v.set("role", m.role);
  return v;
}

}  // namespace

std::expected<void, std::string> link::connect() {
  drop();
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof where.sun_path)
    return std::unexpected(socket_ + ": too long for a socket's path");
  socket_.copy(where.sun_path, socket_.size());
  fd_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_.valid() || ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
    const int e = errno;
    drop();
    return std::unexpected(fmt::format("cannot reach grantd at {}: {}", socket_, std::strerror(e)));
  }
  cli::value::array names;
  for (const std::string& name : systems_) names.emplace_back(name);
  cli::value parameters;
  parameters.set("systems", cli::value(std::move(names)));
  call("Provision", std::move(parameters), "more");
  return {};
}

void link::drop() {
  fd_.reset();
  in_.clear();
  out_.clear();
  sent_ = 0;
}

void link::call(std::string_view method, cli::value parameters, std::string_view how) {
  if (!fd_.valid()) return;
  cli::value v;
  v.set("method", fmt::format("org.grantd.Access.{}", method));
  v.set("parameters", std::move(parameters));
  v.set(how, true);
  out_ += cli::print_json(v);
  out_ += '\0';
}

bool link::flush() {
  while (has_output()) {
    ssize_t n = send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    sent_ += static_cast<size_t>(n);
  }
  out_.clear();
  sent_ = 0;
  return true;
}

std::expected<std::vector<told>, std::string> link::receive() {
  std::array<char, 65536> some;
  ssize_t n = recv(fd_.get(), some.data(), some.size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return std::vector<told>{};
  if (n <= 0) return std::unexpected("grantd hung up");
  in_.append(some.data(), static_cast<size_t>(n));
  std::vector<told> all;
  for (size_t end = in_.find('\0'); end != in_.npos; end = in_.find('\0')) {
    auto t = read_message(std::string_view(in_).substr(0, end));
    if (!t) return std::unexpected(std::move(t.error()));
    all.push_back(std::move(*t));
    in_.erase(0, end + 1);
  }
  if (in_.size() > max_message) return std::unexpected("grantd says a message without end");
  return all;
}

void link::done(uint64_t number) {
  cli::value v;
  v.set("work", static_cast<int64_t>(number));
  call("Provisioned", std::move(v), "oneway");
}

void link::failed(uint64_t number, const std::string& why) {
  cli::value v;
  v.set("work", static_cast<int64_t>(number));
  v.set("error", why);
  call("Provisioned", std::move(v), "oneway");
}

// In parts: a message of ours is never too long for a grantd with the least limits.
void link::found(uint64_t number, const std::vector<membership>& all) {
  for (size_t next = 0; next < all.size() || next == 0;) {
    cli::value::array part;
    for (size_t bytes = 0; next < all.size() && (part.empty() || bytes < max_found_bytes / 2); ++next) {
      bytes += 2 * (all[next].account.size() + all[next].role.size()) + 30;
      part.push_back(item(all[next]));
    }
    cli::value v;
    v.set("work", static_cast<int64_t>(number));
    v.set("found", cli::value(std::move(part)));
    if (next < all.size()) v.set("partial", true);
    call("Provisioned", std::move(v), "oneway");
    if (all.empty()) return;
  }
}

}  // namespace grantd::provision
