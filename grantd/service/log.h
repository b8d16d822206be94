// SPDX-License-Identifier: Apache-2.0
// One line to stderr for each thing a human should know. Only the daemon's outermost code logs. Never waits
// for the journal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace grantd::service {

// syslog(3)'s numbers.
enum class level : int { alert = 1, error = 3, warning = 4, notice = 5, info = 6 };

// Bytes that are not printable UTF-8 as "\\xNN": nothing that a terminal obeys.
[[nodiscard]] std::string printable(std::string_view line);

// Made printable(). With "<N>" in front when stderr is the journal
// (JOURNAL_STREAM is set).
void log(level at, std::string_view line);

// Where lines go. On a socket (the journal's is one) a line that there is no room for is dropped and counted,
// and the count is said with the next line there is room for; on anything else put() is one write.
class log_sink {
 public:
  log_sink(int fd, bool journal);  // does not own fd
  void put(level at, std::string_view line);

 private:
  [[nodiscard]] std::string framed(level at, std::string_view line) const;
  [[nodiscard]] bool push(std::string bytes);

  int fd_;
  bool journal_;
  bool socket_;
  std::string rest_;  // of a line that went out in part
  uint64_t unsaid_ = 0;
};

}  // namespace grantd::service
