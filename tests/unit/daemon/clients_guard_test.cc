// SPDX-License-Identifier: Apache-2.0
// What hostile clients cannot do to others: crowd them out, outlive their key, make grantd hold or wait.
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "daemon/clients.h"
#include "world.h"

using namespace grantd;
using namespace grantd::daemon;
using namespace grantd::test;

namespace {

constexpr uid_t nobody = 65534;

// Clients over real sockets, and a loop that the test turns.
class house {
 public:
  house() : all_(loop_, w.core_ref(), w.heard, {1000, 1000, 65536, 0}) {
    to_.sun_family = AF_UNIX;
    std::string name = "grantd-test-" + std::to_string(getpid());  // abstract: no directory to search
    std::memcpy(to_.sun_path + 1, name.c_str(), name.size());
    listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    TEST_ASSERT_TRUE(bind(listener_.get(), reinterpret_cast<sockaddr*>(&to_), sizeof to_) == 0);
    TEST_ASSERT_TRUE(listen(listener_.get(), 1000) == 0);
  }
  base::unique_fd enter() {
    base::unique_fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    uid_t us = geteuid();
    if (us == 0) TEST_ASSERT_TRUE(seteuid(nobody) == 0);  // root is never `ask`
    int done = connect(fd.get(), reinterpret_cast<sockaddr*>(&to_), sizeof to_);
    if (us == 0) TEST_ASSERT_TRUE(seteuid(0) == 0);
    TEST_ASSERT_TRUE(done == 0);
    all_.accept_some(listener_.get());
    return fd;
  }
  void run() {  // until nothing is left to do
    for (;;) {
      auto ready = loop_.wait(0);
      if (ready.empty() && !all_.unheard() && !w.core->has_work()) return;
      for (const epoll_event& e : ready) all_.ready(e.data.u64, e.events);
      all_.hear();
      all_.answer(w.core->turn());
      all_.tell_watchers(w.core->take_events());
    }
  }
  void listen_once() {
    for (const epoll_event& e : loop_.wait(0)) all_.ready(e.data.u64, e.events);
    all_.hear();
  }
  static void say(const base::unique_fd& fd, const std::string& method, const std::string& rest = "") {
    std::string bytes =
        R"({"method":"org.grantd.Access.)" + method + "\"" + rest + "}" + std::string(1, '\0');
    TEST_ASSERT_EQUAL_INT64(static_cast<int64_t>(bytes.size()),
                            send(fd.get(), bytes.data(), bytes.size(), 0));
  }
  // What has come by now; "(end)" follows when the other side hung up.
  static std::string heard(const base::unique_fd& fd) {
    std::string got;
    char room[65536];
    ssize_t n = 0;
    while ((n = recv(fd.get(), room, sizeof room, MSG_DONTWAIT)) > 0)
      got.append(room, static_cast<size_t>(n));
    if (n == 0) got += "(end)";
    return got;
  }
  clients& all() { return all_; }

  struct asked : world {
    daemon::core& core_ref() {
      who_asks(getuid() == 0 ? nobody : getuid());
      return *core;
    }
    void who_asks(uid_t uid) {
      uid_map uids;
      uids.ask = uid;
      core->take_policy(
          {std::make_shared<const policy::policy>(*policy::parse_policy(usual_policy, "p")), uids, {}});
      turn();
    }
  } w;

 private:
  service::loop loop_;
  clients all_;
  base::unique_fd listener_;
  sockaddr_un to_{};
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr char for_carol[] = R"(,"parameters":{"person":"carol"})";
constexpr char grant_alice[] = R"(,"parameters":{"person":"alice","resource":"orders-db"})";
constexpr char more[] = R"(,"more":true)";

}  // namespace

TEST(uids_are_heard_in_turn_whatever_one_of_them_queues) {
  fair_queue q;
  for (uint64_t n = 100; n < 140; ++n) q.push(666, n);
  TEST_ASSERT_EQUAL_INT64(100, static_cast<int64_t>(*q.pop()));
  q.push(1, 1);
  TEST_ASSERT_EQUAL_INT64(101, static_cast<int64_t>(*q.pop()));
  TEST_ASSERT_EQUAL_INT64(1, static_cast<int64_t>(*q.pop()));
  q.push(666, 101);  // has more to say: behind its own uid's others
  for (uint64_t n = 102; n < 140; ++n)
    TEST_ASSERT_EQUAL_INT64(static_cast<int64_t>(n), static_cast<int64_t>(*q.pop()));
  TEST_ASSERT_EQUAL_INT64(101, static_cast<int64_t>(*q.pop()));
  TEST_ASSERT_TRUE(q.empty());
  TEST_ASSERT_FALSE(q.pop().has_value());
}

TEST(objects_and_arrays_beyond_their_size_are_refused) {
  auto object = [](size_t n) {
    std::string text = "{";
    for (size_t i = 0; i < n; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
    return text + "}";
  };
  auto array = [](size_t n) {
    std::string text = "[1";
    for (size_t i = 1; i < n; ++i) text += ",1";
    return text + "]";
  };
  TEST_ASSERT_TRUE(json::parse(object(json::max_members)).has_value());
  TEST_ASSERT_FALSE(json::parse(object(json::max_members + 1)).has_value());
  TEST_ASSERT_FALSE(json::parse("[" + object(json::max_members + 1) + "]").has_value());
  TEST_ASSERT_TRUE(json::parse(array(json::max_items)).has_value());
  TEST_ASSERT_FALSE(json::parse(array(json::max_items + 1)).has_value());
}

TEST(a_connection_that_watches_gets_the_answers_of_its_calls_in_order) {
  house h;
  auto fd = h.enter();
  house::say(fd, "OnBehalf", for_carol);
  house::say(fd, "Watch", more);
  house::say(fd, "Grant", grant_alice);
  house::say(fd, "Watch", more);
  house::say(fd, "List");
  h.run();
  std::string got = house::heard(fd);
  size_t granted = got.find("{\"parameters\":{\"grant\":");
  size_t event = got.find("\"event\":\"grant\"");
  size_t refused = got.find("watches already");
  size_t list = got.find("{\"parameters\":{\"grants\":");
  TEST_ASSERT_TRUE_MESSAGE(granted != std::string::npos && event != std::string::npos, got);
  TEST_ASSERT_TRUE_MESSAGE(refused != std::string::npos && list != std::string::npos, got);
  TEST_ASSERT_TRUE_MESSAGE(granted < refused && refused < list, got);
}

TEST(who_spoke_for_somebody_is_put_out_with_a_new_policy_and_keeps_the_answer) {
  house h;
  auto silent = h.enter();
  auto watcher = h.enter();
  auto direct = h.enter();
  auto asks = h.enter();
  for (auto* fd : {&silent, &watcher, &asks}) house::say(*fd, "OnBehalf", for_carol);
  house::say(watcher, "Watch", more);
  house::say(direct, "Status");
  h.run();
  for (auto* fd : {&silent, &watcher, &asks, &direct}) TEST_ASSERT_FALSE(has(house::heard(*fd), "(end)"));
  house::say(asks, "Grant", grant_alice);
  h.listen_once();  // asked, and the turn has not come
  h.all().drop_on_behalf();
  TEST_ASSERT_EQUAL_STRING("(end)", house::heard(silent));
  TEST_ASSERT_EQUAL_STRING("(end)", house::heard(watcher));
  TEST_ASSERT_EQUAL_STRING("", house::heard(asks));
  h.run();
  std::string answer = house::heard(asks);
  TEST_ASSERT_TRUE_MESSAGE(has(answer, "\"grant\"") && answer.ends_with("(end)"), answer);
  TEST_ASSERT_EQUAL_STRING("", house::heard(direct));
  TEST_ASSERT_EQUAL_INT(1, h.all().count());
}

TEST(a_relay_that_watches_is_told_to_look_and_of_its_own_only) {
  house h;
  const std::string text = std::string(usual_policy) +
                           "[relay.chatbot]\nos = \"hubot\"\nmay_ask_for = \"alice\"\nresources = "
                           "\"orders-db\"\nquota = 1\n";
  uid_map uids;
  uids.relays[getuid() == 0 ? nobody : getuid()] = {"hubot", "chatbot"};
  h.w.core->take_policy({std::make_shared<const policy::policy>(*policy::parse_policy(text, "p")), uids, {}});
  auto fd = h.enter();
  house::say(fd, "Watch", more);
  h.run();
  // At once: what is asked for by News after this misses nothing.
  TEST_ASSERT_EQUAL_STRING(R"({"parameters":{"event":"begin"},"continues":true})" + std::string(1, '\0'),
                           house::heard(fd));
  auto tell = [&] { h.all().tell_watchers(h.w.core->take_events()); };
  h.w.root("Grant", R"({"person":"bob","resource":"orders-db"})");
  tell();
  TEST_ASSERT_EQUAL_STRING("", house::heard(fd));
  h.w.root("Grant", R"({"person":"alice","resource":"orders-db","reason":"secret"})");
  tell();
  TEST_ASSERT_EQUAL_STRING(R"({"parameters":{"event":"grant"},"continues":true})" + std::string(1, '\0'),
                           house::heard(fd));
  h.w.load(usual_policy);  // no relay any more
  h.w.root("Revoke", R"({"person":"alice"})");
  tell();
  TEST_ASSERT_EQUAL_STRING("(end)", house::heard(fd));
}

TEST(a_relay_by_key_is_put_out_with_a_new_policy) {
  house h;
  const std::string text = std::string(usual_policy) +
                           "[relay.chatbot]\nos = \"hubot\"\nmay_ask_for = \"alice\"\nresources = "
                           "\"orders-db\"\nquota = 1\n";
  uid_map uids;
  uids.ask = getuid() == 0 ? nobody : getuid();
  h.w.core->take_policy({std::make_shared<const policy::policy>(*policy::parse_policy(text, "p")), uids, {}});
  auto fd = h.enter();
  house::say(fd, "OnBehalf", R"(,"parameters":{"relay":"chatbot"})");
  house::say(fd, "Watch", more);
  h.run();
  TEST_ASSERT_TRUE(has(house::heard(fd), "begin"));
  h.all().drop_on_behalf();
  TEST_ASSERT_EQUAL_STRING("(end)", house::heard(fd));
}

TEST(only_the_account_that_is_ask_now_speaks_for_others) {
  world w;
  session s{.uid = 900, .on_behalf = "carol"};
  TEST_ASSERT_TRUE(identify(*w.core, s).may_grant);
  uid_map uids;
  uids.ask = 901;
  w.core->take_policy(
      {std::make_shared<const policy::policy>(*policy::parse_policy(usual_policy, "p")), uids, {}});
  TEST_ASSERT_EQUAL_STRING("", identify(*w.core, s).person);
  TEST_ASSERT_FALSE(identify(*w.core, s).may_grant);
}

TEST(watchers_of_one_uid_are_counted) {
  house h;
  std::vector<base::unique_fd> held;
  for (unsigned i = 0; i <= watchers_per_uid; ++i) {
    held.push_back(h.enter());
    house::say(held.back(), "OnBehalf", for_carol);
    house::say(held.back(), "Watch", more);
    h.run();
  }
  TEST_ASSERT_FALSE(has(house::heard(held.front()), "Busy"));
  TEST_ASSERT_TRUE(has(house::heard(held.back()), "Busy"));
  held.front().reset();
  h.run();
  house::say(held.back(), "Watch", more);
  h.run();
  TEST_ASSERT_FALSE(has(house::heard(held.back()), "Busy"));
}

TEST(a_watcher_that_does_not_read_is_dropped_before_all_is_held_for_it) {
  house h;
  std::vector<base::unique_fd> held;
  constexpr int watchers = 64;
  for (int i = 0; i < watchers; ++i) {
    held.push_back(h.enter());
    house::say(held.back(), "OnBehalf", for_carol);
    house::say(held.back(), "Watch", more);
  }
  h.run();
  json::value large;
  large.set("reason", std::string(65536, 'x'));
  std::vector<event> many(256, event{.name = "grant", .person = "alice", .grant = large});
  rusage before{};
  rusage after{};
  TEST_ASSERT_TRUE(getrusage(RUSAGE_SELF, &before) == 0);
  h.all().tell_watchers(many);
  TEST_ASSERT_TRUE(getrusage(RUSAGE_SELF, &after) == 0);
  TEST_ASSERT_EQUAL_INT(0, h.all().count());
  TEST_ASSERT_TRUE(after.ru_maxrss - before.ru_maxrss < 512 * 1024);  // KiB; all of it would be 1 GiB
}

TEST(texts_of_the_policy_are_for_those_who_may_see) {
  world w;
  w.core->policy_failed("/etc/grantd/policy.toml:3:1: secret-name");
  for (const char* method : {"Status", "Store"}) {
    TEST_ASSERT_FALSE(has(w.ask(uid_t{5555}, method).parameters.print(), "secret-name"));
    TEST_ASSERT_FALSE(has(w.ask("alice", method).parameters.print(), "secret-name"));
  }
  TEST_ASSERT_TRUE(has(w.ask(uid_t{5555}, "Status").parameters.print(), "policy_error"));
  TEST_ASSERT_TRUE(has(w.ask("dave", "Status").parameters.print(), "secret-name"));
  TEST_ASSERT_TRUE(has(w.root("Status").parameters.print(), "secret-name"));
  w.restart(nullptr);
  w.core->policy_failed("/etc/grantd/policy.toml:3:1: secret-name");
  TEST_ASSERT_EQUAL_STRING("NoPolicy", short_error(w.ask(uid_t{5555}, "Resources")));
  TEST_ASSERT_FALSE(has(w.ask(uid_t{5555}, "Resources").parameters.print(), "secret-name"));
  TEST_ASSERT_TRUE(has(w.root("Resources").parameters.print(), "secret-name"));
}

TEST(giving_back_does_not_tell_which_grants_others_have) {
  world w;
  std::string alices = w.grant();
  std::string asked = R"({"id":")" + alices + "\"}";
  auto of_another = w.ask("bob", "GiveBack", asked);
  TEST_ASSERT_EQUAL_STRING("NoSuchGrant", short_error(of_another));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("alice", "GiveBack", asked)));
  auto ended = w.ask("bob", "GiveBack", asked);
  TEST_ASSERT_EQUAL_STRING(of_another.parameters.print(), ended.parameters.print());
  TEST_ASSERT_EQUAL_STRING("AlreadyEnded", short_error(w.ask("alice", "GiveBack", asked)));
}
