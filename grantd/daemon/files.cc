// SPDX-License-Identifier: Apache-2.0
// The files people write.
#include "daemon/files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/unique_fd.h"
#include "daemon/host_names.h"

namespace grantd::daemon {
namespace {

constexpr size_t max_config = 1 << 20;

std::string lines(const policy::mistakes& all) {
  std::string out;
  for (const policy::mistake& m : all) {
    if (!out.empty()) out += '\n';
    out += policy::print(m);
  }
  return out;
}

}  // namespace

// policy.toml, and policy.d/*.toml as the shell would list them in the C locale.
std::expected<std::vector<std::string>, std::string> policy_files(const std::string& path) {
  constexpr std::string_view ending = ".toml";
  std::vector<std::string> out{path};
  const std::string directory =
      (path.ends_with(ending) ? path.substr(0, path.size() - ending.size()) : path) + ".d";
  base::unique_fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return out;
    return std::unexpected(directory + ": " + std::strerror(errno));
  }
  struct stat s{};
  if (fstat(fd.get(), &s) != 0) return std::unexpected(directory + ": " + std::strerror(errno));
  if ((s.st_uid != 0 && s.st_uid != geteuid()) || (s.st_mode & 022) != 0) {
    return std::unexpected(fmt::format("{}: others could add rules: chown root {} && chmod go-w {}",
                                       directory, directory, directory));
  }
  std::error_code wrong;
  std::filesystem::directory_iterator it(directory, wrong);
  for (; !wrong && it != std::filesystem::directory_iterator(); it.increment(wrong)) {
    std::string name = it->path().filename().string();
    if (name.ends_with(ending) && !name.starts_with('.')) out.push_back(it->path().string());
  }
  if (wrong) return std::unexpected(directory + ": " + wrong.message());
  std::ranges::sort(out.begin() + 1, out.end());
  return out;
}

std::expected<std::string, std::string> read_own_file(const std::string& path, size_t max) {
  base::unique_fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  auto failed = [&] {
    return std::unexpected(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  };
  if (!fd.valid()) return failed();
  struct stat s{};
  if (fstat(fd.get(), &s) != 0) return failed();
  if (!S_ISREG(s.st_mode)) return std::unexpected(path + ": not a regular file");
  if (s.st_uid != 0 && s.st_uid != geteuid()) {
    return std::unexpected(
        fmt::format("{}: belongs to uid {}, who could change it: chown root {}", path, s.st_uid, path));
  }
  if ((s.st_mode & 022) != 0) {
    return std::unexpected(fmt::format("{}: others may write it: chmod go-w {}", path, path));
  }
  std::string text;
  char room[16384];
  for (;;) {
    ssize_t n = read(fd.get(), room, sizeof room);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed();
    if (n == 0) return text;
    text.append(room, static_cast<size_t>(n));
    if (text.size() > max) return std::unexpected(fmt::format("{}: larger than {} bytes", path, max));
  }
}

std::expected<policy::config, std::string> load_config(const std::string& path, bool optional) {
  if (optional && access(path.c_str(), F_OK) != 0 && errno == ENOENT) return policy::config{};
  auto text = read_own_file(path, max_config);
  if (!text) return std::unexpected(text.error());
  auto parsed = policy::parse_config(*text, path);
  if (!parsed) return std::unexpected(lines(parsed.error()));
  return std::move(*parsed);
}

std::expected<std::shared_ptr<const policy::policy>, std::string> load_policy(const std::string& path) {
  auto files = policy_files(path);
  if (!files) return std::unexpected(files.error());
  std::vector<policy::source> sources;
  for (const std::string& file : *files) {
    auto text = read_own_file(file, policy::max_policy_bytes);
    if (!text) return std::unexpected(text.error());
    sources.push_back({std::move(*text), file});
  }
  unix_groups groups;
  policy::surroundings around;
  around.members_of = [&](const std::string& name) { return groups.members_of(name); };
  around.zone_file = read_zone;
  auto parsed = policy::parse_policy(sources, around);
  if (!groups.failure().empty()) return std::unexpected(path + ": " + groups.failure());
  if (!parsed) return std::unexpected(lines(parsed.error()));
  return std::make_shared<const policy::policy>(std::move(*parsed));
}

std::expected<std::vector<proof::allowed_signer>, std::string> load_signers(const std::string& path) {
  if (path.empty() || (access(path.c_str(), F_OK) != 0 && errno == ENOENT))
    return std::vector<proof::allowed_signer>{};
  auto text = read_own_file(path, max_config);
  if (!text) return std::unexpected(text.error());
  auto parsed = proof::parse_allowed_signers(*text);
  if (parsed) return std::move(*parsed);
  std::string all;
  for (const proof::signers_mistake& m : parsed.error()) {
    all += fmt::format("{}{}:{}: {}", all.empty() ? "" : "\n", path, m.line, policy::escaped(m.what, 400));
  }
  return std::unexpected(std::move(all));
}

}  // namespace grantd::daemon
