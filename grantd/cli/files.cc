// SPDX-License-Identifier: Apache-2.0
// Opens, reads and writes with the reason of a failure in words.
#include "cli/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/unique_fd.h"

namespace grantd::cli {

std::expected<std::string, std::string> read_file(const std::string& path, size_t most, int in) {
  base::unique_fd opened;
  int fd = in;
  if (path != "-" || in < 0) {
    opened.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!opened.valid())
      return std::unexpected(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    fd = opened.get();
  }
  std::string text;
  char buffer[16384];
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > most) return std::unexpected(fmt::format("{} has more than {} bytes", path, most));
  }
}

std::expected<void, std::string> write_new_file(const std::string& path, std::string_view bytes) {
  base::unique_fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return std::unexpected(fmt::format("cannot make {}: {}", path, std::strerror(errno)));
  while (!bytes.empty()) {
    ssize_t n = write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

std::expected<private_directory, std::string> private_directory::make(const std::string& where) {
  std::string path = where + "/grantctl-XXXXXX";
  if (mkdtemp(path.data()) == nullptr)
    return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  return private_directory(path);
}

private_directory::~private_directory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace grantd::cli
