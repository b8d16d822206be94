// SPDX-License-Identifier: Apache-2.0
// This host's signing key in its file.
#include "daemon/node_key_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>

#include "base/names.h"
#include "base/unique_fd.h"

namespace grantd::daemon {
namespace {

using proof::node_key;
constexpr size_t max_verifier = 512;

// Wiped when it goes.
struct secret_seed {
  node_key::seed bytes{};
  secret_seed() = default;
  secret_seed(const secret_seed&) = delete;
  secret_seed& operator=(const secret_seed&) = delete;
  ~secret_seed() { explicit_bzero(bytes.data(), bytes.size()); }
};

std::unexpected<std::string> failed(const std::string& path, std::string_view why) {
  return std::unexpected(fmt::format("{}: {}", path, why));
}
std::unexpected<std::string> failed(const std::string& path) { return failed(path, std::strerror(errno)); }

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A whole file by a name of its own, then under `path`; durable when it returns true. errno is set otherwise.
bool keep(const std::string& path, std::span<const uint8_t> bytes, mode_t mode, unsigned rename_flags) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());  // of a crash; nobody has used it
  {
    base::unique_fd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    bool written = fd.valid() &&
                   write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
                   fchmod(fd.get(), mode) == 0 && fsync(fd.get()) == 0;
    if (!written) return false;
  }
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), rename_flags) != 0) return false;
  base::unique_fd directory(open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.valid() && fsync(directory.get()) == 0;
}

std::expected<node_key, std::string> load(const std::string& path, int fd) {
  struct stat s{};
  if (fstat(fd, &s) != 0) return failed(path);
  if (!S_ISREG(s.st_mode)) return failed(path, "not a regular file");
  if (s.st_uid != geteuid()) {
    return failed(path, fmt::format("belongs to uid {}, not to uid {}: chown it", s.st_uid, geteuid()));
  }
  if ((s.st_mode & 077) != 0) {
    return failed(path, fmt::format("others may use it, so that it proves nothing: chmod 0600 {}; better "
                                    "move it and {}{} away, and a new one is made",
                                    path, path, verifier_suffix));
  }
  if (s.st_nlink != 1) return failed(path, "has another name (a hard link), by which it could be changed");
  secret_seed seed;
  if (s.st_size != static_cast<off_t>(seed.bytes.size())) {
    return failed(path, fmt::format("{} bytes, a key has {}", s.st_size, seed.bytes.size()));
  }
  if (read(fd, seed.bytes.data(), seed.bytes.size()) != static_cast<ssize_t>(seed.bytes.size()))
    return failed(path, "cannot be read whole");
  if (std::ranges::all_of(seed.bytes, [](uint8_t b) { return b == 0; }))
    return failed(path, "all zero: no key, but what a lost disk write leaves");
  return node_key::from(seed.bytes);
}

std::expected<node_key, std::string> make(const std::string& path) {
  const std::string verifier = path + verifier_suffix;
  struct stat s{};
  if (lstat(verifier.c_str(), &s) == 0) {
    return failed(path, fmt::format("the key is gone, its verifier is there: put the key back, or remove {} "
                                    "and a new one is made",
                                    verifier));
  }
  node_key key = node_key::make();
  secret_seed seed;
  key.write_seed(seed.bytes);
  if (!keep(path, seed.bytes, 0600, RENAME_NOREPLACE)) return failed(path);
  return key;
}

}  // namespace

std::expected<node_key, std::string> load_or_make_node_key(const std::string& path) {
  base::unique_fd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (fd.valid()) return load(path, fd.get());
  if (errno == ENOENT) return make(path);
  if (errno == ELOOP) return failed(path, "a symbolic link: put the file itself there");
  return failed(path);
}

std::expected<std::string, std::string> read_verifier(const std::string& path) {
  const std::string file = path + verifier_suffix;
  base::unique_fd fd(open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat s{};
  if (!fd.valid() || fstat(fd.get(), &s) != 0) return failed(file);
  if (!S_ISREG(s.st_mode)) return failed(file, "not a regular file");
  std::string text(max_verifier + 1, '\0');
  ssize_t n = read(fd.get(), text.data(), text.size());
  if (n < 0) return failed(file);
  text.resize(static_cast<size_t>(n));
  if (text.ends_with('\n')) text.pop_back();
  if (!base::is_printable_utf8(text) || !proof::parse_verifier(text)) return failed(file, "not a verifier");
  return text;
}

std::string keep_verifier(const std::string& path, const std::string& verifier) {
  if (auto kept = read_verifier(path); kept && *kept == verifier) return {};
  const std::string line = verifier + "\n";
  std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(line.data()), line.size());
  if (keep(path + verifier_suffix, bytes, 0644, 0)) return {};
  return failed(path + verifier_suffix).error();
}

}  // namespace grantd::daemon
