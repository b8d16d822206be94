// SPDX-License-Identifier: Apache-2.0
// A file of lines that others rotate and read while it is written. Must never follow a link, leave a half
// line before a whole one, or forget a line: what append() did not take is the caller's still.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace grantd::daemon {

class audit_file {
 public:
  explicit audit_file(std::string path) : path_(std::move(path)) {}

  // Appends lines, each with its newline; how many of them are in the file whole. Fewer than all: error()
  // says why, and the rest may be tried again. Opens the file that has the name now, and makes it (0640) when
  // there is none: after a rotation by rename the next line stands in the new file.
  [[nodiscard]] size_t append(std::string_view lines);
  // What was appended is on disk. false: perhaps it is not, and is to be appended again; see error().
  [[nodiscard]] bool sync();
  // The next append() opens it by name again.
  void reopen();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& error() const { return error_; }  // a sentence; empty: all is well

 private:
  [[nodiscard]] bool open_again();
  [[nodiscard]] bool is_named() const;  // the name still leads to the file that is open
  [[nodiscard]] bool mend();
  [[nodiscard]] bool failed(std::string_view why);  // false
  [[nodiscard]] bool failed();                      // with errno's words

  std::string path_;
  base::unique_fd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool torn_ = false;  // the file may end in half a line
  std::string error_;
};

inline constexpr size_t longest_line = 1 << 20;  // of ours; half a line is looked for so far back

}  // namespace grantd::daemon
