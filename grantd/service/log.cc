// SPDX-License-Identifier: Apache-2.0
// Writes log lines; never fails, never waits for the journal.
#include "service/log.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/names.h"
#include "base/utf8.h"

namespace grantd::service {
namespace {

bool is_socket(int fd) {
  struct stat s{};
  return fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode);
}

}  // namespace

std::string printable(std::string_view line) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  while (!line.empty()) {
    size_t n = base::utf8_length(line);
    if (n != 0 && base::is_printable_utf8(line.substr(0, n))) {
      out += line.substr(0, n);
    } else {
      n = n == 0 ? 1 : n;
      for (char c : line.substr(0, n)) {
        auto u = static_cast<unsigned char>(c);
        out += "\\x";
        out += hex[u >> 4];
        out += hex[u & 15];
      }
    }
    line.remove_prefix(n);
  }
  return out;
}

log_sink::log_sink(int fd, bool journal) : fd_(fd), journal_(journal), socket_(is_socket(fd)) {}

std::string log_sink::framed(level at, std::string_view line) const {
  std::string out = journal_ ? "<" + std::to_string(static_cast<int>(at)) + ">"
                             : std::string(program_invocation_short_name) + ": ";
  out += printable(line);
  out += '\n';
  return out;
}

bool log_sink::push(std::string bytes) {
  if (!socket_) {
    (void)!::write(fd_, bytes.data(), bytes.size());
    return true;
  }
  ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n <= 0) return false;
  rest_ = bytes.substr(static_cast<size_t>(n));
  return true;
}

void log_sink::put(level at, std::string_view line) {
  // The end of a line that went out in part comes first, or two lines would become one.
  if (!rest_.empty() && (!push(rest_) || !rest_.empty())) {
    ++unsaid_;
    return;
  }
  if (unsaid_ != 0) {
    std::string late = std::to_string(unsaid_) + " lines were not logged: the journal did not take them";
    if (!push(framed(level::warning, late))) {
      ++unsaid_;
      return;
    }
    unsaid_ = 0;
    if (!rest_.empty()) {
      ++unsaid_;
      return;
    }
  }
  if (!push(framed(at, line))) ++unsaid_;
}

void log(level at, std::string_view line) {
  static log_sink sink(STDERR_FILENO, std::getenv("JOURNAL_STREAM") != nullptr);
  sink.put(at, line);
}

}  // namespace grantd::service
