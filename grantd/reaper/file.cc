// SPDX-License-Identifier: Apache-2.0
// Reads and replaces small files.
#include "reaper/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/unique_fd.h"

namespace grantd::reaper {

std::optional<std::string> read_at(int directory, const char* name) {
  base::unique_fd fd(openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) return {};
  std::string out;
  std::array<char, 4096> piece;
  for (;;) {
    ssize_t n = read(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || out.size() > max_file_bytes) return {};
    if (n == 0) return out;
    out.append(piece.data(), static_cast<size_t>(n));
  }
}

int replace_file(const std::string& path, const std::string& bytes) {
  const std::string fresh = path + ".new";
  (void)unlink(fresh.c_str());
  base::unique_fd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return errno;
  for (size_t done = 0; done < bytes.size();) {
    ssize_t n = write(fd.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      int error = n < 0 ? errno : EIO;
      (void)unlink(fresh.c_str());
      return error;
    }
    done += static_cast<size_t>(n);
  }
  return std::rename(fresh.c_str(), path.c_str()) == 0 ? 0 : errno;
}

}  // namespace grantd::reaper
