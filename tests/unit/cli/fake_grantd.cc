// SPDX-License-Identifier: Apache-2.0
// Serves scripted answers on a socket of the test; never more than it was told.
#include "fake_grantd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <stdexcept>

namespace grantd::test {

fake_grantd::fake_grantd(script answers) : answers_(std::move(answers)) {
  listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  path().copy(where.sun_path, sizeof where.sun_path - 1);
  int ends[2];
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0 ||
      listen(listener_.get(), 16) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
    throw std::runtime_error("fake_grantd");
  }
  stop_read_.reset(ends[0]);
  stop_write_.reset(ends[1]);
  thread_ = std::thread([this] { serve(); });
}

fake_grantd::~fake_grantd() {
  stop_write_.reset();
  thread_.join();
}

std::vector<std::string> fake_grantd::messages() {
  std::lock_guard lock(mutex_);
  return messages_;
}

void fake_grantd::serve() {
  std::vector<peer> peers;
  for (;;) {
    std::vector<pollfd> waits{{stop_read_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const peer& p : peers) waits.push_back({p.fd.get(), POLLIN, 0});
    (void)poll(waits.data(), waits.size(), -1);
    if (waits[0].revents != 0) return;
    for (size_t i = peers.size(); i > 0; --i) {
      if (waits[i + 1].revents != 0 && !talk(peers[i - 1]))
        peers.erase(peers.begin() + static_cast<long>(i) - 1);
    }
    if (waits[1].revents == 0) continue;
    base::unique_fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.valid()) peers.push_back({std::move(fd), {}});
  }
}

bool fake_grantd::talk(peer& p) {
  char buffer[4096];
  ssize_t n = recv(p.fd.get(), buffer, sizeof buffer, 0);
  if (n <= 0) return false;
  p.received.append(buffer, static_cast<size_t>(n));
  for (size_t end = 0; (end = p.received.find('\0')) != p.received.npos;) {
    std::string message = p.received.substr(0, end);
    p.received.erase(0, end + 1);
    {
      std::lock_guard lock(mutex_);
      messages_.push_back(message);
    }
    auto reply = answers_(message);
    if (!reply) return false;
    std::string_view rest = *reply;
    while (!rest.empty()) {
      ssize_t sent = send(p.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      rest.remove_prefix(static_cast<size_t>(sent));
    }
  }
  return true;
}

std::string answer(const std::string& parameters) {
  return "{\"parameters\":" + parameters + "}" + std::string(1, '\0');
}

std::string error(const std::string& name, const std::string& message, const std::string& help) {
  std::string full = name.find('.') == name.npos ? "org.grantd.Access." + name : name;
  std::string text = "{\"error\":\"" + full + "\",\"parameters\":{\"message\":\"" + message + "\"";
  if (!help.empty()) text += ",\"help\":\"" + help + "\"";
  return text + "}}" + std::string(1, '\0');
}

fake_grantd::script by_method(std::vector<std::pair<std::string, std::string>> answers) {
  return [answers = std::move(answers)](const std::string& message) -> std::optional<std::string> {
    for (const auto& [method, reply] : answers) {
      if (message.find("." + method + "\"") != message.npos) return reply;
    }
    return error("org.varlink.service.MethodNotFound", "no such method");
  };
}

}  // namespace grantd::test
