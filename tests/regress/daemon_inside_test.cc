// SPDX-License-Identifier: Apache-2.0
// Sessions from the ender's datagram to the answer of the real grantd, and to its audit.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "base/clock.h"
#include "daemon_process.h"
#include "support/unity.h"
#include "wire/presence.h"

using namespace grantd;
using namespace grantd::test;
using wire::presence_state;

namespace {

constexpr char policy[] =
    "[resource.shell]\nlogin_points = [\"pam:sshd\"]\npam_access = \"full\"\ndefault = \"1h\"\nmax = \"8h\"\n"
    "[resource.orders-db]\nlogin_points = [\"pg:main/orders\"]\n"
    "[person.alice]\nos = \"grantd-test-nobody\"\npg = \"alice\"\n";

wire::presence ssh(uint64_t number = 1, presence_state state = presence_state::live, uint64_t run = 7) {
  wire::presence p{};
  p.state = state;
  if (state == presence_state::ended || state == presence_state::leftover)
    p.cause = wire::presence_cause::expired;
  p.proved_by = 1;
  p.point = 1;
  p.access = 1;
  p.run = run;
  p.number = number;
  p.since_ns = base::boot_now().ns;
  p.until_ns = base::boot_now().ns + 5 * base::ns_per_s;
  p.pid = 4711;
  p.name = "grantd-test-nobody";
  p.place = "sshd";
  p.remote = "192.0.2.7";
  p.text = state == presence_state::leftover ? "2 processes" : "pts/3";
  return p;
}

class reaper {
 public:
  explicit reaper(const daemon_process& d) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    std::string path = d.dir / "run/report.sock";
    to_.sun_family = AF_UNIX;
    std::memcpy(to_.sun_path, path.c_str(), std::min(path.size() + 1, sizeof to_.sun_path));
  }
  void say(const wire::presence& p, size_t cut = 0) const {
    std::array<uint8_t, wire::max_presence> bytes{};
    size_t n = wire::encode(p, bytes);
    TEST_ASSERT_TRUE(n > cut);
    TEST_ASSERT_TRUE(
        sendto(fd_.get(), bytes.data(), n - cut, 0, reinterpret_cast<const sockaddr*>(&to_), sizeof to_) > 0);
  }

 private:
  base::unique_fd fd_;
  sockaddr_un to_{};
};

std::optional<daemon::json::value> sessions(client& c) {
  auto answer = c.call("Sessions");
  if (error_of(answer) != "") return std::nullopt;
  return *answer->find("parameters");
}

std::string text(const daemon::json::value& v, std::string_view key) {
  const auto* m = v.find(key);
  return m == nullptr || m->text() == nullptr ? "(none)" : *m->text();
}
int64_t number(const daemon::json::value& v, std::string_view key) {
  const auto* m = v.find(key);
  return m == nullptr || m->integer() == nullptr ? -1 : *m->integer();
}

// Waits until one session is listed in that state, and gives it.
daemon::json::value wait_for(client& c, const std::string& state) {
  daemon::json::value found;
  std::string last;
  bool is = wait_until([&] {
    auto p = sessions(c);
    if (!p) return false;
    last = p->print();
    const auto& all = *p->find("sessions")->items();
    if (all.size() != 1 || text(all[0], "state") != state) return false;
    found = all[0];
    return true;
  });
  TEST_ASSERT_TRUE_MESSAGE(is, "no session is " + state + ": " + last);
  return found;
}

// How many records of that event the audit has, once it has that many.
bool audited(client& c, const std::string& event, size_t times) {
  return wait_until([&] {
    auto answer = c.call("Audit");
    if (error_of(answer) != "") return false;
    size_t n = 0;
    for (const auto& r : *answer->find("parameters")->find("records")->items())
      n += text(r, "event") == event ? 1 : 0;
    return n == times;
  });
}

constexpr char grant_alice[] = R"({"person":"alice","resource":"shell","for_us":600000000})";

// As root, the only one who may report for PAM.
bool may_run() { return getuid() == 0; }

std::string id_of(const std::optional<daemon::json::value>& answer) {
  TEST_ASSERT_EQUAL_STRING("", error_of(answer));
  return text(*answer->find("parameters")->find("grant"), "id");
}

}  // namespace

TEST(a_session_is_listed_with_what_covers_it_until_it_ends) {
  if (!may_run()) TEST_IGNORE_MESSAGE("needs to be root to report for PAM");
  daemon_process d;
  d.write_policy(policy);
  d.start();
  client c = d.connect();
  reaper r(d);
  std::string first = id_of(c.call("Grant", grant_alice));
  r.say(ssh());
  auto s = wait_for(c, "live");
  TEST_ASSERT_EQUAL_STRING(first, text(s, "grant"));
  TEST_ASSERT_EQUAL_STRING("alice", text(s, "person"));
  TEST_ASSERT_EQUAL_STRING("os:grantd-test-nobody", text(s, "account"));
  TEST_ASSERT_EQUAL_STRING("pam:sshd", text(s, "login_point"));
  TEST_ASSERT_EQUAL_STRING("pts/3", text(s, "tty"));
  // The grant's ten minutes, not the five seconds that the datagram says.
  TEST_ASSERT_TRUE(number(s, "left_us") > 500 * base::us_per_s);
  TEST_ASSERT_TRUE(audited(c, "session", 1));

  std::string second = id_of(c.call("Grant", R"({"person":"alice","resource":"shell","for_us":3600000000})"));
  s = wait_for(c, "live");
  TEST_ASSERT_EQUAL_STRING(second, text(s, "grant"));
  TEST_ASSERT_TRUE(number(s, "left_us") > 3500 * base::us_per_s);

  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Revoke", R"({"person":"alice"})")));
  s = wait_for(c, "ending");
  TEST_ASSERT_EQUAL_INT64(0, number(s, "left_us"));

  r.say(ssh(1, presence_state::ended));
  r.say(ssh(1, presence_state::ended));
  TEST_ASSERT_TRUE(audited(c, "session-end", 1));
  TEST_ASSERT_EQUAL_UINT64(0, sessions(c)->find("sessions")->items()->size());
}

TEST(after_a_restart_repetition_brings_sessions_back_and_the_audit_has_them_once) {
  if (!may_run()) TEST_IGNORE_MESSAGE("needs to be root to report for PAM");
  daemon_process d;
  d.write_policy(policy);
  d.start();
  std::string id;
  auto p = ssh(17);
  {
    client c = d.connect();
    id = id_of(c.call("Grant", grant_alice));
    reaper(d).say(p);
    (void)wait_for(c, "live");
    TEST_ASSERT_TRUE(audited(c, "session", 1));
  }
  d.kill9();
  d.start();
  client c = d.connect();
  TEST_ASSERT_EQUAL_UINT64(0, sessions(c)->find("sessions")->items()->size());
  reaper(d).say(p);
  auto s = wait_for(c, "live");
  TEST_ASSERT_EQUAL_STRING(id, text(s, "grant"));
  TEST_ASSERT_EQUAL_INT64(17, number(s, "number"));
  TEST_ASSERT_EQUAL_INT64(0, number(*sessions(c), "missed"));
  // A session that opens now is recorded behind what was said before it.
  reaper(d).say(ssh(18));
  TEST_ASSERT_TRUE(audited(c, "session", 2));
  auto answer = c.call("Audit");
  std::string recorded;
  for (const auto& r : *answer->find("parameters")->find("records")->items()) {
    if (text(r, "event") == "session") recorded += text(*r.find("fields"), "session") + " ";
  }
  TEST_ASSERT_EQUAL_STRING("0000000000000007:17 0000000000000007:18 ", recorded);
}

TEST(a_leftover_is_logged_recorded_and_counted) {
  if (!may_run()) TEST_IGNORE_MESSAGE("needs to be root to report for PAM");
  daemon_process d;
  d.write_policy(policy);
  d.start();
  client c = d.connect();
  reaper r(d);
  r.say(ssh(1, presence_state::leftover));
  auto s = wait_for(c, "leftover");
  TEST_ASSERT_EQUAL_STRING("2 processes", text(s, "text"));
  TEST_ASSERT_EQUAL_STRING("expired", text(s, "cause"));
  auto leftovers = [&] { return number(*c.call("Status")->find("parameters")->find("daemon"), "leftovers"); };
  TEST_ASSERT_EQUAL_INT64(1, leftovers());
  TEST_ASSERT_TRUE(audited(c, "leftover", 1));
  TEST_ASSERT_TRUE(
      wait_until([&] { return d.log().find("left over: os:grantd-test-nobody") != std::string::npos; }));
  r.say(ssh(1, presence_state::ended));
  TEST_ASSERT_TRUE(wait_until([&] { return leftovers() == 0; }));
}

TEST(what_an_ender_may_not_say_is_dropped_and_counted) {
  if (!may_run()) TEST_IGNORE_MESSAGE("needs to be root to report for PAM");
  daemon_process d;
  d.write_policy(policy);
  d.start();
  client c = d.connect();
  reaper r(d);
  auto p = ssh();
  p.point = 2;  // root does not speak for a cluster
  p.place = "main";
  p.database = "orders";
  r.say(p);
  r.say(ssh(), 1);  // cut short
  r.say(ssh(2));
  (void)wait_for(c, "ending");
  auto seen = c.call("Seen");
  TEST_ASSERT_EQUAL_INT64(2, number(*seen->find("parameters"), "dropped"));
}
