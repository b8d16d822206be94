// SPDX-License-Identifier: Apache-2.0
// Writes to the terminals of a session; its caller never waits. A terminal that is full, or not what it
// should be, gets nothing.
#include "reaper/terminal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/names.h"
#include "reaper/file.h"
#include "service/log.h"

namespace grantd::reaper {
namespace {

constexpr unsigned first_pts_major = 136;  // UNIX98_PTY_SLAVE_MAJOR, eight of them, 256 terminals each ...
constexpr unsigned last_pts_major = 143;
constexpr unsigned per_major = 256;

// The controlling terminal: seventh field of /proc/PID/stat (proc(5)), after the name, which may hold
// anything.
unsigned terminal_of(pid_t pid) {
  const std::string file = "/proc/" + std::to_string(pid) + "/stat";
  const std::string text = read_at(AT_FDCWD, file.c_str()).value_or("");
  size_t at = text.rfind(')');
  if (at == std::string::npos) return 0;
  for (int field = 0; field < 5 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  if (at == std::string::npos) return 0;
  int device = 0;
  std::from_chars(text.data() + at + 1, text.data() + text.size(), device);
  return static_cast<unsigned>(device);
}

bool is_pseudo(unsigned device) {
  const unsigned kind = major(device);
  return kind >= first_pts_major && kind <= last_pts_major;
}

// The one thread of this program beside its loop: O_NONBLOCK does not keep somebody whose terminal it is from
// holding up who opens it (TIOCSETD beside a read that does not end). Nobody waits for it.
class speaker {
 public:
  speaker() {
    try {
      std::thread([this] { run(); }).detach();
    } catch (const std::system_error&) {
      service::log(service::level::error, "no thread to write to terminals: sessions are ended untold");
    }
  }
  bool take(unsigned device, const std::string& text) {
    const std::lock_guard held(lock_);
    if (waiting_.size() >= most_waiting) return false;
    waiting_.emplace_back(device, text);
    more_.notify_one();
    return true;
  }

 private:
  [[noreturn]] void run() {
    for (;;) {
      std::unique_lock held(lock_);
      more_.wait(held, [this] { return !waiting_.empty(); });
      const auto [device, text] = std::move(waiting_.front());
      waiting_.pop_front();
      held.unlock();
      (void)write_terminal(device, text);
    }
  }

  static constexpr size_t most_waiting = 256;
  std::mutex lock_;
  std::condition_variable more_;
  std::deque<std::pair<unsigned, std::string>> waiting_;
};

// Never destroyed: it may hang in a terminal when the program ends.
speaker& the_speaker() {
  static auto* const made = new speaker;
  return *made;
}

}  // namespace

bool write_terminal(unsigned device, const std::string& text) {
  if (!is_pseudo(device)) return false;
  const unsigned kind = major(device);
  // The kernel numbers on beyond 255 within one major, too: its minor has 20 bits.
  const unsigned number = (kind - first_pts_major) * per_major + minor(device);
  const std::string name = "/dev/pts/" + std::to_string(number);
  base::unique_fd fd(
      openat(AT_FDCWD, name.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
  struct stat s{};
  if (!fd.valid() || fstat(fd.get(), &s) != 0 || !S_ISCHR(s.st_mode) ||
      s.st_rdev != makedev(kind, minor(device)))
    return false;
  return write(fd.get(), text.data(), text.size()) > 0;
}

unsigned tell_terminals(const cgroup& session, std::string_view line) {
  std::string text = "\r\n";
  if (base::is_printable_utf8(line)) {
    text += line;
  } else {
    for (char c : line) text += c >= 0x20 && c < 0x7f ? c : '?';
  }
  text += "\r\n";
  std::set<unsigned> devices;
  for (pid_t pid : session.members()) {
    const unsigned device = terminal_of(pid);
    // Asked after reading: the number may have been given to somebody else since it was listed.
    if (is_pseudo(device) && session.holds(pid)) devices.insert(device);
  }
  unsigned told = 0;
  for (unsigned device : devices) told += the_speaker().take(device, text) ? 1 : 0;
  return told;
}

}  // namespace grantd::reaper
