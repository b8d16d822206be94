// SPDX-License-Identifier: Apache-2.0
// api.sock and report.sock.
#include "daemon/listener.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace grantd::daemon {
namespace {

constexpr int first_listen_fd = 3;  // SD_LISTEN_FDS_START
constexpr int backlog = 4096;

int option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

std::expected<base::unique_fd, std::string> bind_one(const std::string& path, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return std::unexpected(path + ": longer than a socket's path may be");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat old{};
  if (lstat(path.c_str(), &old) == 0) {
    if (!S_ISSOCK(old.st_mode)) return std::unexpected(path + " is there and is not a socket: remove it");
    unlink(path.c_str());
  }
  base::unique_fd fd(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  auto failed = [&](const char* what) {
    return std::unexpected(fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
  };
  if (!fd.valid()) return failed("socket");
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return failed("bind");
  if (chmod(path.c_str(), 0666) != 0) return failed("chmod");
  if (type == SOCK_STREAM && listen(fd.get(), backlog) != 0) return failed("listen");
  return fd;
}

// Takes what sd_listen_fds(3) describes. Anything unexpected is refused: an open descriptor is a right.
std::expected<void, std::string> take_handed_over(listeners& out) {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  int n = 0;
  if (pid != nullptr && count != nullptr && pid == std::to_string(getpid())) {
    std::string_view text(count);
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{} || end != text.data() + text.size() || n < 0 || n > 16) {
      return std::unexpected("LISTEN_FDS is not a small number");
    }
  }
  const char* listed = std::getenv("LISTEN_FDNAMES");
  std::string names = listed == nullptr ? "" : listed;
  unsetenv("LISTEN_PID");
  unsetenv("LISTEN_FDS");
  unsetenv("LISTEN_FDNAMES");
  for (int fd = first_listen_fd; fd < first_listen_fd + n; ++fd) {
    std::string name = names.substr(0, names.find(':'));
    names.erase(0, names.find(':') == std::string::npos ? names.size() : name.size() + 1);
    int type = option(fd, SO_TYPE);
    bool named_api = name == "api.sock";
    bool named_report = name == "report.sock";
    bool stream = type == SOCK_STREAM && option(fd, SO_ACCEPTCONN) == 1;
    bool datagram = type == SOCK_DGRAM;
    base::unique_fd* place = stream && !named_report  ? &out.api
                             : datagram && !named_api ? &out.report
                                                      : nullptr;
    if (option(fd, SO_DOMAIN) != AF_UNIX || place == nullptr || place->valid()) {
      return std::unexpected(
          fmt::format("descriptor {} ({}) of LISTEN_FDS is neither a listening stream socket for "
                      "api.sock nor a datagram socket for report.sock",
                      fd, name));
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    place->reset(fd);
  }
  return {};
}

}  // namespace

std::string check_run_directory(const std::string& path) {
  struct stat s{};
  if (stat(path.c_str(), &s) != 0) {
    return fmt::format("{}: {}; make it with: install -d -m 0755 -o grantd -g grantd {}", path,
                       std::strerror(errno), path);
  }
  if (!S_ISDIR(s.st_mode)) return path + " is not a directory";
  if (s.st_uid != geteuid() && s.st_uid != 0) {
    return fmt::format("{} belongs to uid {}, not to us: chown grantd:grantd {}", path, s.st_uid, path);
  }
  if ((s.st_mode & 022) != 0) {
    return fmt::format("{} is writable by group or others, so nobody would believe its table: chmod 0755 {}",
                       path, path);
  }
  return {};
}

std::expected<listeners, std::string> open_listeners(const std::string& run) {
  listeners out;
  if (auto taken = take_handed_over(out); !taken) return std::unexpected(taken.error());
  if (!out.api.valid()) {
    auto made = bind_one(run + "/api.sock", SOCK_STREAM);
    if (!made) return std::unexpected(made.error());
    out.api = std::move(*made);
  }
  if (!out.report.valid()) {
    auto made = bind_one(run + "/report.sock", SOCK_DGRAM);
    if (!made) return std::unexpected(made.error());
    out.report = std::move(*made);
  }
  int on = 1;
  if (setsockopt(out.report.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
    return std::unexpected(std::string("report.sock: SO_PASSCRED: ") + std::strerror(errno));
  }
  return out;
}

}  // namespace grantd::daemon
