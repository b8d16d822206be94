// SPDX-License-Identifier: Apache-2.0
// Writes to descriptors; expects SIGPIPE to be ignored.
#include "cli/output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/text.h"

namespace grantd::cli {
namespace {

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = write(fd, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {  // somebody else made the terminal non-blocking
      pollfd p{fd, POLLOUT, 0};
      (void)poll(&p, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

void output::data(std::string_view text) {
  end_progress();
  if (gone_ || error_ != 0) return;
  int error = write_all(data_, text);
  if (error == EPIPE) {
    gone_ = true;
  } else {
    error_ = error;
  }
}

void output::progress(std::string_view text, std::string_view detail) {
  if (in_place_) {
    (void)write_all(talk_, "\r\033[K" + visible(text) + visible(detail));
    line_open_ = true;
  } else if (last_progress_ != text) {
    (void)write_all(talk_, "grantctl: " + visible(text) + "\n");
  }
  last_progress_ = text;
}

void output::end_progress() {
  if (line_open_) (void)write_all(talk_, "\r\033[K");
  line_open_ = false;
}

void output::say(std::string_view text) {
  end_progress();
  (void)write_all(talk_, "grantctl: " + visible(text) + "\n");
}

void output::say_lines(std::string_view text) {
  do {
    const size_t end = std::min(text.find('\n'), text.size());
    say(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  } while (!text.empty());
}

void output::help(std::string_view command) {
  if (!command.empty()) (void)write_all(talk_, "help: " + visible(command) + "\n");
}

}  // namespace grantd::cli
