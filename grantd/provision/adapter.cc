// SPDX-License-Identifier: Apache-2.0
// One start of an adapter.
#include "provision/adapter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>
extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/duration.h"

namespace grantd::provision {
namespace {

struct ends {
  base::unique_fd ours, theirs;
};

// A pipe of which only our end does not wait.
std::optional<ends> make_pipe(bool we_read) {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return std::nullopt;
  ends e{base::unique_fd(fds[we_read ? 0 : 1]), base::unique_fd(fds[we_read ? 1 : 0])};
  if (fcntl(e.ours.get(), F_SETFL, O_NONBLOCK) != 0) return std::nullopt;
  return e;
}

struct spawn_plan {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  spawn_plan() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
  }
  ~spawn_plan() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
  }
  spawn_plan(const spawn_plan&) = delete;
  spawn_plan& operator=(const spawn_plan&) = delete;
};

// Nothing of ours but the three pipes: no descriptor, no environment, no ignored or blocked signal.
int spawn(const order& o, int in, int out, int err, pid_t* pid) {
  spawn_plan plan;
  for (auto [from, to] : {std::pair{in, 0}, std::pair{out, 1}, std::pair{err, 2}})
    posix_spawn_file_actions_adddup2(&plan.files, from, to);
  posix_spawn_file_actions_addclosefrom_np(&plan.files, 3);
  posix_spawn_file_actions_addchdir_np(&plan.files, "/");
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.how, &none);
  posix_spawnattr_setsigdefault(&plan.how, &all);
  posix_spawnattr_setpgroup(&plan.how, 0);
  posix_spawnattr_setflags(&plan.how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string program = o.program;
  std::string step = o.step;
  std::string path = "PATH=/usr/local/bin:/usr/bin:/bin";
  std::string locale = "LC_ALL=C.UTF-8";
  std::array<char*, 3> argv{program.data(), step.data(), nullptr};
  std::array<char*, 3> environment{path.data(), locale.data(), nullptr};
  return posix_spawn(pid, program.c_str(), &plan.files, &plan.how, argv.data(), environment.data());
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace

std::expected<adapter, std::string> adapter::start(const order& o, base::boot_time now) {
  auto failed = [&](int e) {
    return std::unexpected(fmt::format("the adapter {} cannot be started: {}", o.program, std::strerror(e)));
  };
  auto in = make_pipe(false);
  auto out = make_pipe(true);
  auto err = make_pipe(true);
  adapter a;
  a.ready_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!in || !out || !err || !a.ready_.valid()) return failed(errno);
  if (int e = spawn(o, in->theirs.get(), out->theirs.get(), err->theirs.get(), &a.pid_); e != 0) {
    a.pid_ = -1;
    return failed(e);
  }
  a.process_.reset(pidfd_open(a.pid_, 0));
  a.in_ = std::move(in->ours);
  a.out_ = std::move(out->ours);
  a.err_ = std::move(err->ours);
  a.input_ = o.input;
  a.deadline_ns_ = o.deadline_ns;
  a.wake_ = {now.ns + o.deadline_ns};
  bool watched = a.process_.valid() && a.watch(a.process_.get(), EPOLLIN) && a.watch(a.in_.get(), EPOLLOUT) &&
                 a.watch(a.out_.get(), EPOLLIN) && a.watch(a.err_.get(), EPOLLIN);
  if (!watched) return failed(errno);
  return a;
}

adapter::adapter(adapter&& o) noexcept
    : pid_(std::exchange(o.pid_, -1)),
      ready_(std::move(o.ready_)),
      process_(std::move(o.process_)),
      in_(std::move(o.in_)),
      out_(std::move(o.out_)),
      err_(std::move(o.err_)),
      input_(std::move(o.input_)),
      fed_(o.fed_),
      output_(std::move(o.output_)),
      complaint_(std::move(o.complaint_)),
      trouble_(std::move(o.trouble_)),
      deadline_ns_(o.deadline_ns_),
      wake_(o.wake_),
      told_to_end_(o.told_to_end_) {}

adapter::~adapter() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool adapter::watch(int fd, uint32_t events) const {
  epoll_event e{};
  e.events = events;
  return epoll_ctl(ready_.get(), EPOLL_CTL_ADD, fd, &e) == 0;
}

void adapter::signal(int number) const { (void)kill(-pid_, number); }

void adapter::feed() {
  while (in_.valid() && fed_ < input_.size()) {
    ssize_t n = write(in_.get(), input_.data() + fed_, input_.size() - fed_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) break;  // it does not want to hear more
    fed_ += static_cast<size_t>(n);
  }
  in_.reset();
}

void adapter::read_output() {
  std::array<char, 16384> some;
  while (out_.valid()) {
    ssize_t n = read(out_.get(), some.data(), some.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      out_.reset();
    } else if (output_.size() + static_cast<size_t>(n) > max_output) {
      trouble_ = fmt::format("it said more than {} bytes", max_output);
      signal(SIGKILL);
      out_.reset();
    } else {
      output_.append(some.data(), static_cast<size_t>(n));
    }
  }
}

void adapter::read_complaint() {
  std::array<char, 4096> some;
  // Not for ever: one that complains without end must not keep us from its deadline.
  for (int i = 0; err_.valid() && i < 16; ++i) {
    ssize_t n = read(err_.get(), some.data(), some.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return err_.reset();
    complaint_.append(some.data(), std::min(static_cast<size_t>(n), max_complaint - complaint_.size()));
  }
}

// Whoever it left in its group is ended while the group cannot be anybody else's: before it is reaped.
bool adapter::reap(outcome& to) {
  siginfo_t how{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOHANG | WNOWAIT) != 0 || how.si_pid == 0)
    return false;
  signal(SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  read_output();
  read_complaint();
  to.output = std::move(output_);
  to.complaint = std::move(complaint_);
  to.trouble = std::move(trouble_);
  if (!to.trouble.empty()) return true;
  const std::string said = first_line(to.complaint).empty() ? "" : ": " + first_line(to.complaint);
  if (how.si_code != CLD_EXITED)
    to.trouble = fmt::format("it was ended by signal {}{}", how.si_status, said);
  else if (how.si_status != 0)
    to.trouble = fmt::format("it failed with {}{}", how.si_status, said);
  return true;
}

std::optional<outcome> adapter::advance(base::boot_time now) {
  feed();
  read_output();
  read_complaint();
  outcome done;
  if (reap(done)) return done;
  if (now < wake_) return std::nullopt;
  if (trouble_.empty()) {
    trouble_ = fmt::format("it did not end within {}",
                           base::print_duration_short(deadline_ns_ / base::ns_per_us).view());
  }
  signal(std::exchange(told_to_end_, true) ? SIGKILL : SIGTERM);
  wake_ = {now.ns + patience_ns};
  return std::nullopt;
}

}  // namespace grantd::provision
