// SPDX-License-Identifier: Apache-2.0
// grantd-reaper as it runs: the loop.
#include "reaper/server.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "base/boot_id.h"
#include "base/clock.h"
#include "guest/live.h"
#include "reaper/peer.h"
#include "service/handed_over.h"
#include "service/log.h"

namespace grantd::reaper {
namespace {

using service::level;
using service::log;

enum number : uint64_t { listener = 1, signals = 2, timer = 3, table_watch = 4 };
constexpr uint64_t first_client = uint64_t{1} << 32;
constexpr uint64_t first_session = uint64_t{1} << 48;

constexpr size_t most_clients = 256;
constexpr int64_t client_patience_ns = 5 * base::ns_per_s;
constexpr int64_t crowded_patience_ns = base::ns_per_s / 2;  // who speaks does so at once
constexpr rlim_t spare_descriptors = most_clients + 64;      // beside two for each session
constexpr int backlog = 1024;

guest::login question(const session& s, const decision::account& who) {
  return {.proved = {&who, 1}, .where = s.where(), .role = {}, .name_resource = true};
}

std::string boot_text() {
  const auto boot = base::read_boot_id();
  std::string out;
  if (!boot) return out;
  for (uint8_t byte : *boot) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

// The state's own number, the same after a restart. Clocks and cgroups of another boot mean nothing: state
// that is older than the boot, in a directory that is not in memory, is forgotten.
uint64_t run_of(const state& kept, const std::string& boot) {
  for (const state::entry& e : kept.all("run")) {
    auto run = e.what ? number_in(*e.what, "run") : std::nullopt;
    if (!run || *run <= 0 || !e.what->contains("boot")) {
      log(level::alert, "the state " + e.name + " cannot be read: grantd is told that a new reaper began");
      continue;
    }
    if (e.what->at("boot") == boot) return static_cast<uint64_t>(*run);
    for (const char* kind : {"session-", "user-", "ended-", "last"}) {
      for (const state::entry& old : kept.all(kind)) kept.forget(old.name);
    }
  }
  uint64_t run = 0;
  while (run == 0) {
    if (getrandom(&run, sizeof run, 0) != sizeof run) return 0;
    run >>= 1;  // it is kept as a signed number
  }
  return kept.save("run", {{"run", std::to_string(run)}, {"boot", boot}}) == 0 ? run : 0;
}

// How many sessions there are descriptors for: an end must always find one free.
size_t room_for_sessions() {
  rlimit most{};
  if (getrlimit(RLIMIT_NOFILE, &most) != 0) return 0;
  most.rlim_cur = most.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &most);
  if (getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur <= spare_descriptors) return 0;
  return (most.rlim_cur - spare_descriptors) / 2;
}

}  // namespace

std::string server::table_directory() const {
  return where_.table.substr(0, std::max<size_t>(where_.table.rfind('/'), 1));
}

std::string server::listen() {
  auto handed = service::take_handed_over();
  if (!handed) return handed.error();
  for (service::handed_over& h : *handed) {
    if (h.type != SOCK_SEQPACKET || !h.listening || listener_.valid()) {
      return "descriptor " + std::to_string(h.fd.get()) +
             " of LISTEN_FDS is not the one listening socket for session.sock";
    }
    listener_ = std::move(h.fd);
  }
  if (listener_.valid()) return {};
  const std::string path = where_.run + "/session.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return path + ": longer than a socket's path may be";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  (void)unlink(path.c_str());
  listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_.valid() ||
      bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0600) != 0 || ::listen(listener_.get(), backlog) != 0) {
    return path + ": " + std::strerror(errno);
  }
  return {};
}

std::string server::start() {
  if (geteuid() != 0) return "it must run as root: it ends the processes of others";
  (void)mkdir(where_.run.c_str(), 0700);
  struct stat s{};
  if (lstat(where_.run.c_str(), &s) != 0) return where_.run + ": " + std::strerror(errno);
  if (!S_ISDIR(s.st_mode) || s.st_uid != 0 || (s.st_mode & 077) != 0) {
    return where_.run + " must be a directory of root's that nobody else may enter: chmod 0700 " + where_.run;
  }
  (void)mkdir(where_.kept.c_str(), 0700);
  auto groups = hierarchy::find();
  if (!groups) return groups.error() + ": no session could be ended as a whole";
  groups_ = std::make_unique<hierarchy>(std::move(*groups));
  state_ = std::make_unique<state>(where_.run);
  const std::string boot = boot_text();
  if (boot.empty()) return "/proc/sys/kernel/random/boot_id cannot be read";
  const uint64_t run = run_of(*state_, boot);
  if (run == 0) return where_.run + ": the state cannot be written";
  spool_ = std::make_unique<spool>(where_.report, run);
  spool_->keep_in(*state_);
  services_ = std::make_unique<user_services>(*groups_, where_.linger, where_.kept + "/linger");

  std::optional<std::string> own_parent;
  if (access("/run/systemd/system", F_OK) == 0) {
    own_parent = cgroup_path_of(getpid());
    if (!own_parent) return "its own cgroup cannot be found: sessions without a scope of logind need it";
  }
  most_sessions_ = room_for_sessions();
  sessions_ = std::make_unique<sessions>(
      surroundings{.groups = *groups_,
                   .kept = *state_,
                   .told = *spool_,
                   .services = *services_,
                   .own_parent = own_parent,
                   .run = run,
                   .look_up =
                       [this](const session& one) {
                         const decision::account who = one.account();
                         return guest::check(where_.table.c_str(), question(one, who));
                       },
                   .ask_again =
                       [this](const session& one, guest::answer& last) {
                         const decision::account who = one.account();
                         guest::login asked = question(one, who);
                         asked.live = true;  // at_least stays: a shell has one access, see PROTOCOL
                         return guest::ask_again(where_.table.c_str(), asked, last);
                       },
                   .watch =
                       [this](const session& one) {
                         (void)loop_.add(one.group.events_fd(), EPOLLPRI, first_session + one.number);
                       }});

  if (std::string wrong = listen(); !wrong.empty()) return wrong;
  sigset_t mask;
  sigemptyset(&mask);
  for (int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&mask, one);
  sigprocmask(SIG_BLOCK, &mask, nullptr);
  signals_.reset(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  timer_.reset(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!loop_.valid() || !signals_.valid() || !timer_.valid() ||
      !loop_.add(listener_.get(), EPOLLIN, number::listener) ||
      !loop_.add(signals_.get(), EPOLLIN, number::signals) ||
      !loop_.add(timer_.get(), EPOLLIN, number::timer)) {
    return std::string("no timer or event queue: ") + std::strerror(errno);
  }
  directory_ = table_directory();
  watch_.open(directory_.c_str());
  watch_table();
  sessions_->recall(base::boot_now());
  return {};
}

void server::watch_table() {
  if (watch_.fd() == watched_fd_) return;
  watched_fd_ = watch_.fd();
  if (watched_fd_ >= 0) (void)loop_.add(watched_fd_, EPOLLIN, number::table_watch);
}

int server::run() {
  log(level::notice, "is ready; " + std::to_string(sessions_->all().size()) + " sessions were there before");
  notify_.send("READY=1");
  for (bool stopping = false; !stopping;) {
    base::boot_time now = base::boot_now();
    sessions_->act(now);
    arm(sessions_->next());
    say_status();
    const auto events =
        loop_.wait(clients_.empty() ? watch_.timeout_ms() : std::min(watch_.timeout_ms(), 500));
    now = base::boot_now();
    bool look = (now.ns - looked_.ns) / 1'000'000 >= watch_.timeout_ms();
    for (const epoll_event& e : events) {
      const uint64_t n = e.data.u64;
      if (n >= first_session) {
        sessions_->check(n - first_session, now);
      } else if (n >= first_client) {
        hear(n - first_client, now);
      } else if (n == number::listener) {
        accept_some(now);
      } else if (n == number::table_watch) {
        look = watch_.drain() || look;
      } else if (n == number::timer) {
        uint64_t rang = 0;
        (void)!read(timer_.get(), &rang, sizeof rang);
      } else if (n == number::signals) {
        signalfd_siginfo info{};
        while (read(signals_.get(), &info, sizeof info) == sizeof info) {
          info.ssi_signo == SIGHUP ? look = true : stopping = true;
        }
      }
    }
    if (look) {
      (void)watch_.drain();  // before the table is read
      watch_table();
      looked_ = now;
      sessions_->look(now);
    }
    drop_late(now);
    if (notify_.watchdog_ns() != 0 && now.ns - last_watchdog_.ns >= notify_.watchdog_ns() / 2) {
      last_watchdog_ = now;
      notify_.send("WATCHDOG=1");
    }
  }
  notify_.send("STOPPING=1");
  log(level::notice, "stopped; " + std::to_string(sessions_->all().size()) +
                         " sessions go on, and nobody ends them until it is started again");
  return 0;
}

void server::arm(base::boot_time next) {
  itimerspec at{};
  const int64_t ns = std::max<int64_t>(next.ns, 1);  // 0 would disarm it
  at.it_value = {ns / base::ns_per_s, ns % base::ns_per_s};
  (void)timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void server::accept_some(base::boot_time now) {
  while (clients_.size() < most_clients) {
    base::unique_fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) return;
    const uint64_t n = next_client_++;
    if (!loop_.add(fd.get(), EPOLLIN, first_client + n)) continue;
    clients_[n] = {std::move(fd), now};
  }
  // The rest waits in the queue, and does not wake us until there is room.
  if (clients_.size() < most_clients) return;
  listening_ = false;
  loop_.change(listener_.get(), 0, number::listener);
}

void server::hear(uint64_t n, base::boot_time now) {
  auto at = clients_.find(n);
  if (at == clients_.end()) return;
  const base::unique_fd socket = std::move(at->second.socket);
  clients_.erase(at);
  std::array<uint8_t, wire::max_registration + 1> bytes;
  const ssize_t size = recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size <= 0) return;
  const auto leader = pin_peer(socket.get());
  const auto asked = wire::decode_registration({bytes.data(), static_cast<size_t>(size)});
  if (!leader || leader->uid != 0 || !asked) {
    log(level::warning, "a message on session.sock is refused: it is not from root, or not of this protocol");
    return;
  }
  const peer who{leader->pid, leader->pidfd.get()};
  wire::registration_answer answer{.result = wire::registration_result::closed};
  if (asked->kind == wire::registration_kind::open && sessions_->all().size() >= most_sessions_) {
    log(level::error, "a session is refused: there are no descriptors for more (RLIMIT_NOFILE)");
    answer = {.result = wire::registration_result::failed, .text = "too many sessions"};
  } else if (asked->kind == wire::registration_kind::open) {
    answer = sessions_->open(who, *asked, now);
  } else {
    sessions_->close(who);
  }
  std::array<uint8_t, wire::max_registration_answer> out;
  const size_t length = wire::encode(answer, out);
  if (length == 0)
    log(level::error, "an answer on session.sock could not be written: the session is refused");
  (void)send(socket.get(), out.data(), length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void server::drop_late(base::boot_time now) {
  const bool crowded = clients_.size() == most_clients;
  const int64_t patience = crowded ? crowded_patience_ns : client_patience_ns;
  const size_t late =
      std::erase_if(clients_, [&](const auto& c) { return now.ns - c.second.arrived.ns >= patience; });
  if (late != 0) {
    log(level::warning,
        std::to_string(late) + " who connected to session.sock said nothing, and were dropped");
  }
  if (listening_ || clients_.size() == most_clients) return;
  listening_ = true;
  loop_.change(listener_.get(), EPOLLIN, number::listener);
}

void server::say_status() {
  std::string status = "STATUS=" + std::to_string(sessions_->all().size()) + " sessions";
  if (status != status_) notify_.send(status_ = std::move(status));
}

}  // namespace grantd::reaper
