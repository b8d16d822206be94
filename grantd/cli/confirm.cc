// SPDX-License-Identifier: Apache-2.0
// The controlling terminal, or else a stdin that is one: an answer never comes from a pipe.
#include "cli/confirm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.h"
#include "cli/text.h"

namespace grantd::cli {
namespace {

std::string read_line(int fd) {
  std::string line;
  char c = 0;
  for (;;) {
    ssize_t n = read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || c == '\n') return line;
    if (line.size() < 16) line += c;
  }
}

bool means_yes(std::string line) {
  std::transform(line.begin(), line.end(), line.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return line == "y" || line == "yes" || line == "y\r" || line == "yes\r";
}

}  // namespace

result<bool> confirm(context& c, std::string_view text, std::string_view question, bool yes) {
  if (yes) {
    output(c.here.err, c.here.err, false).data(text);
    return true;
  }
  base::unique_fd terminal(open(c.here.terminal.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  int in = terminal.get();
  int out = terminal.get();
  if (!terminal.valid() || isatty(terminal.get()) != 1) {
    if (isatty(c.here.in) != 1) {
      return refuse(
          exit_code::usage,
          "there is no terminal to ask on: --yes approves without a question, after you have read it "
          "(grantctl show)",
          "grantctl approve ID --yes");
    }
    in = c.here.in;
    out = c.here.err;
  }
  tcflush(in, TCIFLUSH);  // what was typed before the question is no answer to it
  output(out, out, false).data(fmt::format("{}{} [y/N] ", text, visible(question)));
  return means_yes(read_line(in));
}

}  // namespace grantd::cli
