// SPDX-License-Identifier: Apache-2.0
// Tells the service manager how it goes.
#include "service/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/time.h"
#include "base/unique_fd.h"

namespace grantd::service {
namespace {

std::string take(const char* name) {
  const char* v = std::getenv(name);
  std::string value = v == nullptr ? "" : v;
  unsetenv(name);
  return value;
}

}  // namespace

notify::notify() : path_(take("NOTIFY_SOCKET")) {
  std::string us = take("WATCHDOG_USEC");
  std::string pid = take("WATCHDOG_PID");
  if (!pid.empty() && pid != std::to_string(getpid())) return;
  int64_t n = 0;
  auto [end, error] = std::from_chars(us.data(), us.data() + us.size(), n);
  if (error == std::errc{} && end == us.data() + us.size() && n > 0 && n < int64_t{1} << 50) {
    watchdog_ns_ = n * base::ns_per_us / 2;
  }
}

void notify::send(std::string_view state) const {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path_.size() < 2 || path_.size() >= sizeof to.sun_path || (path_[0] != '/' && path_[0] != '@')) return;
  std::memcpy(to.sun_path, path_.data(), path_.size());
  if (path_[0] == '@') to.sun_path[0] = '\0';
  base::unique_fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return;
  auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size() + (path_[0] == '/' ? 1 : 0));
  (void)!sendto(fd.get(), state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                reinterpret_cast<const sockaddr*>(&to), size);
}

}  // namespace grantd::service
