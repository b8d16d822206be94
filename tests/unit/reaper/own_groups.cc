// SPDX-License-Identifier: Apache-2.0
// Cgroups, processes and terminals of the test's own; the wrapped system calls.
#include "own_groups.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace grantd::test {
namespace {

faults* armed = nullptr;

[[noreturn]] void live(const std::function<void()>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    body();
  } catch (...) {
    _exit(1);
  }
  for (;;) pause();
}

// What the body set up is there once this returns.
struct gate {
  base::unique_fd read_end, write_end;
  gate() {
    int ends[2];
    TEST_ASSERT_TRUE(pipe2(ends, O_CLOEXEC) == 0);
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  void open() const { (void)!write(write_end.get(), "x", 1); }
  [[nodiscard]] bool wait() {
    write_end.reset();
    char byte;
    return read(read_end.get(), &byte, 1) == 1;
  }
};

pid_t start(const std::function<void()>& body, const std::function<void(pid_t)>& before) {
  gate enter;
  gate entered;
  pid_t pid = fork();
  TEST_ASSERT_TRUE(pid >= 0);
  if (pid == 0) {
    entered.read_end.reset();
    if (!enter.wait()) _exit(2);
    live([&] {
      body();
      entered.open();
      entered.write_end.reset();
    });
  }
  try {
    before(pid);
    enter.open();
    TEST_ASSERT_TRUE(entered.wait());
  } catch (...) {
    ::kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    throw;
  }
  return pid;
}

// Asked of the machine, not of the code under test: what that does not find where it is, is a failure.
bool has_cgroup2() {
  for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct statfs s{};
    if (statfs(mount, &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC && access(mount, W_OK) == 0) return true;
  }
  return false;
}

reaper::hierarchy found() {
  if (geteuid() != 0 || !has_cgroup2()) TEST_IGNORE_MESSAGE("no cgroup v2 that we can write to");
  auto h = reaper::hierarchy::find();
  if (!h) TEST_FAIL_MESSAGE(h.error());
  struct statfs s{};
  TEST_ASSERT_TRUE(fstatfs(h->root(), &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC);
  return std::move(*h);
}

reaper::cgroup parent_in(const reaper::hierarchy& h) {
  static int made = 0;
  auto c = h.make("/", "grantd-test-" + std::to_string(getpid()) + "-" + std::to_string(++made));
  if (!c) TEST_FAIL_MESSAGE(c.error());
  return std::move(*c);
}

}  // namespace

own_groups::own_groups() : all_(found()), parent_(parent_in(all_)) {}

own_groups::~own_groups() {
  // Not by the code under test: it may be what is broken.
  namespace fs = std::filesystem;
  const std::string root = "/proc/self/fd/" + std::to_string(all_.root()) + path();
  std::error_code ignored;
  const auto tidy = [&] {
    std::ofstream(root + "/cgroup.kill") << "1";
    std::vector<std::string> all{root};
    for (fs::recursive_directory_iterator at(root, ignored), end; !ignored && at != end;
         at.increment(ignored))
      if (at->is_directory(ignored)) all.push_back(at->path());
    for (auto at = all.rbegin(); at != all.rend(); ++at) (void)rmdir(at->c_str());
    return !fs::exists(root, ignored);
  };
  if (!wait_until(tidy)) std::fprintf(stderr, "left behind: %s\n", path().c_str());
}

reaper::cgroup own_groups::make(const std::string& name, const std::string& below) const {
  auto c = all_.make(path() + below, name);
  if (!c) TEST_FAIL_MESSAGE(c.error());
  return std::move(*c);
}

process::process(const std::function<void()>& body) : pid_(start(body, [](pid_t) {})) {}

process::process(const own_groups& groups, const reaper::cgroup& in, const std::function<void()>& body)
    : pid_(start(body, [&](pid_t pid) {
        auto moved = groups.all().move(in, pid);
        if (!moved) TEST_FAIL_MESSAGE(moved.error());
      })) {}

process::~process() { end(); }

void process::end() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool process::alive() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

std::unique_ptr<process> process::with_number(pid_t number, const std::function<void()>& body) {
  gate entered;
  clone_args args{};
  args.exit_signal = SIGCHLD;
  args.set_tid = reinterpret_cast<uintptr_t>(&number);
  args.set_tid_size = 1;
  long pid = syscall(SYS_clone3, &args, sizeof args);
  if (pid == 0) {
    entered.read_end.reset();
    live([&] {
      body();
      entered.open();
      entered.write_end.reset();
    });
  }
  TEST_ASSERT_EQUAL_INT(number, pid);  // the number is in use again: the fault happened
  std::unique_ptr<process> p(new process(adopted{}, number));
  TEST_ASSERT_TRUE(entered.wait());
  return p;
}

terminal::terminal() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
  TEST_ASSERT_TRUE(master_.valid() && grantpt(master_.get()) == 0 && unlockpt(master_.get()) == 0);
  TEST_ASSERT_TRUE(ioctl(master_.get(), TIOCGPTN, &number_) == 0);
  slave_.reset(ioctl(master_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  TEST_ASSERT_TRUE(slave_.valid());
}

void terminal::take() const {
  if (setsid() < 0 || ioctl(slave_.get(), TIOCSCTTY, 0) != 0) _exit(3);
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGHUP, &ignored, nullptr);
}

std::string terminal::said() const {
  std::string got;
  std::array<char, 4096> room;
  for (ssize_t n = 0; (n = read(master_.get(), room.data(), room.size())) > 0;)
    got.append(room.data(), static_cast<size_t>(n));
  return got;
}

unsigned terminal::device() const {
  struct stat s{};
  TEST_ASSERT_EQUAL_INT(0, fstat(slave_.get(), &s));
  return static_cast<unsigned>(s.st_rdev);
}

void terminal::fill() const {
  // The kernel moves what was written further on, and then there is room again.
  pollfd room{slave_.get(), POLLOUT, 0};
  int error = 0;
  do {
    while (write(slave_.get(), "xxxxxxxxxxxxxxx", 15) > 0 || write(slave_.get(), "x", 1) > 0) {
    }
    error = errno;
  } while (poll(&room, 1, 200) > 0);
  TEST_ASSERT_EQUAL_INT(EAGAIN, error);  // it is full: the fault happened
}

void in_child(const std::function<void()>& body) {
  pid_t pid = fork();
  TEST_ASSERT_TRUE(pid >= 0);
  if (pid == 0) {
    try {
      body();
    } catch (const failure& f) {
      dprintf(2, "%s:%d: %s\n", f.file, f.line, f.what.c_str());
      _exit(1);
    } catch (...) {
      _exit(4);
    }
    _exit(0);
  }
  int status = 0;
  TEST_ASSERT_EQUAL_INT(pid, waitpid(pid, &status, 0));
  TEST_ASSERT_EQUAL_INT(0, status);
}

void faults::arm() { armed = this; }
faults::~faults() { armed = nullptr; }

}  // namespace grantd::test

extern "C" {

int __real_openat(int directory, const char* name, int flags, ...);
int __real_pidfd_open(pid_t pid, unsigned flags);
int __real_fstatat(int directory, const char* name, struct stat* into, int flags);
int __real_unlink(const char* name);
int __wrap_openat(int directory, const char* name, int flags, ...);
int __wrap_pidfd_open(pid_t pid, unsigned flags);
int __wrap_fstatat(int directory, const char* name, struct stat* into, int flags);
int __wrap_unlink(const char* name);

int __wrap_openat(int directory, const char* name, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (grantd::test::armed != nullptr && grantd::test::armed->openat) {
    if (int error = grantd::test::armed->openat(name); error != 0) {
      errno = error;
      return -1;
    }
  }
  return __real_openat(directory, name, flags, mode);
}

int __wrap_pidfd_open(pid_t pid, unsigned flags) {
  if (grantd::test::armed != nullptr && grantd::test::armed->pidfd_open) grantd::test::armed->pidfd_open(pid);
  return __real_pidfd_open(pid, flags);
}

int __wrap_fstatat(int directory, const char* name, struct stat* into, int flags) {
  if (grantd::test::armed != nullptr && grantd::test::armed->fstatat) {
    if (int error = grantd::test::armed->fstatat(name); error != 0) {
      errno = error;
      return -1;
    }
  }
  return __real_fstatat(directory, name, into, flags);
}

int __wrap_unlink(const char* name) {
  if (grantd::test::armed != nullptr && grantd::test::armed->unlink) {
    if (int error = grantd::test::armed->unlink(name); error != 0) {
      errno = error;
      return -1;
    }
  }
  return __real_unlink(name);
}

}  // extern "C"
