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
#include <cstring>

#include "service/handed_over.h"

namespace grantd::daemon {
namespace {

constexpr int backlog = 4096;

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

std::expected<void, std::string> take_handed_over(listeners& out) {
  auto handed = service::take_handed_over();
  if (!handed) return std::unexpected(handed.error());
  for (service::handed_over& h : *handed) {
    const bool stream = h.type == SOCK_STREAM && h.listening && h.name != "report.sock";
    const bool datagram = h.type == SOCK_DGRAM && h.name != "api.sock";
    base::unique_fd* place = stream ? &out.api : datagram ? &out.report : nullptr;
    if (place == nullptr || place->valid()) {
      return std::unexpected(
          fmt::format("descriptor {} ({}) of LISTEN_FDS is neither a listening stream socket for "
                      "api.sock nor a datagram socket for report.sock",
                      h.fd.get(), h.name));
    }
    *place = std::move(h.fd);
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
    return fmt::format(
        "{} belongs to uid {}, and this runs as uid {}: start grantd as the user grantd, or chown {}", path,
        s.st_uid, geteuid(), path);
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
