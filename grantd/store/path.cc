// SPDX-License-Identifier: Apache-2.0
// Checks the store's paths: who could have put something else there, and would the disk keep its word.
#include "store/path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/unique_fd.h"

namespace grantd::store {
namespace {

open_failure failure(std::string what) { return open_failure{std::move(what)}; }

std::string owner_text(uid_t uid) {
  return "owned by uid " + std::to_string(uid) + ", not by uid " + std::to_string(geteuid());
}

}  // namespace

std::string words_of(int system_error) {
  char buffer[128];
  return strerror_r(system_error, buffer, sizeof buffer);
}

std::string parent_of(const std::string& path) {
  size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

const char* foreign_file_system(unsigned long magic) noexcept {
  switch (magic) {
    case 0x6969:
      return "NFS";
    case 0x517B:
      return "SMB";
    case 0xFF534D42:
      return "CIFS";
    case 0xFE534D42:
      return "SMB2";
    case 0x01021997:
      return "9p";
    case 0x65735546:
      return "FUSE";  // cannot tell a local one from sshfs
    case 0x00C36400:
      return "Ceph";
    case 0x5346414F:
    case 0x6B414653:
      return "AFS";
    case 0x73757245:
      return "Coda";
    case 0x0BD00BD0:
      return "Lustre";
    case 0x47504653:
      return "GPFS";
    case 0x01161970:
      return "GFS2";
    case 0x7461636F:
      return "OCFS2";
    case 0x786F4256:
      return "vboxsf";
    default:
      return nullptr;
  }
}

std::expected<std::string, open_failure> prepare_directory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) == 0) {
    int e = sync_directory(parent_of(directory));
    if (e != 0) return std::unexpected(failure("cannot sync " + parent_of(directory) + ": " + words_of(e)));
  } else if (errno != EEXIST) {
    return std::unexpected(
        failure("cannot make the store's directory " + directory + ": " + words_of(errno)));
  }
  base::unique_fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    std::string why =
        errno == ELOOP || errno == ENOTDIR ? "it is a symbolic link or not a directory" : words_of(errno);
    return std::unexpected(failure("cannot use the store's directory " + directory + ": " + why));
  }
  struct stat st;
  struct statfs fs;
  if (fstat(fd.get(), &st) != 0 || fstatfs(fd.get(), &fs) != 0)
    return std::unexpected(
        failure("cannot look at the store's directory " + directory + ": " + words_of(errno)));
  if (st.st_uid != geteuid())
    return std::unexpected(failure("the store's directory " + directory + " is " + owner_text(st.st_uid)));
  if ((st.st_mode & 077) != 0)
    return std::unexpected(
        failure("the store's directory " + directory + " is open to others: chmod 0700 " + directory));
  if (const char* name = foreign_file_system(static_cast<unsigned long>(fs.f_type)); name != nullptr)
    return std::unexpected(failure("the store's directory " + directory + " is on " + name +
                                   ", where locks and fsync are not to be trusted: put it on a local disk"));
  char* resolved = realpath(directory.c_str(), nullptr);
  if (resolved == nullptr)
    return std::unexpected(
        failure("cannot resolve the store's directory " + directory + ": " + words_of(errno)));
  std::string out = resolved;
  std::free(resolved);
  return out;
}

std::expected<std::optional<off_t>, open_failure> inspect_file(const std::string& path) {
  struct stat st;
  if (lstat(path.c_str(), &st) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return std::unexpected(failure("cannot look at " + path + ": " + words_of(errno)));
  }
  if (S_ISLNK(st.st_mode))
    return std::unexpected(failure(path + " is a symbolic link: put the file itself there"));
  if (!S_ISREG(st.st_mode)) return std::unexpected(failure(path + " is not a regular file"));
  if (st.st_nlink != 1)
    return std::unexpected(
        failure(path + " has " + std::to_string(st.st_nlink) +
                " hard links: somebody else could keep or change it; copy it, remove the others"));
  if (st.st_uid != geteuid()) return std::unexpected(failure(path + " is " + owner_text(st.st_uid)));
  if ((st.st_mode & 077) != 0)
    return std::unexpected(failure(path + " is open to others: chmod 0600 " + path));
  return st.st_size;
}

int sync_directory(const std::string& path) noexcept {
  base::unique_fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return errno;
  return fsync(fd.get()) == 0 ? 0 : errno;
}

}  // namespace grantd::store
