// SPDX-License-Identifier: Apache-2.0
// Clients of api.sock that misbehave, and that they harm nobody else.
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "daemon_process.h"
#include "support/unity.h"

using namespace grantd;
using namespace grantd::test;

namespace {
constexpr char grant_p0[] = R"({"person":"p0","resource":"orders-db"})";
constexpr char status_call[] = "{\"method\":\"org.grantd.Access.Status\"}";
std::string with_nul(std::string s) { return s + std::string(1, '\0'); }
void still_well(const daemon_process& d) {
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Status")));
}
}  // namespace

TEST(a_broken_message_gets_one_error_and_the_end) {
  daemon_process d;
  d.start();
  std::string deep = R"({"method":"org.grantd.Access.Status","parameters":{"x":)" + std::string(100, '[') +
                     std::string(100, ']') + "}}";
  for (const std::string& bad :
       {std::string("x"), std::string("{"), std::string("\xff\xfe"), deep,
        std::string(R"({"method":"org.grantd.Access.Status","method":"a"})"), std::string("[]"),
        std::string("{\"method\":\"org.grantd.Access.Status\"} trailing"), std::string(70000, ' ')}) {
    client c = d.connect();
    (void)c.send(with_nul(bad));
    TEST_ASSERT_EQUAL_STRING("BadMessage", error_of(c.hear()));
    TEST_ASSERT_TRUE(c.ended());
  }
  still_well(d);
}

TEST(messages_sent_ahead_are_answered_in_their_order) {
  daemon_process d;
  d.start();
  client c = d.connect();
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += with_nul(R"({"method":"org.grantd.Access.Grant","parameters":{"person":"p)" +
                    std::to_string(i % 4) + R"(","resource":"orders-db"}})");
    all += with_nul(R"({"method":"org.grantd.Access.List","parameters":{"limit":1}})");
  }
  TEST_ASSERT_TRUE(c.send(all));
  for (int i = 0; i < 50; ++i) {
    auto granted = c.hear();
    auto list = c.hear();
    TEST_ASSERT_TRUE(granted && list);
    TEST_ASSERT_EQUAL_STRING("", error_of(granted));
    auto id = *granted->find("parameters")->find("grant")->find("id")->text();
    TEST_ASSERT_EQUAL_STRING(id,
                             *list->find("parameters")->find("grants")->items()->front().find("id")->text());
  }
}

TEST(a_call_in_pieces_is_one_call) {
  daemon_process d;
  d.start();
  client c = d.connect();
  for (char byte : with_nul(status_call)) TEST_ASSERT_TRUE(c.send({&byte, 1}));
  TEST_ASSERT_EQUAL_STRING("", error_of(c.hear()));
}

TEST(oneway_is_done_and_not_answered) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_TRUE(c.say("Grant", grant_p0, ",\"oneway\":true"));
  auto answer = c.call("List");
  TEST_ASSERT_EQUAL_INT(1, answer->find("parameters")->find("grants")->items()->size());
}

TEST(upgrade_is_refused) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_TRUE(c.say("Status", "{}", ",\"upgrade\":true"));
  TEST_ASSERT_EQUAL_STRING("InvalidParameter", error_of(c.hear()));
}

TEST(clients_that_hang_up_at_any_moment_harm_nobody) {
  daemon_process d;
  d.start();
  std::string bytes =
      with_nul(R"({"method":"org.grantd.Access.Revoke","parameters":{"person":"p0","reason":"x"}})");
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    client c = d.connect();
    TEST_ASSERT_TRUE(c.send(bytes.substr(0, cut)));
    c.hang_up();
  }
  for (int i = 0; i < 20; ++i) {
    client w = d.connect();
    TEST_ASSERT_TRUE(w.say("Watch", "{}", ",\"more\":true"));
    w.hang_up();
  }
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  still_well(d);
}

TEST(half_closed_clients_still_get_their_answer) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_TRUE(c.say("Grant", grant_p0));
  shutdown(c.fd(), SHUT_WR);
  TEST_ASSERT_EQUAL_STRING("", error_of(c.hear()));
  TEST_ASSERT_TRUE(c.ended());
}

TEST(one_that_does_not_read_is_heard_no_further_and_blocks_nobody) {
  daemon_process d;
  d.start();
  client greedy = d.connect();
  std::string many;
  for (int i = 0; i < 200; ++i) {
    many += with_nul(
        R"({"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"org.grantd.Access"}})");
  }
  (void)::send(greedy.fd(), many.data(), many.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  client c = d.connect();
  for (int i = 0; i < 20; ++i) TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  unsigned answers = 0;
  while (answers < 200 && greedy.hear()) ++answers;
  TEST_ASSERT_EQUAL_INT(200, answers);
}

TEST(silent_clients_are_dropped_and_watchers_are_not) {
  daemon_process d;
  d.write_config("[limits]\nidle_seconds = 1\n");
  d.start();
  client silent = d.connect();
  client half = d.connect();
  TEST_ASSERT_TRUE(half.send("{\"method\""));
  client watcher = d.connect();
  TEST_ASSERT_TRUE(watcher.say("Watch", "{}", ",\"more\":true"));
  TEST_ASSERT_TRUE(silent.ended());
  TEST_ASSERT_TRUE(half.ended());
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  TEST_ASSERT_TRUE(watcher.hear().has_value());
}

TEST(too_many_connections_are_told_so_and_the_others_go_on) {
  daemon_process d;
  d.write_config("[limits]\nconnections = 20\nconnections_per_uid = 10\n");
  d.start();
  unsigned limit = getuid() == 0 ? 20 : 10;
  std::vector<client> held;
  for (unsigned i = 0; i < limit; ++i) {
    held.push_back(d.connect());
    TEST_ASSERT_EQUAL_STRING("", error_of(held.back().call("Status")));
  }
  client beyond = d.connect();
  TEST_ASSERT_EQUAL_STRING("Busy", error_of(beyond.hear()));
  TEST_ASSERT_TRUE(beyond.ended());
  TEST_ASSERT_EQUAL_STRING("", error_of(held.front().call("Status")));
  held.pop_back();
  TEST_ASSERT_TRUE(wait_until([&] { return error_of(d.connect().call("Status")).empty(); }));
}

TEST(without_descriptors_it_refuses_and_does_not_spin_or_die) {
  daemon_process d;
  d.write_config("[limits]\nconnections = 20\nconnections_per_uid = 20\n");
  d.start();
  // Fewer than it needs now, from outside: accept(2) fails with EMFILE.
  rlimit few{16, 16};
  TEST_ASSERT_TRUE(prlimit(d.pid(), RLIMIT_NOFILE, &few, nullptr) == 0);
  std::vector<client> held;
  bool refused = false;
  for (int i = 0; i < 20 && !refused; ++i) {
    client c = d.connect();
    refused = error_of(c.call("Status")) != "";
    held.push_back(std::move(c));
  }
  TEST_ASSERT_TRUE(refused);
  held.clear();
  TEST_ASSERT_TRUE(wait_until([&] { return error_of(d.connect().call("Status")).empty(); }));
}

namespace {

enum reloading { by_signal, by_method };

void who_spoke_for_somebody_is_dropped(reloading how) {
  if (getuid() != 0) return;  // ask is another account
  daemon_process d;
  d.write_config("ask_user = \"nobody\"\n");
  d.start();
  std::filesystem::permissions(d.dir.path(), std::filesystem::perms(0711));
  TEST_ASSERT_TRUE(seteuid(65534) == 0);
  client c = d.connect();
  TEST_ASSERT_TRUE(seteuid(0) == 0);
  TEST_ASSERT_TRUE(c.connected());
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("OnBehalf", R"({"person":"p0"})")));
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("List")));
  const std::string dry = R"({"dry_run":true})";
  TEST_ASSERT_EQUAL_STRING("", error_of(d.connect().call("ReloadPolicy", dry)));
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("List")));
  if (how == by_signal) {
    d.signal(SIGHUP);
  } else {
    TEST_ASSERT_EQUAL_STRING("", error_of(d.connect().call("ReloadPolicy")));
  }
  TEST_ASSERT_TRUE(c.ended());
  still_well(d);
}

}  // namespace

TEST(who_spoke_for_somebody_comes_again_after_a_reload) { who_spoke_for_somebody_is_dropped(by_signal); }
TEST(and_after_one_that_grantctl_asked_for) { who_spoke_for_somebody_is_dropped(by_method); }
