// SPDX-License-Identifier: Apache-2.0
// grantd from start to stop: what it needs, what it tells the service manager, signals, sockets handed over.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <csignal>
#include <cstring>

#include "daemon_process.h"
#include "support/unity.h"
#include "table/snapshot.h"
#include "wire/report.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr char grant_p0[] = R"({"person":"p0","resource":"orders-db"})";

sockaddr_un address(const std::string& path) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::memcpy(a.sun_path, path.c_str(), std::min(path.size() + 1, sizeof a.sun_path));
  return a;
}

base::unique_fd bound(const std::string& path, int type) {
  base::unique_fd fd(socket(AF_UNIX, type, 0));
  sockaddr_un a = address(path);
  TEST_ASSERT_TRUE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
  if (type == SOCK_STREAM) TEST_ASSERT_TRUE(listen(fd.get(), 10) == 0);
  return fd;
}

// Everything the daemon told until `word` was among it.
std::string told(int fd, const std::string& word) {
  std::string all;
  while (all.find(word) == std::string::npos) {
    pollfd waiting{fd, POLLIN, 0};
    if (poll(&waiting, 1, 20000) != 1) break;
    char room[1024];
    ssize_t n = recv(fd, room, sizeof room, 0);
    if (n <= 0) break;
    all.append(room, static_cast<size_t>(n));
    all += '\n';
  }
  return all;
}

bool logged(const daemon_process& d, const std::string& what) {
  return wait_until([&] { return d.log().find(what) != std::string::npos; });
}

}  // namespace

TEST(sigterm_ends_it_cleanly_and_the_table_stays) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  TEST_ASSERT_EQUAL_INT(0, d.terminate());
  TEST_ASSERT_TRUE(std::filesystem::exists(d.table()));
  d.start();
  client again = d.connect();
  auto list = again.call("List");
  TEST_ASSERT_EQUAL_INT(1, list->find("parameters")->find("grants")->items()->size());
}

TEST(the_service_manager_hears_ready_watchdog_reload_and_stop) {
  daemon_process d;
  std::string path = d.dir / "notify";
  base::unique_fd manager = bound(path, SOCK_DGRAM);
  d.start([&] {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    setenv("WATCHDOG_USEC", "2000000", 1);
  });
  TEST_ASSERT_TRUE(told(manager.get(), "READY=1").find("READY=1") != std::string::npos);
  TEST_ASSERT_TRUE(told(manager.get(), "WATCHDOG=1").find("WATCHDOG=1") != std::string::npos);
  d.signal(SIGHUP);
  std::string reload = told(manager.get(), "READY=1");
  TEST_ASSERT_TRUE(reload.find("RELOADING=1") != std::string::npos);
  TEST_ASSERT_TRUE(reload.find("READY=1") != std::string::npos);
  TEST_ASSERT_EQUAL_INT(0, d.terminate());
  TEST_ASSERT_TRUE(told(manager.get(), "STOPPING=1").find("STOPPING=1") != std::string::npos);
}

TEST(sockets_that_are_handed_over_are_used) {
  daemon_process d;
  std::string path = d.dir / "elsewhere.sock";
  base::unique_fd api = bound(path, SOCK_STREAM);
  base::unique_fd report = bound(d.dir / "elsewhere-report.sock", SOCK_DGRAM);
  int api_fd = api.get(), report_fd = report.get();
  d.launch([&] {
    int a = fcntl(api_fd, F_DUPFD, 20), r = fcntl(report_fd, F_DUPFD, 20);
    dup2(a, 3);
    dup2(r, 4);
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "grantd.socket:grantd.socket", 1);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  });
  client c(path);
  TEST_ASSERT_TRUE_MESSAGE(c.call("Status").has_value(), d.log());
  TEST_ASSERT_FALSE(std::filesystem::exists(d.socket()));
}

TEST(a_descriptor_that_is_no_socket_of_ours_is_refused) {
  daemon_process d;
  d.launch([&] {
    dup2(open("/dev/null", O_RDONLY), 3);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  });
  TEST_ASSERT_EQUAL_INT(1, d.exited());
  TEST_ASSERT_TRUE(d.log().find("LISTEN_FDS") != std::string::npos);
}

TEST(a_second_grantd_on_the_same_store_does_not_start_and_takes_nothing_away) {
  daemon_process d;
  d.start();
  pid_t first = d.pid();
  daemon_process other;
  std::filesystem::copy_file(d.config(), other.config(), std::filesystem::copy_options::overwrite_existing);
  other.launch();
  TEST_ASSERT_EQUAL_INT(1, other.exited());
  client c = d.connect();
  auto status = c.call("Status");
  TEST_ASSERT_EQUAL_INT64(first, *status->find("parameters")->find("daemon")->find("pid")->integer());
}

TEST(a_run_directory_that_others_may_write_is_refused_with_the_way_out) {
  daemon_process d;
  TEST_ASSERT_TRUE(chmod((d.dir / "run").c_str(), 0777) == 0);
  d.launch();
  TEST_ASSERT_EQUAL_INT(1, d.exited());
  TEST_ASSERT_TRUE(d.log().find("chmod 0755") != std::string::npos);
}

TEST(checking_names_every_mistake_and_exits_1) {
  daemon_process d;
  d.launch({}, {"-t"});
  TEST_ASSERT_EQUAL_INT(0, d.exited());
  d.write_policy("[person.alice]\nemial = \"x\"\n[person.bob\n");
  d.launch({}, {"-t"});
  TEST_ASSERT_EQUAL_INT(1, d.exited());
  TEST_ASSERT_TRUE_MESSAGE(d.log().find("policy.toml:") != std::string::npos, d.log());
  d.launch({}, {"-T"});
  TEST_ASSERT_EQUAL_INT(0, d.exited());
  TEST_ASSERT_TRUE(d.log().find("connections_per_uid") != std::string::npos);
}

TEST(sighup_with_a_bad_policy_keeps_the_old_and_a_good_one_replaces_it) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  d.write_policy("[person.p0\n");
  d.signal(SIGHUP);
  TEST_ASSERT_TRUE(logged(d, "the old policy stays in force"));
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  auto status = c.call("Status");
  TEST_ASSERT_TRUE(status->find("parameters")->find("daemon")->find("policy_error") != nullptr);
  std::string without_p0 = usual_policy(2);
  without_p0.replace(without_p0.find("person.p0"), 9, "person.q0");
  d.write_policy(without_p0);
  d.signal(SIGHUP);
  TEST_ASSERT_TRUE(logged(d, "revoked by policy"));
  TEST_ASSERT_EQUAL_STRING("NoSuchPerson", error_of(c.call("Grant", grant_p0)));
}

TEST(sighup_with_a_bad_configuration_keeps_the_old) {
  daemon_process d;
  d.start();
  d.write_config("colour = \"red\"\n");
  d.signal(SIGHUP);
  TEST_ASSERT_TRUE(logged(d, "the configuration stays as it was"));
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
}

TEST(a_policy_lost_at_the_restart_ends_nothing_and_opens_nothing) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  d.kill9();
  std::filesystem::remove(d.dir / "policy.toml");
  d.start();
  client again = d.connect();
  if (getuid() == 0) {
    TEST_ASSERT_EQUAL_INT(1, again.call("List")->find("parameters")->find("grants")->items()->size());
    TEST_ASSERT_EQUAL_STRING("NoPolicy", error_of(again.call("Grant", grant_p0)));
  }
  TEST_ASSERT_EQUAL_INT64(
      1, *again.call("Status")->find("parameters")->find("daemon")->find("windows")->integer());
}

TEST(a_stopped_grantd_leaves_a_table_that_answers_and_goes_on_afterwards) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  d.signal(SIGSTOP);
  client waiting = d.connect();
  TEST_ASSERT_TRUE(waiting.say("Revoke", R"({"person":"p0","reason":"x"})"));
  TEST_ASSERT_FALSE(waiting.hear(200).has_value());  // it is stopped
  static table::found found;
  table::snapshot table;
  TEST_ASSERT_TRUE(table.open(d.table().c_str()) == table::fault::none);
  TEST_ASSERT_TRUE(table.find({decision::identity_class::pg, "p0"}, found) == table::fault::none);
  TEST_ASSERT_EQUAL_INT(1, found.count);
  d.signal(SIGCONT);
  TEST_ASSERT_EQUAL_STRING("", error_of(waiting.hear()));
}

TEST(a_window_ends_by_itself) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING(
      "", error_of(c.call("Grant", R"({"person":"p0","resource":"orders-db","for_us":1000000})")));
  client w = d.connect();
  TEST_ASSERT_TRUE(w.say("Watch", "{}", ",\"more\":true"));
  auto event = w.hear();
  TEST_ASSERT_TRUE(event.has_value());
  TEST_ASSERT_EQUAL_STRING("expire", *event->find("parameters")->find("event")->text());
  TEST_ASSERT_TRUE(*event->find("continues")->boolean());
}

TEST(what_a_reporter_saw_is_recorded_and_a_strangers_datagram_is_not) {
  if (getuid() != 0) TEST_IGNORE_MESSAGE("needs to be root to report for PAM");
  daemon_process d;
  d.start();
  wire::report r{};
  r.outcome = wire::outcome::denied;
  r.reason = 5;
  r.proved_by = 1;
  r.point = 1;
  r.name = "mallory";
  r.place = "sshd";
  std::array<uint8_t, wire::max_report> bytes{};
  base::unique_fd fd(socket(AF_UNIX, SOCK_DGRAM, 0));
  sockaddr_un to = address(d.dir / "run/report.sock");
  auto send = [&](size_t n) {
    return sendto(fd.get(), bytes.data(), n, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) > 0;
  };
  size_t size = wire::encode(r, bytes);
  TEST_ASSERT_TRUE(size > 0 && send(size) && send(size - 1));
  r.point = 2;  // root does not speak for a cluster
  TEST_ASSERT_TRUE(send(wire::encode(r, bytes)));
  client c = d.connect();
  bool seen = wait_until([&] {
    auto answer = c.call("Seen");
    const auto* p = answer->find("parameters");
    return p->find("events")->items()->size() == 1 && *p->find("dropped")->integer() == 2;
  });
  TEST_ASSERT_TRUE(seen);
  TEST_ASSERT_TRUE(wait_until([&] { return c.call("Audit")->print().find("mallory") != std::string::npos; }));
}
