// SPDX-License-Identifier: Apache-2.0
// The version 2 hierarchy: finding, opening and making cgroups. A path is looked at component by component
// before it is used.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "reaper/cgroup.h"
#include "reaper/file.h"

namespace grantd::reaper {
namespace {

constexpr const char* mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

std::string error_text(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

// "/", or "/a/b": no empty, "." or ".." component. Below the root by openat(), so without the first '/'.
bool is_plain_path(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string_view::npos) return false;
  if (path == "/") return true;
  for (size_t at = 1; at <= path.size();) {
    size_t end = std::min(path.find('/', at), path.size());
    std::string_view part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

const char* below(const std::string& path) { return path == "/" ? "." : path.c_str() + 1; }

bool is_cgroup2(int fd) {
  struct statfs s{};
  return fstatfs(fd, &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

std::optional<std::string> shown_cgroup_of(pid_t pid) {
  const std::string file = "/proc/" + std::to_string(pid) + "/cgroup";
  const auto text = read_at(AT_FDCWD, file.c_str());
  if (!text) return {};
  size_t at = text->starts_with("0::") ? 0 : text->find("\n0::");
  if (at == std::string::npos) return {};
  at = text->find('/', at);
  if (at == std::string::npos) return {};
  return text->substr(at, std::min(text->find('\n', at), text->size()) - at);
}

std::optional<std::string> cgroup_path_of(pid_t pid) {
  auto path = shown_cgroup_of(pid);
  // "/..": outside of our cgroup namespace. " (deleted)": nothing that could be opened.
  if (!path || !is_plain_path(*path) || path->ends_with(" (deleted)")) return {};
  return path;
}

std::expected<hierarchy, std::string> hierarchy::find() {
  for (const char* mount : mounts) {
    base::unique_fd root(::open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid() || !is_cgroup2(root.get())) continue;
    hierarchy h;
    h.root_ = std::move(root);
    return h;
  }
  return std::unexpected("no cgroup2 is mounted at /sys/fs/cgroup or /sys/fs/cgroup/unified");
}

std::expected<std::string, std::string> hierarchy::path_of(pid_t pid) const {
  auto path = cgroup_path_of(pid);
  if (!path) return std::unexpected("process " + std::to_string(pid) + " is in no cgroup that we can see");
  return std::move(*path);
}

std::expected<cgroup, std::string> hierarchy::open(const std::string& path,
                                                   std::optional<uint64_t> id) const {
  if (!is_plain_path(path) || path == "/") return std::unexpected("\"" + path + "\" is no path of a cgroup");
  cgroup c;
  c.directory_.reset(openat(root_.get(), below(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat s{};
  if (!c.directory_.valid() || fstat(c.directory_.get(), &s) != 0) {
    return std::unexpected(error_text(path, "cannot be opened"));
  }
  if (!is_cgroup2(c.directory_.get())) return std::unexpected(path + " is not a cgroup of version 2");
  c.id_ = s.st_ino;
  c.path_ = path;
  if (id && *id != c.id_) return std::unexpected(path + " is another cgroup of the same name");
  c.events_.reset(openat(c.directory_.get(), "cgroup.events", O_RDONLY | O_CLOEXEC));
  if (!c.events_.valid()) return std::unexpected(error_text(path, "cgroup.events cannot be opened"));
  return c;
}

bool hierarchy::gone(const std::string& path, uint64_t id) const {
  struct stat s{};
  if (!is_plain_path(path) || path == "/") return false;
  if (fstatat(root_.get(), below(path), &s, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
  return s.st_ino != id;
}

std::expected<cgroup, std::string> hierarchy::make(const std::string& parent, const std::string& name) const {
  if (!is_plain_path(parent) || !is_plain_path("/" + name) || name.find('/') != std::string::npos) {
    return std::unexpected("\"" + parent + "\", \"" + name + "\": no path of a cgroup");
  }
  const std::string path = (parent == "/" ? "" : parent) + "/" + name;
  if (mkdirat(root_.get(), below(path), 0755) != 0)
    return std::unexpected(error_text(path, "cannot be made"));
  return open(path);
}

std::expected<void, std::string> hierarchy::move(const cgroup& into, pid_t pid) const {
  base::unique_fd file(openat(into.directory_.get(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
  const std::string text = std::to_string(pid);
  if (!file.valid() || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return std::unexpected(error_text(into.path_, ("process " + text + " cannot be moved there").c_str()));
  }
  return {};
}

std::vector<uint64_t> hierarchy::ids_up(const std::string& path) const {
  std::vector<uint64_t> out;
  if (!is_plain_path(path)) return out;
  for (std::string at = path; at.size() > 1; at.resize(at.rfind('/'))) {
    struct stat s{};
    if (fstatat(root_.get(), below(at), &s, AT_SYMLINK_NOFOLLOW) == 0) out.push_back(s.st_ino);
  }
  return out;
}

bool hierarchy::is_roots(const std::string& path) const {
  if (!is_plain_path(path)) return false;
  for (std::string at = path; at.size() > 1; at.resize(at.rfind('/'))) {
    struct stat s{};
    if (fstatat(root_.get(), below(at), &s, AT_SYMLINK_NOFOLLOW) != 0 || s.st_uid != 0) return false;
  }
  return true;
}

std::optional<uid_t> owner_of_scope(std::string_view path) {
  const size_t last = path.rfind('/');
  if (last == std::string_view::npos || last == 0 || !is_plain_path(path)) return {};
  const std::string_view scope = path.substr(last + 1);
  std::string_view slice = path.substr(0, last);
  slice = slice.substr(slice.rfind('/') + 1);
  constexpr std::string_view session = "session-", end = ".scope", user = "user-", slice_end = ".slice";
  if (!scope.starts_with(session) || !scope.ends_with(end) || scope.size() <= session.size() + end.size())
    return {};
  const auto is_id = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':' || c == '.' || c == '-';
  };
  if (!std::ranges::all_of(scope, is_id)) return {};
  if (!slice.starts_with(user) || !slice.ends_with(slice_end) ||
      slice.size() <= user.size() + slice_end.size())
    return {};
  const std::string_view digits = slice.substr(user.size(), slice.size() - user.size() - slice_end.size());
  uid_t uid = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), uid);
  if (error != std::errc{} || stop != digits.data() + digits.size() || digits.front() == '0') return {};
  if (uid == 0 || uid == static_cast<uid_t>(-1)) return {};
  return uid;
}

}  // namespace grantd::reaper
