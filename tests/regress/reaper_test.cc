// SPDX-License-Identifier: Apache-2.0
// The real grantd-reaper in directories of its own: registered trees end with their window, whatever happens
// to it.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/clock.h"
#include "guest/registration.h"
#include "support/unity.h"
#include "unit/reaper/house.h"

namespace grantd::test {
namespace {

using wire::registration_result;

// P2 is one second; the rest is for a machine that is busy with other tests.
constexpr int promise_ms = 1000;
constexpr int slack_ms = 1000;

class reaper_process {
 public:
  reaper_process() : grantd(dir / "report.sock") {}
  ~reaper_process() { kill9(); }
  reaper_process(const reaper_process&) = delete;
  reaper_process& operator=(const reaper_process&) = delete;

  void start(rlim_t descriptors = 4096) {
    const int before = ready_lines();
    const std::string log_path = dir / "log";
    const std::string run = dir / "run";
    const std::string kept = dir / "kept";
    const std::string linger = dir / "linger";
    const std::string report = dir / "report.sock";
    pid_ = fork();
    if (pid_ == 0) {
      const int out = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      dup2(out, STDERR_FILENO);
      const rlimit most{descriptors, descriptors};
      setrlimit(RLIMIT_NOFILE, &most);
      execl(GRANTD_REAPER, GRANTD_REAPER, "--run", run.c_str(), "--table", table.path().c_str(), "--report",
            report.c_str(), "--kept", kept.c_str(), "--linger", linger.c_str(), nullptr);
      _exit(127);
    }
    TEST_ASSERT_TRUE_MESSAGE(wait_until([&] { return ready_lines() > before; }), log());
  }
  void kill9() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void signal(int number) const { ::kill(pid_, number); }
  [[nodiscard]] std::string log() const {
    std::ifstream in(dir / "log");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Used so far.
  [[nodiscard]] int64_t cpu_ms() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/schedstat");
    int64_t ns = -1;
    in >> ns;
    TEST_ASSERT_TRUE(ns > 0);
    return ns / 1'000'000;
  }
  [[nodiscard]] std::string socket() const { return dir / "run/session.sock"; }
  void window(int64_t to_ms) {
    table.records = {pam_window("bob", "sshd", -60, 0, 5)};
    table.records[0].end = {base::boot_now().ns + to_ms * 1'000'000};
    table.publish();
  }
  void revoke() {
    table.records = {pam_ended("bob", "sshd", decision::ending::revoked, 0, 5)};
    table.publish();
  }

  temp_dir dir{true};
  table_fixture table;
  ear grantd;

 private:
  [[nodiscard]] int ready_lines() const {
    const std::string text = log();
    int n = 0;
    for (size_t at = 0; (at = text.find("is ready", at)) != std::string::npos; ++at) ++n;
    return n;
  }
  pid_t pid_ = -1;
};

registration_result ask(const std::string& socket, std::string_view user = "bob") {
  return guest::register_session(socket.c_str(),
                                 {.kind = wire::registration_kind::open,
                                  .service = "sshd",
                                  .user = user,
                                  .remote = "192.0.2.1",
                                  .tty = "pts/9"},
                                 {base::boot_now().ns + guest::registration_patience_ns})
      .result;
}

// A process that registers, tells the answer, and then does `body`.
class visitor {
 public:
  visitor(const ground& g, const reaper_process& r, const std::string& name,
          const std::function<void()>& body = ignore_and_sleep)
      : group(g.make(name)) {
    int ends[2];
    TEST_ASSERT_EQUAL_INT(0, pipe2(ends, O_CLOEXEC));
    base::unique_fd hear(ends[0]);
    base::unique_fd say(ends[1]);
    process = std::make_unique<child>(g, group, [&] {
      const char answer = static_cast<char>(ask(r.socket()));
      (void)!write(say.get(), &answer, 1);
      body();
    });
    say.reset();
    char byte = 0;
    TEST_ASSERT_TRUE_MESSAGE(read(hear.get(), &byte, 1) == 1, "it did not say what it was answered");
    result = static_cast<registration_result>(byte);
  }
  [[nodiscard]] bool is_covered() const { return result == registration_result::covered; }
  // Nobody of it is left; how many ms after `end` that was seen, or -1.
  [[nodiscard]] int64_t gone_after(base::boot_time end) const {
    const bool gone = wait_until([&] { return !group.populated(); }, 20000);
    return gone ? (base::boot_now().ns - end.ns) / 1'000'000 : -1;
  }

  reaper::cgroup group;
  std::unique_ptr<child> process;
  registration_result result{};
};

void expect_in_time(int64_t ms) {
  TEST_ASSERT_TRUE_MESSAGE(ms >= 0, "cut early, or never gone: " + std::to_string(ms));
  if (ms > promise_ms) std::fprintf(stderr, "late: %lld ms after the end\n", static_cast<long long>(ms));
  TEST_ASSERT_TRUE_MESSAGE(ms <= promise_ms + slack_ms, std::to_string(ms) + " ms after the end");
}

// Daemons, and what takes no hint.
void a_whole_tree() {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) ignore_and_sleep();
    _exit(0);
  }
  fork_sleepers(50);
  ignore_and_sleep();
}

base::unique_fd connect_to(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.c_str(), path.size() + 1);
  base::unique_fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fd.reset();
  return fd;
}

}  // namespace

TEST(a_registered_tree_is_gone_within_a_second_of_its_end) {
  ground g;
  reaper_process r;
  r.window(3000);
  r.start();
  visitor bob(g, r, "bob", a_whole_tree);
  child stranger(g, g.make("stranger"));
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  TEST_ASSERT_TRUE(wait_until([&] { return bob.group.members().size() == 52; }));
  expect_in_time(bob.gone_after(r.table.records[0].end));
  TEST_ASSERT_EQUAL_INT(-1, stranger.ended_by());
  bool live = false;
  bool ended = false;
  TEST_ASSERT_TRUE(wait_until([&] {
    for (const heard& h : r.grantd.listen()) {
      live = live || h.state == wire::presence_state::live;
      ended = ended || (h.state == wire::presence_state::ended && h.cause == wire::presence_cause::expired);
    }
    return live && ended;
  }));
}

TEST(a_revocation_puts_out_at_once) {
  ground g;
  reaper_process r;
  r.window(600'000);
  r.start();
  visitor bob(g, r, "bob", a_whole_tree);
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  TEST_ASSERT_TRUE(bob.group.populated());
  r.revoke();
  expect_in_time(bob.gone_after(base::boot_now()));
}

TEST(killed_and_started_again_it_keeps_the_end_that_was_known) {
  ground g;
  reaper_process r;
  r.window(3000);
  r.start();
  visitor bob(g, r, "bob");
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  r.kill9();
  TEST_ASSERT_EQUAL_INT(0, unlink(r.table.path().c_str()));
  r.start();
  expect_in_time(bob.gone_after(r.table.records[0].end));
}

TEST(started_again_after_the_end_it_ends_at_once) {
  ground g;
  reaper_process r;
  r.window(1500);
  r.start();
  visitor bob(g, r, "bob");
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  r.kill9();
  TEST_ASSERT_TRUE(wait_until([&] { return base::boot_now() > later(r.table.records[0].end, 100); }));
  TEST_ASSERT_TRUE(bob.group.populated());
  const auto back = base::boot_now();
  r.start();
  expect_in_time(bob.gone_after(back));
}

TEST(stopped_and_continued_it_ends_what_is_over) {
  ground g;
  reaper_process r;
  r.window(1500);
  r.start();
  visitor bob(g, r, "bob");
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  r.signal(SIGSTOP);
  TEST_ASSERT_TRUE(wait_until([&] { return base::boot_now() > later(r.table.records[0].end, 300); }));
  TEST_ASSERT_TRUE_MESSAGE(bob.group.populated(), "it was not stopped: nothing is tested");
  const auto back = base::boot_now();
  r.signal(SIGCONT);
  expect_in_time(bob.gone_after(back));
}

TEST(with_the_table_gone_short_or_locked_nobody_is_early_and_nobody_longer) {
  for (int spoiled = 0; spoiled < 3; ++spoiled) {
    ground g;
    reaper_process r;
    r.window(3000);
    const auto end = r.table.records[0].end;
    r.start();
    visitor bob(g, r, "bob");
    TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
    if (spoiled == 0) TEST_ASSERT_EQUAL_INT(0, unlink(r.table.path().c_str()));
    if (spoiled == 1) TEST_ASSERT_EQUAL_INT(0, truncate(r.table.path().c_str(), 64));
    if (spoiled == 2) {
      r.table.flags = table::flag_locked;
      r.window(600'000);
    }
    visitor late(g, r, "late");
    TEST_ASSERT_TRUE(late.result == registration_result::denied);
    expect_in_time(bob.gone_after(end));
  }
}

TEST(only_root_may_register) {
  ground g;
  reaper_process r;
  r.window(600'000);
  r.start();
  // Let anybody reach the socket: the reaper itself must refuse.
  TEST_ASSERT_EQUAL_INT(0, chmod(r.dir.path().c_str(), 0755));
  TEST_ASSERT_EQUAL_INT(0, chmod((r.dir / "run").c_str(), 0755));
  TEST_ASSERT_EQUAL_INT(0, chmod(r.socket().c_str(), 0666));
  child nobody(g, g.make("nobody"), [&] {
    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) _exit(9);
    if (!connect_to(r.socket()).valid()) _exit(8);
    _exit(static_cast<int>(ask(r.socket())));
  });
  TEST_ASSERT_EQUAL_INT(static_cast<int>(registration_result::failed), nobody.exit_code());
  TEST_ASSERT_TRUE_MESSAGE(r.log().find("not from root") != std::string::npos, r.log());
}

TEST(silent_clients_and_garbage_hold_up_nobody) {
  ground g;
  reaper_process r;
  r.window(600'000);
  r.start();
  std::vector<base::unique_fd> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(connect_to(r.socket()));
    TEST_ASSERT_TRUE(silent.back().valid());
  }
  for (const std::string& frame : {std::string("x"), std::string("gds1"), std::string(4000, '\xff'),
                                   std::string("gds1\x01\x04\x03\0\0\0\0\0sshdbob!", 20)}) {
    base::unique_fd fd = connect_to(r.socket());
    TEST_ASSERT_TRUE(send(fd.get(), frame.data(), frame.size(), MSG_NOSIGNAL) > 0);
    char byte = 0;
    TEST_ASSERT_TRUE_MESSAGE(recv(fd.get(), &byte, 1, 0) <= 0, "garbage was answered");
  }
  const auto asked = base::boot_now();
  visitor bob(g, r, "bob");
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  TEST_ASSERT_TRUE((base::boot_now().ns - asked.ns) / 1'000'000 < promise_ms);
}

// More silent ones than it hears at a time: they go soon, and it sleeps meanwhile instead of asking for more.
TEST(a_crowd_of_silent_clients_is_put_out_and_does_not_spin_it) {
  ground g;
  reaper_process r;
  r.window(600'000);
  r.start();
  std::vector<base::unique_fd> silent;
  for (int i = 0; i < 400; ++i) {
    silent.push_back(connect_to(r.socket()));
    TEST_ASSERT_TRUE(silent.back().valid());
  }
  const auto asked = base::boot_now();
  visitor bob(g, r, "bob");
  const int64_t waited_ms = (base::boot_now().ns - asked.ns) / 1'000'000;
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  TEST_ASSERT_TRUE_MESSAGE(r.log().find("256 who connected") != std::string::npos,
                           "it was not crowded: " + r.log());
  TEST_ASSERT_TRUE_MESSAGE(waited_ms < 2 * promise_ms + slack_ms, std::to_string(waited_ms) + " ms");
  TEST_ASSERT_TRUE_MESSAGE(r.cpu_ms() < waited_ms / 4,
                           std::to_string(r.cpu_ms()) + " ms of CPU in " + std::to_string(waited_ms));
}

// An end needs a descriptor, so beginnings stop while there are some.
TEST(without_descriptors_for_its_end_no_session_begins) {
  ground g;
  reaper_process r;
  r.window(1500);
  r.start(323);  // as many as it keeps for itself, and three
  visitor bob(g, r, "bob");
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  visitor late(g, r, "late");
  TEST_ASSERT_TRUE(late.result == registration_result::failed);
  TEST_ASSERT_TRUE_MESSAGE(r.log().find("RLIMIT_NOFILE") != std::string::npos, r.log());
  std::vector<base::unique_fd> silent;
  for (int i = 0; i < 250; ++i) silent.push_back(connect_to(r.socket()));
  expect_in_time(bob.gone_after(r.table.records[0].end));
}

// Its clock and its cgroups were others: nothing that stands there is about anybody here.
TEST(the_state_of_another_boot_is_forgotten) {
  ground g;
  reaper_process r;
  r.window(600'000);
  r.start();
  visitor bob(g, r, "bob");
  TEST_ASSERT_TRUE_MESSAGE(bob.is_covered(), r.log());
  r.kill9();
  const std::string file = r.dir / "run/run";
  std::string text;
  {
    std::ifstream in(file);
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  const size_t boot = text.find("boot ");
  TEST_ASSERT_TRUE(boot != std::string::npos);
  text[boot + 5] = text[boot + 5] == '0' ? '1' : '0';
  std::ofstream(file) << text;
  r.start();
  TEST_ASSERT_TRUE_MESSAGE(r.log().ends_with("is ready; 0 sessions were there before\n"), r.log());
  TEST_ASSERT_TRUE(access((r.dir / "run/session-1").c_str(), F_OK) != 0);
}

}  // namespace grantd::test
