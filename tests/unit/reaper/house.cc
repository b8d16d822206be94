// SPDX-License-Identifier: Apache-2.0
// Puts sessions and their surroundings together.
#include "unit/reaper/house.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "guest/live.h"
#include "support/unity.h"

namespace grantd::test {
namespace {

guest::login question(const reaper::session& s, const decision::account& who) {
  return {.proved = {&who, 1}, .where = s.where(), .role = {}, .name_resource = true};
}

}  // namespace

ear::ear(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.c_str(), std::min(path.size() + 1, sizeof at.sun_path - 1));
  socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    throw std::runtime_error(path + " cannot be bound");
  }
}

std::vector<heard> ear::listen(int first_ms) {
  std::vector<heard> out;
  pollfd one{socket_.get(), POLLIN, 0};
  (void)poll(&one, 1, first_ms);
  for (;;) {
    std::array<uint8_t, wire::max_presence + 1> bytes{};
    ssize_t n = recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (n < 0) return out;
    auto p = wire::decode_presence({bytes.data(), static_cast<size_t>(n)});
    if (!p) throw std::runtime_error("what was heard is no presence");
    out.push_back({p->state, p->cause, p->run, p->number, p->grant, p->until_ns, std::string(p->name),
                   std::string(p->text)});
  }
}

house::house()
    : dir(true),
      grantd(dir / "report.sock"),
      kept_(dir.path()),
      told_(dir / "report.sock", run),
      services_(g.groups, dir / "linger", dir / "kept") {
  own_parent = g.path();
  look_up = [this](const reaper::session& s) {
    const decision::account who = s.account();
    return guest::check(table.path().c_str(), question(s, who));
  };
}

void house::start(base::boot_time now) {
  sessions_.reset();
  sessions_ = std::make_unique<reaper::sessions>(
      reaper::surroundings{.groups = g.groups,
                           .kept = kept_,
                           .told = told_,
                           .services = services_,
                           .own_parent = own_parent,
                           .run = run,
                           .look_up = [this](const reaper::session& s) { return look_up(s); },
                           .ask_again =
                               [this](const reaper::session& s, guest::answer& last) {
                                 const decision::account who = s.account();
                                 guest::login asked = question(s, who);
                                 asked.live = true;
                                 return guest::ask_again(table.path().c_str(), asked, last);
                               }});
  sessions_->recall(now);
}

const reaper::session& house::only() {
  if (all().all().size() != 1) {
    throw std::runtime_error(std::to_string(all().all().size()) + " sessions, not one");
  }
  return all().all().begin()->second;
}

std::unique_ptr<child> house::arrive(const std::function<void()>& body) {
  return std::make_unique<child>(g, g.make("arrival-" + std::to_string(++arrived_)), body);
}

wire::registration_answer house::open(const child& leader, base::boot_time now, std::string_view user) {
  return all().open({leader.pid(), leader.pidfd()},
                    {.kind = wire::registration_kind::open,
                     .service = "sshd",
                     .user = user,
                     .remote = "192.0.2.1",
                     .tty = "pts/1"},
                    now);
}

bool house::gone(base::boot_time now, int deadline_ms) {
  return wait_until(
      [&] {
        if (all().all().empty()) return true;
        all().check(all().all().begin()->first, now);
        return all().all().empty();
      },
      deadline_ms);
}

std::string house::state_file(uint64_t number) const { return dir / ("session-" + std::to_string(number)); }

}  // namespace grantd::test
