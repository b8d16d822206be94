// SPDX-License-Identifier: Apache-2.0
// Takes what sd_listen_fds(3) describes. Anything unexpected is refused.
#include "service/handed_over.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace grantd::service {
namespace {

constexpr int first = 3;  // SD_LISTEN_FDS_START
constexpr int most = 16;

int option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

std::string take(const char* name) {
  const char* value = std::getenv(name);
  std::string out = value == nullptr ? "" : value;
  unsetenv(name);
  return out;
}

}  // namespace

std::expected<std::vector<handed_over>, std::string> take_handed_over() {
  const std::string pid = take("LISTEN_PID");
  const std::string count = take("LISTEN_FDS");
  std::string names = take("LISTEN_FDNAMES");
  std::vector<handed_over> out;
  if (count.empty() || pid != std::to_string(getpid())) return out;
  int n = 0;
  auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), n);
  if (error != std::errc{} || end != count.data() + count.size() || n < 0 || n > most) {
    return std::unexpected("LISTEN_FDS is not a small number");
  }
  for (int fd = first; fd < first + n; ++fd) {
    const std::string name = names.substr(0, names.find(':'));
    names.erase(0, names.find(':') == std::string::npos ? names.size() : name.size() + 1);
    if (option(fd, SO_DOMAIN) != AF_UNIX) {
      return std::unexpected("descriptor " + std::to_string(fd) + " (" + name +
                             ") of LISTEN_FDS is no Unix socket");
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    out.push_back({base::unique_fd(fd), name, option(fd, SO_TYPE), option(fd, SO_ACCEPTCONN) == 1});
  }
  return out;
}

}  // namespace grantd::service
