// SPDX-License-Identifier: Apache-2.0
// One client of api.sock: its bytes in and out. Reads and writes without ever waiting; understands nothing.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "base/unique_fd.h"
#include "daemon/dispatch.h"
#include "daemon/varlink.h"

namespace grantd::daemon {

struct connection {
  connection(base::unique_fd socket, uid_t uid, size_t max_message) : fd(std::move(socket)), in(max_message) {
    who.uid = uid;
  }

  // One read. false: the connection failed (not: the peer has no more to say, that sets `eof`).
  [[nodiscard]] bool receive();
  // Writes what can be written. false: the peer is gone.
  [[nodiscard]] bool flush();
  void send(std::string_view bytes);

  [[nodiscard]] bool has_output() const { return sent < out.size(); }
  [[nodiscard]] size_t backlog() const { return out.size() - sent; }
  [[nodiscard]] size_t held() const { return in.held() + out.capacity(); }
  // Nothing more will come of it.
  [[nodiscard]] bool finished() const {
    return !has_output() && !waiting && (closing || (eof && !in.has_message() && !who.watching));
  }
  // It may say something and be understood now.
  [[nodiscard]] bool may_speak() const { return !waiting && !has_output() && !closing; }

  base::unique_fd fd;
  session who;
  framer in;
  std::string out;
  size_t sent = 0;         // of `out`
  bool waiting = false;    // for the answer of a turn
  bool closing = false;    // as soon as `out` is written
  bool eof = false;        // the peer will say nothing more
  bool queued = false;     // to be heard
  uint32_t armed = 0;      // epoll events
  size_t counted = 0;      // bytes charged to its uid
  base::boot_time active;  // last byte in or out
};

}  // namespace grantd::daemon
