// SPDX-License-Identifier: Apache-2.0
// Writes log lines; never fails, never waits for more than one write.
#include "daemon/log.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace grantd::daemon {

void log(level at, std::string_view line) {
  static const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  std::string out;
  if (journal) {
    out += '<';
    out += std::to_string(static_cast<int>(at));
    out += '>';
  } else {
    out += "grantd: ";
  }
  for (char c : line) {
    auto u = static_cast<unsigned char>(c);
    if (u >= 0x20 && u != 0x7f) {
      out += c;
    } else {
      static constexpr char hex[] = "0123456789abcdef";
      out += "\\x";
      out += hex[u >> 4];
      out += hex[u & 15];
    }
  }
  out += '\n';
  (void)!::write(STDERR_FILENO, out.data(), out.size());
}

}  // namespace grantd::daemon
