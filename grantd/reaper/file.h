// SPDX-License-Identifier: Apache-2.0
// Small files read whole (the kernel's, and our own state), and written so that a crash leaves the old or the
// new.
#pragma once

#include <dirent.h>

#include <optional>
#include <string>

namespace grantd::reaper {

inline constexpr size_t max_file_bytes = 1 << 20;

// Nothing when it cannot be read, is a symlink, or is larger than that. `directory` may be AT_FDCWD.
[[nodiscard]] std::optional<std::string> read_at(int directory, const char* name);

// By rename; mode 0600. errno, or 0. No fsync: for a memory file system.
[[nodiscard]] int replace_file(const std::string& path, const std::string& bytes);

struct close_directory {
  void operator()(DIR* d) const { closedir(d); }
};

}  // namespace grantd::reaper
