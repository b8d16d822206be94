// SPDX-License-Identifier: Apache-2.0
// Makes a directory and removes it with everything in it; never touches another.
#include "support/temp_dir.h"

#include <cstdlib>
#include <stdexcept>

namespace grantd::test {

temp_dir::temp_dir(bool memory) {
  const char* base = std::getenv("TMPDIR");
  path_ = memory ? "/dev/shm" : base != nullptr ? base : "/tmp";
  path_ += "/grantd-test.XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp " + path_);
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace grantd::test
