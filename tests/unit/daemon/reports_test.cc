// SPDX-License-Identifier: Apache-2.0
// What a reporter may say, and how much of it is kept.
#include "daemon/reports.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/ident.h"
#include "daemon/roster.h"
#include "support/unity.h"
#include "world.h"

using namespace grantd;
using namespace grantd::daemon;

namespace {
wire::report at(uint8_t point, std::string_view place) {
  wire::report r{};
  r.outcome = wire::outcome::denied;
  r.proved_by = 2;
  r.point = point;
  r.place = place;
  r.name = "alice";
  return r;
}

// report.sock of a grantd that may be killed at any time, and an ender of the cluster main that speaks to it.
class spoken_to {
 public:
  explicit spoken_to(test::world& w) : w_(w) { start(); }
  void start() {
    heard_.reset();
    socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    address_.sun_family = AF_UNIX;
    const std::string path = w_.dir / "report.sock";
    std::memcpy(address_.sun_path, path.c_str(), path.size() + 1);
    (void)unlink(path.c_str());
    const int on = 1;
    TEST_ASSERT_TRUE(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address_), sizeof address_) == 0 &&
                     setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    heard_.emplace(*w_.core, base::boot_now());
    heard_->set_reporters({{getuid(), {"main"}}});
  }
  void say(uint64_t number, wire::presence_state state, uint64_t grant = 0, base::boot_time since = {}) {
    wire::presence p{};
    p.grant = grant;
    p.since_ns = since.ns;
    p.state = state;
    if (state != wire::presence_state::live) p.cause = wire::presence_cause::revoked;
    p.proved_by = p.point = 2;
    p.access = 1;
    p.run = 7;
    p.number = number;
    p.name = p.role = "alice";
    p.place = "main";
    p.database = "orders";
    std::array<uint8_t, wire::max_presence> room;
    const size_t size = wire::encode(p, room);
    base::unique_fd from{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    TEST_ASSERT_EQUAL_INT64(static_cast<int64_t>(size),
                            sendto(from.get(), room.data(), size, 0,
                                   reinterpret_cast<const sockaddr*>(&address_), sizeof address_));
    heard_->receive(socket_.get());
  }
  void settle() { heard_->settle(base::read_clocks()); }
  // "session 1, session-end 1, ..." as the chain has them.
  std::string recorded() {
    std::string out;
    auto rows = w_.core->truth().audit(0, 1000);
    TEST_ASSERT_TRUE(rows.has_value());
    for (const store::audit_row& row : *rows) {
      for (const auto& [key, value] : row.fields) {
        if (key == "session") out += (out.empty() ? "" : ", ") + row.event + value.substr(value.find(':'));
      }
    }
    return out;
  }

 private:
  test::world& w_;
  sockaddr_un address_{};
  base::unique_fd socket_;
  std::optional<reports> heard_;
};
}  // namespace

TEST(reporters_speak_for_their_own_login_points_only) {
  reporters known{{105, {"main", "test"}}};
  TEST_ASSERT_TRUE(may_report(known, 0, at(1, "sshd")));
  TEST_ASSERT_FALSE(may_report(known, 0, at(2, "main")));
  TEST_ASSERT_TRUE(may_report(known, 105, at(2, "test")));
  TEST_ASSERT_FALSE(may_report(known, 105, at(2, "other")));
  TEST_ASSERT_FALSE(may_report(known, 105, at(1, "sshd")));
  TEST_ASSERT_FALSE(may_report(known, 1001, at(2, "main")));
  TEST_ASSERT_FALSE(may_report(known, 1001, at(1, "sshd")));
}

TEST(enders_speak_for_their_own_login_points_only) {
  reporters known{{105, {"main"}}};
  wire::presence p{};
  p.point = 2;
  p.place = "main";
  TEST_ASSERT_TRUE(may_report(known, 105, p));
  TEST_ASSERT_FALSE(may_report(known, 0, p));
  TEST_ASSERT_FALSE(may_report(known, 1001, p));
  p.place = "other";
  TEST_ASSERT_FALSE(may_report(known, 105, p));
  p.point = 1;
  TEST_ASSERT_TRUE(may_report(known, 0, p));
  TEST_ASSERT_FALSE(may_report(known, 105, p));
}

TEST(a_flood_of_reports_is_cut_to_its_rate) {
  rate r(100, 10);
  unsigned taken = 0;
  for (int i = 0; i < 10000; ++i) taken += r.take({base::ns_per_s}) ? 1 : 0;
  TEST_ASSERT_EQUAL_INT(100, taken);
  for (int i = 0; i < 10000; ++i) taken += r.take({3 * base::ns_per_s}) ? 1 : 0;
  TEST_ASSERT_EQUAL_INT(120, taken);
}

TEST(the_last_reports_are_kept_and_no_more) {
  seen_log log;
  for (unsigned i = 0; i < 1000; ++i) log.add(i, 0, at(1, "sshd"));
  TEST_ASSERT_EQUAL_INT(max_seen, log.newest(100000).items()->size());
  TEST_ASSERT_EQUAL_INT64(999, *log.newest(1).items()->front().find("at_us")->integer());
}

TEST(a_uid_that_changed_hands_speaks_for_nobody) {
  roster r;
  auto p = std::make_shared<policy::policy>();
  p->people["alice"].name = "alice";
  p->people["bob"].name = "bob";
  uid_map first;
  first.people[1001] = {"alice", "alice"};
  TEST_ASSERT_TRUE(r.take(p, first).empty());
  TEST_ASSERT_EQUAL_STRING("alice", r.person_of(1001));
  uid_map second;
  second.people[1001] = {"bob", "bob"};
  TEST_ASSERT_EQUAL_INT(1, r.take(p, second).size());
  TEST_ASSERT_EQUAL_STRING("", r.person_of(1001));
}

TEST(sessions_that_are_said_again_are_in_the_chain_once_wherever_grantd_was_killed) {
  using state = wire::presence_state;
  test::world w;
  spoken_to grantd(w);
  const auto say = [&] {
    grantd.say(1, state::live);
    grantd.say(2, state::ended);
    grantd.say(3, state::leftover);
  };
  const auto started_again = [&] {
    w.kill();
    w.restart();
    grantd.start();
  };
  say();
  grantd.settle();
  started_again();  // before the commit: nothing of it is there
  TEST_ASSERT_EQUAL_STRING("", grantd.recorded());
  say();
  grantd.settle();
  w.core->retry();
  w.turn();
  const std::string once = "session:1, session:2, session-end:2, session:3, leftover:3";
  TEST_ASSERT_EQUAL_STRING(once, grantd.recorded());
  for (int i = 0; i < 3; ++i) {
    started_again();  // after it
    say();
    grantd.settle();
    w.core->retry();
    w.turn();
    TEST_ASSERT_EQUAL_STRING(once, grantd.recorded());
  }
  grantd.say(1, state::ended);
  grantd.settle();
  w.core->retry();
  w.turn();
  TEST_ASSERT_EQUAL_STRING(once + ", session-end:1", grantd.recorded());
}

namespace {
const std::string first_use = std::string(test::usual_policy) + R"([rule.orders]
who = "alice"
resource = "orders-db"
approvals = 0
start = "first-use"
)";
}  // namespace

TEST(a_login_is_counted_from_when_it_was_however_long_ago_the_last_turn_is) {
  test::world w;
  w.load(first_use.c_str());
  spoken_to grantd(w);
  auto r = w.ask("alice", "Request", R"({"resource":"orders-db","for_us":600000000})");
  const std::string id = R"({"id":")" + test::member(*r.parameters.find("grant"), "id") + "\"}";
  w.clock.pass(25);
  grantd.say(1, wire::presence_state::live, 0, w.clock.now.boot);
  w.turn();
  TEST_ASSERT_EQUAL_INT64(600'000'000, test::number(*w.root("Show", id).parameters.find("grant"), "left_us"));
}

// The login's own report was lost, or grantd was away: of a short session nothing but its end is heard.
TEST(a_session_that_is_over_has_begun_the_window_it_was_in_and_no_other) {
  test::world w;
  w.load(first_use.c_str());
  spoken_to grantd(w);
  auto r = w.ask("alice", "Request", R"({"resource":"orders-db","for_us":600000000})");
  TEST_ASSERT_EQUAL_STRING("", test::short_error(r));
  const std::string id = test::member(*r.parameters.find("grant"), "id");
  const uint64_t number = *base::parse_id('g', id);
  const int64_t whole = test::number(*r.parameters.find("grant"), "not_after_us");
  const auto ends = [&] {
    w.turn();
    return test::number(*w.root("Show", R"({"id":")" + id + "\"}").parameters.find("grant"), "not_after_us");
  };
  w.clock.pass(60);
  const int64_t begun = w.clock.now.utc.us;
  const base::boot_time since = w.clock.now.boot;
  w.clock.pass(20);
  grantd.say(1, wire::presence_state::ended, 0, since);           // by no grant
  grantd.say(2, wire::presence_state::ended, number + 1, since);  // by another
  TEST_ASSERT_EQUAL_INT64(whole, ends());
  grantd.say(3, wire::presence_state::ended, number, since);
  TEST_ASSERT_EQUAL_INT64(begun + 600'000'000, ends());
}

TEST(what_waits_for_a_turn_twice_is_in_the_chain_once_and_holds_up_nothing) {
  test::world w;
  for (int i = 0; i < 2; ++i) TEST_ASSERT_TRUE(w.core->note("session-end", {{"session", "7:1"}}, "end 7:1"));
  TEST_ASSERT_TRUE(w.core->note("denied", {{"session", "7:2"}}));
  w.core->retry();
  w.turn();
  spoken_to grantd(w);
  TEST_ASSERT_EQUAL_STRING("session-end:1, denied:2", grantd.recorded());
  TEST_ASSERT_FALSE(w.core->unrecorded());
}
