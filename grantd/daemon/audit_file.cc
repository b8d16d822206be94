// SPDX-License-Identifier: Apache-2.0
// A file of lines that others rotate and read while it is written.
#include "daemon/audit_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace grantd::daemon {
namespace {

// Not blocking: whatever stands in the file's place must not hold up the daemon before it is looked at.
constexpr int how = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr mode_t mode = 0640;

}  // namespace

bool audit_file::failed(std::string_view why) {
  error_ = fmt::format("{}: {}", path_, why);
  return false;
}
bool audit_file::failed() { return failed(std::strerror(errno)); }

bool audit_file::is_named() const {
  struct stat s{};
  return lstat(path_.c_str(), &s) == 0 && s.st_dev == device_ && s.st_ino == inode_;
}

void audit_file::reopen() {
  if (fd_.valid()) (void)fdatasync(fd_.get());  // sync() will ask about the next file only
  fd_.reset();
}

bool audit_file::open_again() {
  reopen();
  base::unique_fd fd(open(path_.c_str(), how));
  if (!fd.valid() && errno == ENOENT) {
    fd.reset(open(path_.c_str(), how | O_CREAT | O_EXCL, mode));
    if (fd.valid() && fchmod(fd.get(), mode) != 0) return failed();  // the umask has its own mind
  }
  if (!fd.valid()) return errno == ELOOP ? failed("a symbolic link: put the file itself there") : failed();
  struct stat s{};
  if (fstat(fd.get(), &s) != 0) return failed();
  if (!S_ISREG(s.st_mode)) return failed("not a regular file");
  if (s.st_uid != geteuid())
    return failed(fmt::format("belongs to uid {}, not to uid {}: chown it", s.st_uid, geteuid()));
  if ((s.st_mode & 022) != 0) return failed(fmt::format("others may write it: chmod go-w {}", path_));
  device_ = s.st_dev;
  inode_ = s.st_ino;
  torn_ = true;  // by a crash, for all we know
  fd_ = std::move(fd);
  return true;
}

// Half a line at the end is cut off: its record comes again, whole. What does not look like ours, or cannot
// be cut (chattr +a), is only ended.
bool audit_file::mend() {
  struct stat s{};
  if (fstat(fd_.get(), &s) != 0) return failed();
  std::string half;
  off_t at = s.st_size;
  bool found = false;
  while (at > 0 && !found && half.size() < longest_line) {
    char room[4096];
    const auto size = static_cast<size_t>(std::min<off_t>(at, sizeof room));
    at -= static_cast<off_t>(size);
    if (pread(fd_.get(), room, size, at) != static_cast<ssize_t>(size)) return failed();
    std::string_view piece(room, size);
    const size_t newline = piece.rfind('\n');
    found = newline != piece.npos;
    half.insert(0, found ? piece.substr(newline + 1) : piece);
  }
  if (!half.empty()) {
    const bool ours = half.front() == '{' && (found || at == 0);
    if ((!ours || ftruncate(fd_.get(), s.st_size - static_cast<off_t>(half.size())) != 0) &&
        write(fd_.get(), "\n", 1) != 1)
      return failed();
  }
  torn_ = false;
  return true;
}

size_t audit_file::append(std::string_view lines) {
  if ((!fd_.valid() || !is_named()) && !open_again()) return 0;
  if (torn_ && !mend()) return 0;
  size_t done = 0;
  while (done < lines.size()) {
    const ssize_t n = write(fd_.get(), lines.data() + done, lines.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n == 0) errno = EIO;
      (void)failed();
      break;
    }
    done += static_cast<size_t>(n);
  }
  if (done == lines.size()) {
    error_.clear();
  } else {
    const size_t newline = lines.substr(0, done).rfind('\n');
    torn_ = done != (newline == lines.npos ? 0 : newline + 1);
    std::string why = error_;
    if (torn_) (void)mend();  // nobody should read half a line meanwhile
    error_ = std::move(why);
  }
  return static_cast<size_t>(std::ranges::count(lines.substr(0, done), '\n'));
}

bool audit_file::sync() {
  if (!fd_.valid() || fdatasync(fd_.get()) == 0) return true;
  (void)failed();
  fd_.reset();
  return false;
}

}  // namespace grantd::daemon
