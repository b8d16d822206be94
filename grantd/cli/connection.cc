// SPDX-License-Identifier: Apache-2.0
// Moves bytes under deadlines; a peer that is absent, silent or endless becomes a refusal, never a hang.
#include "cli/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/clock.h"

namespace grantd::cli {
namespace {

int64_t from_now(int64_t us) { return base::boot_now().ns + us * base::ns_per_us; }

}  // namespace

connection::connection(base::unique_fd fd, std::string name, std::string help, int64_t timeout_us)
    : fd_(std::move(fd)),
      name_(std::move(name)),
      help_(std::move(help)),
      timeout_us_(timeout_us),
      first_timeout_us_(timeout_us) {}

connection::connection(connection&& other) noexcept
    : fd_(std::move(other.fd_)),
      ssh_(std::exchange(other.ssh_, -1)),
      name_(std::move(other.name_)),
      help_(std::move(other.help_)),
      timeout_us_(other.timeout_us_),
      first_timeout_us_(other.first_timeout_us_),
      received_(std::move(other.received_)),
      searched_(other.searched_) {}

result<connection> connection::to_socket(const std::string& path, int64_t timeout_us,
                                         const std::string& help) {
  auto unreachable = [&](std::string_view why) {
    return refuse(exit_code::unreachable,
                  fmt::format("cannot reach grantd at {}: {}; is grantd running?", path, why), help);
  };
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof where.sun_path) {
    return refuse(exit_code::usage,
                  fmt::format("\"{}\" is no socket's path: 1 to {} bytes", path, sizeof where.sun_path - 1));
  }
  path.copy(where.sun_path, path.size());
  base::unique_fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return unreachable(std::strerror(errno));
  // A full backlog makes connect wait; it honours the send timeout (unix(7), socket(7)).
  timeval wait{timeout_us / base::us_per_s, timeout_us % base::us_per_s};
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  int rc = 0;
  do {
    rc = connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where);
  } while (rc != 0 && errno == EINTR);
  if (rc != 0)
    return unreachable(errno == EAGAIN ? "it takes no connections just now" : std::strerror(errno));
  return connection(std::move(fd), path, help, timeout_us);
}

refusal connection::lost(std::string_view why) {
  return {exit_code::unreachable, fmt::format("grantd at {}: {}", name_, why), help_};
}

result<void> connection::wait(short events, std::optional<int64_t> deadline_ns) {
  for (;;) {
    int left_ms = -1;
    if (deadline_ns) {
      int64_t ms = (*deadline_ns - base::boot_now().ns + 999'999) / 1'000'000;
      if (ms <= 0) return std::unexpected(lost("no answer in time"));
      left_ms = static_cast<int>(std::min<int64_t>(ms, std::numeric_limits<int>::max()));
    }
    pollfd p{fd_.get(), events, 0};
    int n = poll(&p, 1, left_ms);
    if (n > 0) return {};
    if (n < 0 && errno != EINTR) return std::unexpected(lost(std::strerror(errno)));
  }
}

result<void> connection::send(std::string_view message) {
  std::string bytes(message);
  bytes += '\0';
  std::string_view rest = bytes;
  int64_t deadline = from_now(first_timeout_us_);
  while (!rest.empty()) {
    ssize_t n = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      rest.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      if (auto ready = wait(POLLOUT, deadline); !ready) return ready;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // receive() finds the answer that came before, or says that none did
    } else if (errno != EINTR) {
      return std::unexpected(lost(std::strerror(errno)));
    }
  }
  return {};
}

bool connection::heard_within(int64_t us) {
  return received_.find('\0') != received_.npos || wait(POLLIN, from_now(us)).has_value();
}

result<std::string> connection::receive(bool forever) {
  std::optional<int64_t> deadline;
  if (!forever) deadline = from_now(first_timeout_us_);
  for (;;) {
    size_t end = received_.find('\0', searched_);
    if (end != received_.npos) {
      std::string message = received_.substr(0, end);
      received_.erase(0, end + 1);
      searched_ = 0;
      first_timeout_us_ = timeout_us_;
      return message;
    }
    searched_ = received_.size();
    if (received_.size() > max_answer_bytes) return std::unexpected(bad_answer("it is too long"));
    char buffer[65536];
    ssize_t n = recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n > 0) {
      received_.append(buffer, static_cast<size_t>(n));
    } else if (n == 0 || errno == ECONNRESET) {  // reset: it went without reading what we sent
      if (!received_.empty()) return std::unexpected(lost("hung up in the middle of an answer"));
      return std::unexpected(lost(ssh_ > 0 ? "ssh ended without an answer" : "hung up without an answer"));
    } else if (errno == EAGAIN) {
      if (auto ready = wait(POLLIN, deadline); !ready) return std::unexpected(std::move(ready.error()));
    } else if (errno != EINTR) {
      return std::unexpected(lost(std::strerror(errno)));
    }
  }
}

}  // namespace grantd::cli
