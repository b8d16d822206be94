// SPDX-License-Identifier: Apache-2.0
// One client of api.sock: its bytes in and out.
#include "daemon/connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace grantd::daemon {

bool connection::receive() {
  static std::array<char, 65536> room;  // one thread; what was read is copied into the framer at once
  ssize_t n = recv(fd.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (n > 0) {
    in.add({room.data(), static_cast<size_t>(n)});
    return true;
  }
  if (n == 0) {
    eof = true;
    return true;
  }
  return errno == EAGAIN || errno == EINTR;
}

void connection::send(std::string_view bytes) { out += bytes; }

bool connection::flush() {
  while (has_output()) {
    ssize_t n = ::send(fd.get(), out.data() + sent, out.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return false;
    if (n < 0) {
      if (sent > out.size() / 2) {  // a slow reader's `out` does not grow with what was read already
        out.erase(0, sent);
        sent = 0;
      }
      return true;
    }
    sent += static_cast<size_t>(n);
  }
  out.clear();
  sent = 0;
  if (out.capacity() > 4096) out.shrink_to_fit();
  return true;
}

}  // namespace grantd::daemon
