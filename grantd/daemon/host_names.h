// SPDX-License-Identifier: Apache-2.0
// What this host knows and a policy only names: Unix groups and time zones. Must never read a file that the
// name of a zone leads out of the zone directory to.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace grantd::daemon {

// The name service, for one load of the policy.
class unix_groups {
 public:
  // OS users that are members by the group's entry, or by their own (primary group), as far as the name
  // service lists users. Nothing: there is no such group, or the name service failed.
  [[nodiscard]] std::optional<std::vector<std::string>> members_of(const std::string& group);
  // "" or why an answer cannot be trusted.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  struct user {
    std::string name;
    unsigned primary;
  };
  const std::vector<user>& users();
  std::optional<std::vector<user>> users_;
  std::string failure_;
};

// The TZif file of "Europe/Berlin"; nothing where there is none, or the name is not that of a zone.
[[nodiscard]] std::optional<std::string> read_zone(const std::string& name);

}  // namespace grantd::daemon
