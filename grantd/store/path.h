// SPDX-License-Identifier: Apache-2.0
// Which files and file systems the store trusts. Looks only; makes nothing but the store's own directory.
#pragma once

#include <sys/types.h>

#include "store/store.h"

namespace grantd::store {

// The name of a network, cluster or user-space file system by its statfs(2) magic; null for others. There,
// locks and fsync are promises of somebody else's machine.
[[nodiscard]] const char* foreign_file_system(unsigned long magic) noexcept;

// Makes `directory` (0700, parent must exist) if absent and checks it: a directory, not a symlink, ours,
// closed to others, not on a foreign file system. Its resolved path.
[[nodiscard]] std::expected<std::string, open_failure> prepare_directory(const std::string& directory);

// What stands at `path`: size, or nothing when absent. Anything but a regular file of ours with one link that
// others may not read or write is refused.
[[nodiscard]] std::expected<std::optional<off_t>, open_failure> inspect_file(const std::string& path);

// fsync of a directory. 0 or errno.
[[nodiscard]] int sync_directory(const std::string& path) noexcept;

[[nodiscard]] std::string parent_of(const std::string& path);
[[nodiscard]] std::string words_of(int system_error);

}  // namespace grantd::store
