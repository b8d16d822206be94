// SPDX-License-Identifier: Apache-2.0
// Ends what systemd runs for a user outside of their sessions; remembers that it lingered.
#include "reaper/user_services.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/names.h"
#include "reaper/file.h"
#include "reaper/sweep.h"

namespace grantd::reaper {
namespace {

bool is_file_name(const std::string& name) {
  return base::is_account_name(name) && name != "." && name != "..";  // an account's name has no '/'
}

// The name of a user's marker as logind writes it (systemd's cescape()): a backslash before quotes and
// backslashes, octal beyond ASCII. An account's name has no control bytes, which have escapes of their own.
std::string marker_of(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const auto octal = [&](unsigned shift) { return static_cast<char>('0' + (byte >> shift & 7)); };
    if (byte > 127) {
      out += {'\\', octal(6), octal(3), octal(0)};
      continue;
    }
    if (c == '\\' || c == '"' || c == '\'') out += '\\';
    out += c;
  }
  return out;
}

bool is_there(const std::string& path) {
  struct stat s{};
  return lstat(path.c_str(), &s) == 0;
}

// Written to the disk, or at least tried: a file system without fsync keeps nothing anyway.
void settle(const std::string& directory) {
  base::unique_fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid()) (void)fsync(fd.get());
}

// By rename; across file systems an empty file is made at `to`, then `from` is removed: at worst both are
// there.
bool move_marker(const std::string& from, const std::string& to, mode_t mode) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno != EXDEV) return false;
  base::unique_fd fd(open(to.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.valid()) return false;
  settle(to.substr(0, to.rfind('/')));
  return unlink(from.c_str()) == 0;
}

// Is every scope of the slice registered? One that cannot be looked at is not.
bool all_registered(const hierarchy& groups, const std::string& slice,
                    const std::function<bool(uint64_t)>& registered) {
  int fd = openat(groups.root(), slice.c_str() + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  std::unique_ptr<DIR, close_directory> d(fdopendir(fd));
  if (!d) {
    base::unique_fd closed(fd);
    return false;
  }
  while (const dirent* e = readdir(d.get())) {
    if (e->d_type != DT_DIR || !std::string_view(e->d_name).ends_with(".scope")) continue;
    struct stat s{};
    const bool seen = fstatat(fd, e->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0;
    if (seen ? !registered(s.st_ino) : errno != ENOENT) return false;
  }
  return true;
}

}  // namespace

user_services::user_services(const hierarchy& groups, std::string linger, std::string kept)
    : groups_(groups), linger_(std::move(linger)), kept_(std::move(kept)) {}

user_services::ended user_services::end(uid_t uid, const std::string& name, const std::string& beside,
                                        const std::function<bool(uint64_t)>& registered) const {
  ended out;
  const auto owner = owner_of_scope(beside);
  if (!is_file_name(name) || !owner || *owner != uid) {
    out.troubles.push_back("\"" + name + "\" beside " + beside + " is nobody whose services could be ended");
    return out;
  }
  // Linger first: a manager that is gone would be started again for it.
  const std::string lingers = linger_ + "/" + marker_of(name);
  const std::string kept = kept_ + "/" + marker_of(name);
  if (is_there(lingers)) {
    (void)mkdir(kept_.c_str(), 0700);
    if (!move_marker(lingers, kept, 0600)) {
      out.troubles.push_back(lingers + " cannot be put aside: " + std::strerror(errno));
    }
  }
  out.lingered = is_there(kept);
  const std::string slice = beside.substr(0, beside.rfind('/'));
  const std::string manager = slice + "/user@" + std::to_string(uid) + ".service";
  for (const std::string& path : {manager, slice}) {
    if (path == slice && !all_registered(groups_, slice, registered)) continue;
    auto group = groups_.open(path);
    if (!group) {
      struct stat s{};
      const bool absent =
          fstatat(groups_.root(), path.c_str() + 1, &s, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
      if (absent) continue;  // it does not run
      out.troubles.push_back(group.error());
      sweep(path);
      continue;
    }
    if (!group->populated()) continue;
    if (int error = group->kill(); error != 0) {
      out.troubles.push_back(path + " cannot be killed: " + std::strerror(error));
      sweep(path);
    }
    out.killed.push_back(std::move(*group));
  }
  return out;
}

bool user_services::restore(const std::string& name) const {
  if (!is_file_name(name)) return false;
  const std::string kept = kept_ + "/" + marker_of(name);
  return is_there(kept) && move_marker(kept, linger_ + "/" + marker_of(name), 0644);
}

}  // namespace grantd::reaper
