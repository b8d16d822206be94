// SPDX-License-Identifier: Apache-2.0
// Where grantctl's words go: data on one descriptor, talk on another.
#pragma once

#include <string>
#include <string_view>

namespace grantd::cli {

class output {
 public:
  output(int data, int talk, bool colours) : data_(data), talk_(talk), colours_(colours) {}

  // Writes all of it. When the reader has gone (EPIPE) nothing is said and gone() becomes true.
  void data(std::string_view text);
  // One line, escaped: "grantctl: <text>".
  void say(std::string_view text);
  // One line: "help: <command>". Nothing for an empty one.
  void help(std::string_view command);

  [[nodiscard]] bool colours() const { return colours_; }
  [[nodiscard]] bool gone() const { return gone_; }
  // errno of a failed write of data (a full disk), 0 if none failed.
  [[nodiscard]] int error() const { return error_; }

 private:
  int data_;
  int talk_;
  bool colours_;
  bool gone_ = false;
  int error_ = 0;
};

}  // namespace grantd::cli
