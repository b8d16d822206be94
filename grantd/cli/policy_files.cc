// SPDX-License-Identifier: Apache-2.0
// Reads policy files, zones and Unix groups. Decides nothing.
#include "cli/policy_files.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/files.h"

namespace grantd::cli {
namespace {

constexpr size_t max_zone = 1 << 20;

std::expected<std::vector<std::string>, std::string> toml_files(const std::string& directory) {
  std::vector<std::string> all;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".toml") all.push_back(at->path().string());
  }
  if (error) return std::unexpected(fmt::format("cannot read {}: {}", directory, error.message()));
  std::sort(all.begin(), all.end());
  return all;
}

// Members that the group names, and users whose own group it is.
std::optional<std::vector<std::string>> members_of(const std::string& name) {
  const group* g = getgrnam(name.c_str());
  if (g == nullptr) return {};
  gid_t id = g->gr_gid;
  std::set<std::string> members;
  for (char** m = g->gr_mem; *m != nullptr; ++m) members.insert(*m);
  setpwent();
  while (const passwd* user = getpwent()) {
    if (user->pw_gid == id) members.insert(user->pw_name);
  }
  endpwent();
  return std::vector<std::string>(members.begin(), members.end());
}

std::optional<std::string> zone_file(const std::string& zone) {
  if (zone.empty() || zone.front() == '/' || zone.find("..") != zone.npos) return {};
  auto bytes = read_file("/usr/share/zoneinfo/" + zone, max_zone);
  if (!bytes) return {};
  return std::move(*bytes);
}

}  // namespace

std::expected<std::vector<policy::source>, std::string> read_policy(const std::vector<std::string>& paths) {
  std::vector<std::string> given = paths;
  if (given.empty()) {
    given.emplace_back(default_policy);
    std::string beside =
        given.front().substr(0, given.front().size() - std::string_view("toml").size()) + "d";
    if (std::filesystem::is_directory(beside)) given.push_back(beside);
  }
  std::vector<policy::source> sources;
  for (const std::string& path : given) {
    std::vector<std::string> files{path};
    if (std::filesystem::is_directory(path)) {
      auto found = toml_files(path);
      if (!found) return std::unexpected(std::move(found.error()));
      files = std::move(*found);
    }
    for (const std::string& file : files) {
      auto text = read_file(file, policy::max_policy_bytes);
      if (!text) return std::unexpected(std::move(text.error()));
      sources.push_back({std::move(*text), file});
    }
  }
  return sources;
}

policy::surroundings this_machine() { return {members_of, zone_file}; }

}  // namespace grantd::cli
