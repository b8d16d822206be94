// SPDX-License-Identifier: Apache-2.0
// Asks grantd-clock; waits a bounded time, and never for long twice in a row.
#include "daemon/asked_clock.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

namespace grantd::daemon {
namespace {

constexpr int64_t again_ns = base::ns_per_s;      // how old a word may be
constexpr int64_t rest_ns = 10 * base::ns_per_s;  // after none came
constexpr int patience_ms = 200, first_patience_ms = 2000;

}  // namespace

base::clock_reading asked_clock::read() {
  base::clock_reading now = look_();
  const bool stepped = decision::stepped_us(asked_, {now.utc, now.boot}) != 0;  // also the first time
  if (stepped || now.boot >= next_) {
    const word said = ask();
    if (said == word::none) to_.reset();  // a late answer must not stand for the next question
    synchronised_ = said == word::nobody ? base::clock_synchronised() : said == word::yes;
    asked_ = {now.utc, now.boot};
    next_ = {now.boot.ns + (said == word::none ? rest_ns : again_ns)};
  }
  now.synchronised = synchronised_;
  return now;
}

bool asked_clock::connect() {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof at.sun_path) return false;
  std::memcpy(at.sun_path, socket_.c_str(), socket_.size());
  to_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  answered_ = false;
  if (to_.valid() && ::connect(to_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0)
    return true;
  to_.reset();
  return false;
}

asked_clock::word asked_clock::ask() {
  // An old connection may have ended since: once more on a new one.
  for (const bool again : {false, true}) {
    if ((again || !to_.valid()) && !connect()) return word::nobody;
    if (send(to_.get(), "?", 1, MSG_NOSIGNAL) != 1) continue;
    pollfd one{to_.get(), POLLIN, 0};
    if (poll(&one, 1, answered_ ? patience_ms : first_patience_ms) != 1) return word::none;
    char answer = 0;
    if (recv(to_.get(), &answer, 1, 0) != 1) continue;
    answered_ = true;
    return answer == 'y' ? word::yes : word::no;
  }
  return word::none;
}

}  // namespace grantd::daemon
