// SPDX-License-Identifier: Apache-2.0
// A directory of the test's own, removed with everything in it.
#pragma once

#include <filesystem>
#include <string>

namespace grantd::test {

class temp_dir {
 public:
  // On tmpfs (/dev/shm) when `memory`, else below TMPDIR; mode 0700.
  explicit temp_dir(bool memory = false);
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace grantd::test
