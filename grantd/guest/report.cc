// SPDX-License-Identifier: Apache-2.0
// Sends one datagram and forgets it. Never waits, never raises a signal, never tells the caller.
#include "guest/report.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/unique_fd.h"
#include "guest/line.h"

namespace grantd::guest {
namespace {

constexpr size_t max_remote = 63;  // wire::report

}  // namespace

void send_report(const char* socket_path, const login& who, const answer& a, wire::outcome outcome,
                 std::string_view remote) noexcept {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (socket_path == nullptr || socket_path[0] != '/' || a.identity >= who.proved.size()) return;
  size_t length = strnlen(socket_path, sizeof to.sun_path);
  if (length >= sizeof to.sun_path) return;
  std::memcpy(to.sun_path, socket_path, length);

  const decision::account& account = who.proved[a.identity];
  std::array<uint8_t, wire::max_report> bytes;
  size_t size = wire::encode({.outcome = outcome,
                              .reason = static_cast<uint8_t>(a.verdict.why),
                              .proved_by = static_cast<uint8_t>(account.proved_by),
                              .point = static_cast<uint8_t>(who.where.kind),
                              .replication = who.where.replication,
                              .grant = a.verdict.grant,
                              .boot_ns = a.now.ns,
                              .pid = static_cast<uint32_t>(getpid()),
                              .name = account.name,
                              .place = who.where.place,
                              .database = who.where.database,
                              .role = who.role,
                              .remote = cut(remote, max_remote)},
                             bytes);
  if (size == 0) return;
  base::unique_fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd.valid()) return;
  // A full queue is EAGAIN, a dead daemon ECONNREFUSED: the report is lost, the login goes on.
  (void)sendto(fd.get(), bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

}  // namespace grantd::guest
