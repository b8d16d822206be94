// SPDX-License-Identifier: Apache-2.0
// Two one-way pipes on one poll. Expects SIGPIPE to be ignored.
#include "cli/pump.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace grantd::cli {
namespace {

constexpr size_t room = 65536;

class non_blocking {
 public:
  explicit non_blocking(int fd) : fd_(fd), flags_(fcntl(fd, F_GETFL)) {
    if (flags_ >= 0 && (flags_ & O_NONBLOCK) == 0) (void)fcntl(fd_, F_SETFL, flags_ | O_NONBLOCK);
  }
  ~non_blocking() {
    if (flags_ >= 0 && (flags_ & O_NONBLOCK) == 0) (void)fcntl(fd_, F_SETFL, flags_);
  }
  non_blocking(const non_blocking&) = delete;
  non_blocking& operator=(const non_blocking&) = delete;

 private:
  int fd_;
  int flags_;
};

// One direction: what was read and is not yet written.
struct way {
  int from;
  int to;
  std::string held;
  bool ended = false;   // nothing more comes
  bool broken = false;  // nothing more can be delivered

  [[nodiscard]] bool wants_input() const { return !ended && !broken && held.size() < room; }
  [[nodiscard]] bool wants_output() const { return !broken && !held.empty(); }
  [[nodiscard]] bool finished() const { return broken || (ended && held.empty()); }

  void fill() {
    char buffer[room];
    ssize_t n = read(from, buffer, room - held.size());
    if (n > 0) {
      held.append(buffer, static_cast<size_t>(n));
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      ended = true;
    }
  }
  void drain() {
    ssize_t n = write(to, held.data(), held.size());
    if (n > 0) {
      held.erase(0, static_cast<size_t>(n));
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
      broken = true;
    }
  }
};

}  // namespace

bool pump(int in, int out, int socket, std::string first) {
  non_blocking a(in);
  non_blocking b(out);
  non_blocking c(socket);
  way there{in, socket, {}};
  way back{socket, out, std::move(first)};
  bool told = false;
  while (!back.finished()) {
    if (there.finished() && !told) {
      (void)shutdown(socket, SHUT_WR);
      told = true;
    }
    // A descriptor of -1 is skipped: one that wants nothing must not spin the loop by POLLHUP.
    pollfd waits[] = {{there.wants_input() ? in : -1, POLLIN, 0},
                      {there.wants_output() ? socket : -1, POLLOUT, 0},
                      {back.wants_input() ? socket : -1, POLLIN, 0},
                      {back.wants_output() ? out : -1, POLLOUT, 0},
                      // The reader of `out` may leave while nothing is said: POLLERR shows it.
                      {out, 0, 0}};
    if (poll(waits, 5, -1) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    if (waits[0].revents != 0) there.fill();
    if (waits[1].revents != 0) there.drain();
    if (waits[2].revents != 0) back.fill();
    if (waits[3].revents != 0) back.drain();
    if ((waits[4].revents & (POLLERR | POLLNVAL)) != 0) back.broken = true;
  }
  return !back.broken;
}

}  // namespace grantd::cli
