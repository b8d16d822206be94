// SPDX-License-Identifier: Apache-2.0
// Serves frames from one thread; whose the socket is to its clients is decided by who called listen().
#include "unit/guest/fake_reaper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "support/unity.h"

namespace grantd::test {
namespace {

void listen_as(int fd, uid_t uid, int backlog) {
  const pid_t child = fork();
  if (child == 0) {
    const bool done = (uid == 0 || syscall(SYS_setresuid, uid, uid, uid) == 0) && listen(fd, backlog) == 0;
    _exit(done ? 0 : 1);
  }
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error("fake_reaper: listen");
}

template <size_t Room, class Message>
frame encoded(const Message& m) {
  std::array<uint8_t, Room> out;
  const size_t n = wire::encode(m, out);
  if (n == 0) throw std::runtime_error("fake_reaper: no frame says this");
  return {out.begin(), out.begin() + static_cast<ptrdiff_t>(n)};
}

}  // namespace

frame frame_of(const wire::registration& r) { return encoded<wire::max_registration>(r); }
frame frame_of(const wire::registration_answer& a) { return encoded<wire::max_registration_answer>(a); }

fake_reaper::fake_reaper(script answers, uid_t uid, int backlog, bool starts)
    : path_(dir_ / "session.sock"), stop_(eventfd(0, EFD_CLOEXEC)), script_(std::move(answers)) {
  if (geteuid() != 0) TEST_IGNORE_MESSAGE("only root's answers are believed: run as root");
  listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::strncpy(a.sun_path, path_.c_str(), sizeof a.sun_path - 1);
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) != 0)
    throw std::runtime_error("fake_reaper: bind");
  listen_as(listener_.get(), uid, backlog);
  if (starts) start();
}

fake_reaper::~fake_reaper() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  if (write(stop_.get(), &one, sizeof one) != sizeof one) std::abort();
  thread_.join();
}

void fake_reaper::start() {
  thread_ = std::thread([this] { run(); });
}

void fake_reaper::answer_by(script answers) {
  const std::lock_guard held(mutex_);
  script_ = std::move(answers);
}

void fake_reaper::attach(int fd) {
  const std::lock_guard held(mutex_);
  attached_ = fd;
}

std::vector<frame> fake_reaper::heard() const {
  const std::lock_guard held(mutex_);
  return heard_;
}

void fake_reaper::run() {
  std::vector<base::unique_fd> clients;
  for (;;) {
    std::vector<pollfd> wanted{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const base::unique_fd& c : clients) wanted.push_back({c.get(), POLLIN, 0});
    if (poll(wanted.data(), wanted.size(), -1) < 0) continue;
    if (wanted[0].revents != 0) return;
    for (size_t i = clients.size(); i-- > 0;) {
      if (wanted[i + 2].revents != 0 && !converse(clients[i].get()))
        clients.erase(clients.begin() + static_cast<ptrdiff_t>(i));
    }
    if (wanted[1].revents == 0) continue;
    base::unique_fd next{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (next.valid()) clients.push_back(std::move(next));
  }
}

bool fake_reaper::converse(int fd) {
  frame in(4096);
  const ssize_t n = recv(fd, in.data(), in.size(), MSG_DONTWAIT);
  if (n <= 0) return false;
  in.resize(static_cast<size_t>(n));
  const std::lock_guard held(mutex_);
  heard_.push_back(in);
  std::optional<frame> out = script_(in);
  if (!out) return true;
  if (out->empty()) return false;
  iovec part{out->data(), out->size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (attached_ >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(c), &attached_, sizeof attached_);
  }
  return sendmsg(fd, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(out->size());
}

fake_reaper::script fake_reaper::by_table(std::string table_path) {
  return [path = std::move(table_path)](std::span<const uint8_t> bytes) -> std::optional<frame> {
    const auto asked = wire::decode_registration(bytes);
    if (!asked) return frame{};
    if (asked->kind == wire::registration_kind::close)
      return frame_of(wire::registration_answer{.result = wire::registration_result::closed});
    const decision::account who{decision::identity_class::os, asked->user};
    const guest::answer a =
        guest::check(path.c_str(), {.proved = {&who, 1},
                                    .where = {decision::point_kind::pam, asked->service, {}},
                                    .role = {},
                                    .name_resource = true});
    return frame_of(guest::flatten(
        a, a.verdict.allows() ? wire::registration_result::covered : wire::registration_result::denied));
  };
}

fake_reaper::script fake_reaper::always(frame answer) {
  return [answer = std::move(answer)](std::span<const uint8_t>) -> std::optional<frame> { return answer; };
}

}  // namespace grantd::test
