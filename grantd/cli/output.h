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
  // The same for each line of what may have several: a policy's mistakes.
  void say_lines(std::string_view text);
  // One line: "help: <command>". Nothing for an empty one.
  void help(std::string_view command);

  // How a wait goes on: rewritten in place where talk is a terminal, else a line for each text that differs
  // from the one before. With `detail` ("12 min left") only on a terminal.
  void progress(std::string_view text, std::string_view detail);
  void end_progress();  // wipes the line before something else is said
  void in_place(bool terminal) { in_place_ = terminal; }

  [[nodiscard]] bool colours() const { return colours_; }
  [[nodiscard]] bool gone() const { return gone_; }
  // errno of a failed write of data (a full disk), 0 if none failed.
  [[nodiscard]] int error() const { return error_; }

 private:
  int data_;
  int talk_;
  bool colours_;
  bool gone_ = false;
  bool in_place_ = false;
  bool line_open_ = false;
  std::string last_progress_;
  int error_ = 0;
};

}  // namespace grantd::cli
