// SPDX-License-Identifier: Apache-2.0
// Small files of the caller: read whole, made new, or kept in a directory that goes again.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace grantd::cli {

// All of it; the reason in words (naming the file) when it cannot be read or has more than `most` bytes. "-"
// is `in`, when that is given.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path, size_t most,
                                                                int in = -1);

// A file that did not exist before, 0600; what exists is not touched.
[[nodiscard]] std::expected<void, std::string> write_new_file(const std::string& path,
                                                              std::string_view bytes);

// A new directory below `where`, 0700, removed with the files in it.
class private_directory {
 public:
  [[nodiscard]] static std::expected<private_directory, std::string> make(const std::string& where);
  private_directory(private_directory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  private_directory& operator=(private_directory&&) = delete;
  ~private_directory();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit private_directory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace grantd::cli
