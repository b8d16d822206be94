// SPDX-License-Identifier: Apache-2.0
// Registers a session with the reaper. Whatever is not exactly the answer it should be is a failure.
#include "guest/registration.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "base/names.h"
#include "base/unique_fd.h"
#include "guest/line.h"

namespace grantd::guest {
namespace {

using wire::registration_result;

constexpr int64_t ns_per_ms = 1'000'000;
constexpr int full_wait_ms = 10;  // a queue that is full is tried again so often

int left_ms(base::boot_time deadline) noexcept {
  int64_t left = 0;
  if (__builtin_sub_overflow(deadline.ns, base::boot_now().ns, &left) || left <= 0) return 0;
  return static_cast<int>(left / ns_per_ms) + 1;
}

// True when `fd` is ready for `events`, or broken, before the deadline.
bool wait_for(int fd, short events, base::boot_time deadline) noexcept {
  for (;;) {
    const int ms = left_ms(deadline);
    if (ms == 0) return false;
    pollfd p{fd, events, 0};
    const int n = poll(&p, 1, ms);
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
  }
}

// nullptr, or what failed.
const char* connect_to(const char* path, int fd, base::boot_time deadline) noexcept {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const size_t length = strnlen(path, sizeof to.sun_path);
  if (path[0] != '/' || length >= sizeof to.sun_path) return "its path is no path of a socket";
  std::memcpy(to.sun_path, path, length);
  for (;;) {
    if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return nullptr;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return errno == EACCES ? "not allowed to connect" : "nobody listens there";
    if (left_ms(deadline) == 0) return "too many are waiting there";
    (void)poll(nullptr, 0, full_wait_ms);  // the queue is full; nothing tells when it is not
  }
}

bool is_roots(int fd) noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof peer && peer.uid == 0;
}

const char* converse(int fd, std::span<const uint8_t> frame, base::boot_time deadline,
                     std::span<uint8_t> room, size_t& size) noexcept {
  while (send(fd, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return "it hung up";
    if (!wait_for(fd, POLLOUT, deadline)) return "it does not listen";
  }
  for (;;) {
    if (!wait_for(fd, POLLIN, deadline)) return "it did not answer in time";
    iovec part{room.data(), room.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return "it hung up";
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return "it answered something else";
    size = static_cast<size_t>(n);
    return nullptr;
  }
}

// Does this result fit what was asked, and itself?
bool fits(const wire::registration_answer& in, wire::registration_kind asked) noexcept {
  if (asked == wire::registration_kind::close) {
    return in.result == registration_result::closed || in.result == registration_result::failed;
  }
  switch (in.result) {
    case registration_result::covered:
      return in.reason == 0 && in.fault == 0 && !in.table_locked;
    case registration_result::denied:
      return in.reason != 0;
    case registration_result::nested:
    case registration_result::failed:
      return true;
    case registration_result::closed:
      break;
  }
  return false;
}

const char* ask(const char* path, const wire::registration& what, base::boot_time deadline,
                registered& out) noexcept {
  std::array<uint8_t, wire::max_registration> frame;
  const size_t frame_size = wire::encode(what, frame);
  if (frame_size == 0) return "a name is too long for it";
  base::unique_fd fd{socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd.valid()) return "no socket is to be had";
  if (const char* wrong = connect_to(path, fd.get(), deadline)) return wrong;
  if (!is_roots(fd.get())) return "it does not run as root";

  std::array<uint8_t, wire::max_registration_answer> room;
  size_t size = 0;
  if (const char* wrong = converse(fd.get(), {frame.data(), frame_size}, deadline, room, size)) return wrong;
  const auto answered = wire::decode_registration_answer({room.data(), size});
  if (!answered || !fits(*answered, what.kind) || !unflatten(*answered, out.a))
    return "it answered something else";
  if (answered->result == registration_result::failed) {
    line{out.why}.add(answered->text.empty() ? "it did not say why" : answered->text);
  }
  out.result = answered->result;
  return nullptr;
}

}  // namespace

registered register_session(const char* socket_path, const wire::registration& what,
                            base::boot_time deadline) noexcept {
  registered out;
  if (const char* wrong =
          socket_path == nullptr ? "no socket is named" : ask(socket_path, what, deadline, out)) {
    out = {};
    line{out.why}.add("grantd-reaper: ").add(wrong);
  }
  return out;
}

wire::registration_answer flatten(const answer& a, wire::registration_result result) noexcept {
  const bool denied = result == registration_result::denied;
  return {.result = result,
          .reason = denied ? static_cast<uint8_t>(a.verdict.why) : uint8_t{0},
          .fault = static_cast<uint8_t>(a.table),
          .table_locked = a.table_locked,
          .given = static_cast<uint8_t>(a.verdict.given),
          .how = static_cast<uint8_t>(a.verdict.how),
          .grant = a.verdict.grant,
          .until_ns = a.verdict.until.ns,
          .now_ns = a.now.ns,
          .end_utc_s = a.verdict.end_utc_s,
          .utc_offset_s = a.verdict.utc_offset_s,
          .resource = {a.resource.text, a.resource.size},
          .text = denied ? std::string_view{a.lock_text} : std::string_view{}};
}

bool unflatten(const wire::registration_answer& in, answer& out) noexcept {
  if (in.fault > static_cast<uint8_t>(table::fault::too_many) || !base::is_printable_utf8(in.resource) ||
      !base::is_printable_utf8(in.text) || in.resource.size() >= sizeof out.resource.text)
    return false;
  out = {};
  out.verdict.why = in.result == registration_result::denied ? static_cast<decision::reason>(in.reason)
                                                             : decision::reason::allowed;
  out.verdict.until = {in.until_ns};
  out.verdict.given = static_cast<decision::access>(in.given);
  out.verdict.grant = in.grant;
  out.verdict.how = static_cast<decision::ending>(in.how);
  out.verdict.end_utc_s = in.end_utc_s;
  out.verdict.utc_offset_s = in.utc_offset_s;
  out.table = static_cast<table::fault>(in.fault);
  out.table_locked = in.table_locked;
  std::memcpy(out.resource.text, in.resource.data(), in.resource.size());
  out.resource.size = static_cast<unsigned>(in.resource.size());
  if (in.result == registration_result::denied) line{out.lock_text}.add(in.text);
  out.now = {in.now_ns};
  return true;
}

}  // namespace grantd::guest
