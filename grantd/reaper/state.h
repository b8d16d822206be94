// SPDX-License-Identifier: Apache-2.0
// What the reaper must still know after a restart: one small file for each session and user in its own
// directory in memory, replaced whole. Lines of "key value"; values hold no control bytes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reaper/session.h"

namespace grantd::reaper {

// Of one file.
using fields = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] std::string print(const fields& f);
[[nodiscard]] std::optional<fields> parse(std::string_view text);
[[nodiscard]] std::optional<int64_t> number_in(const fields& f, std::string_view key);

class state {
 public:
  explicit state(std::string directory) : directory_(std::move(directory)) {}

  // errno, or 0. `name` is ours: "session-5", "user-1000", "run".
  [[nodiscard]] int save(const std::string& name, const fields& f) const;
  void forget(const std::string& name) const;
  // Every file whose name begins so, with its fields; nothing for one that cannot be read.
  struct entry {
    std::string name;
    std::optional<fields> what;
  };
  [[nodiscard]] std::vector<entry> all(std::string_view beginning) const;

 private:
  std::string directory_;
};

// The name of its file.
[[nodiscard]] std::string file_of(const session& s);
[[nodiscard]] fields to_fields(const session& s);
// The session that `f` describes, its cgroup opened again: nothing when `f` is not a session, or its cgroup
// is there and cannot be opened; without a cgroup (`gone`) when that was removed, or is another one of the
// same name.
struct recalled {
  session what;
  bool gone = false;
};
[[nodiscard]] std::optional<recalled> from_fields(const fields& f, const hierarchy& groups);

}  // namespace grantd::reaper
