// SPDX-License-Identifier: Apache-2.0
// getgrnam_r, getpwent, and files below /usr/share/zoneinfo.
#include "daemon/host_names.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"
#include "policy/hours.h"
#include "policy/zone.h"

namespace grantd::daemon {
namespace {

constexpr size_t most_group_bytes = 16 << 20;
constexpr char zone_directory[] = "/usr/share/zoneinfo/";

// getgrnam(3): these mean that there is none.
bool is_absence(int error) {
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

}  // namespace

std::optional<std::vector<std::string>> unix_groups::members_of(const std::string& name) {
  std::vector<char> room(4096);
  group entry{};
  group* found = nullptr;
  int error = 0;
  while ((error = getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found)) == ERANGE &&
         room.size() < most_group_bytes) {
    room.resize(room.size() * 4);
  }
  if (found == nullptr) {
    if (!is_absence(error)) {
      failure_ = "the name service cannot say who is in Unix group " + name + ": " + std::strerror(error);
    }
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (char** m = entry.gr_mem; *m != nullptr; ++m) out.emplace_back(*m);
  for (const user& u : users()) {
    if (u.primary == entry.gr_gid) out.push_back(u.name);
  }
  return out;
}

const std::vector<unix_groups::user>& unix_groups::users() {
  if (users_) return *users_;
  users_.emplace();
  setpwent();
  for (;;) {
    errno = 0;
    const passwd* p = getpwent();  // NOLINT(concurrency-mt-unsafe): the daemon loads on one thread
    if (p == nullptr) {
      if (errno == EINTR || errno == EIO || errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
        failure_ = std::string("the name service cannot list its users: ") + std::strerror(errno);
      }
      break;
    }
    users_->push_back({p->pw_name, p->pw_gid});
  }
  endpwent();
  return *users_;
}

std::optional<std::string> read_zone(const std::string& name) {
  if (!policy::is_zone_name(name)) return std::nullopt;  // no "..", not absolute
  base::unique_fd fd(open((zone_directory + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat s{};
  if (!fd.valid() || fstat(fd.get(), &s) != 0 || !S_ISREG(s.st_mode)) return std::nullopt;
  std::string out(policy::max_zone_bytes + 1, '\0');
  size_t size = 0;
  while (size < out.size()) {
    ssize_t n = read(fd.get(), out.data() + size, out.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  out.resize(size);
  return out;
}

}  // namespace grantd::daemon
