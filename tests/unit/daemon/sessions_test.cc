// SPDX-License-Identifier: Apache-2.0
// What enders say of their sessions: believed in order, recorded once, bounded, and never silently dropped.
#include "daemon/sessions.h"

#include <algorithm>
#include <set>

#include "support/unity.h"

using namespace grantd;
using daemon::sessions;
using wire::presence_cause;
using wire::presence_state;

namespace {

constexpr uid_t postgres = 105;
constexpr int64_t begun_ns = 1000 * base::ns_per_s;

wire::presence of(uint64_t number, presence_state state = presence_state::live, uint64_t run = 7) {
  wire::presence p{};
  p.state = state;
  p.proved_by = 2;
  p.point = 2;
  p.access = 1;
  p.run = run;
  p.number = number;
  p.grant = 32768;
  p.since_ns = begun_ns + static_cast<int64_t>(number);
  p.until_ns = begun_ns + 60 * base::ns_per_s;
  p.pid = 4711;
  p.name = "alice";
  p.place = "main";
  p.database = "orders";
  p.role = "alice";
  p.remote = "192.0.2.7";
  if (state == presence_state::ended || state == presence_state::leftover) p.cause = presence_cause::revoked;
  return p;
}

// Sessions at a time that the test turns, and what they told the audit.
struct ear {
  sessions all{{begun_ns}};
  base::clock_reading now{{1'700'000'000'000'000}, {begun_ns + base::ns_per_s}, true};
  std::vector<std::string> audit;  // "session 1", "session-end 1 revoked", ...
  std::set<std::string> names;     // of what is in there
  size_t room = SIZE_MAX;

  bool hear(const wire::presence& p, uid_t from = postgres) { return all.hear(now, from, p); }
  void pass(int64_t seconds) {
    now.utc.us += seconds * base::us_per_s;
    now.boot.ns += seconds * base::ns_per_s;
  }
  void record() {
    all.record(now, {.has = [this](const std::string& once) { return names.contains(once); },
                     .keep = [this](const std::string& event, const sessions::fields& f,
                                    const std::string& once) { return keep(event, f, once); }});
  }
  bool keep(const std::string& event, const sessions::fields& f, const std::string& once) {
    if (audit.size() >= room) return false;
    TEST_ASSERT_TRUE_MESSAGE(names.insert(once).second, "twice: " + once);
    std::string line = event;
    for (const auto& [key, text] : f) {
      if (key == "session") line += " " + text.substr(text.find(':') + 1);
      if (key == "cause") line += " " + text;
    }
    audit.push_back(line);
    return true;
  }
  // grantd is started again: all that is left is the audit.
  void restart() { all = sessions{now.boot}; }
  // Every second for so long.
  void live(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) pass(1), record();
  }
  [[nodiscard]] int64_t told(const std::string& event) const {
    return std::ranges::count_if(audit, [&](const std::string& a) { return a.starts_with(event + " "); });
  }
  [[nodiscard]] size_t inside() const {
    size_t n = 0;
    all.each([&](uid_t, const daemon::inside&) { ++n; });
    return n;
  }
  [[nodiscard]] std::string joined() const {
    std::string s;
    for (const auto& a : audit) s += (s.empty() ? "" : ", ") + a;
    return s;
  }
};

}  // namespace

TEST(a_session_is_recorded_when_it_opens_and_when_it_ends) {
  ear e;
  TEST_ASSERT_TRUE(e.hear(of(1)));
  e.record();
  TEST_ASSERT_EQUAL_INT(1, e.inside());
  TEST_ASSERT_TRUE(e.hear(of(1, presence_state::ended)));
  e.record();
  TEST_ASSERT_EQUAL_INT(0, e.inside());
  TEST_ASSERT_EQUAL_STRING("session 1, session-end 1 revoked", e.joined());
}

TEST(what_is_said_again_is_recorded_once_and_counted_once) {
  ear e;
  for (int i = 0; i < 100; ++i) {
    TEST_ASSERT_TRUE(e.hear(of(1)) && e.hear(of(2)));
    e.live(10);
  }
  for (int i = 0; i < 90; ++i) {  // 900 s
    TEST_ASSERT_TRUE(e.hear(of(1, presence_state::ended)) && e.hear(of(2)));
    e.live(10);
  }
  TEST_ASSERT_EQUAL_STRING("session 1, session 2, session-end 1 revoked", e.joined());
  TEST_ASSERT_EQUAL_UINT64(0, e.all.missed());
  TEST_ASSERT_EQUAL_INT(1, e.inside());
}

TEST(an_extension_and_a_new_grant_are_taken_over_without_a_record) {
  ear e;
  (void)e.hear(of(1));
  auto p = of(1);
  p.grant = 99;
  p.until_ns += base::ns_per_s;
  (void)e.hear(p);
  e.record();
  e.all.each([&](uid_t uid, const daemon::inside& s) {
    TEST_ASSERT_EQUAL_INT(postgres, uid);
    TEST_ASSERT_EQUAL_UINT64(99, s.grant);
    TEST_ASSERT_EQUAL_INT64(p.until_ns, s.until.ns);
  });
  TEST_ASSERT_EQUAL_STRING("session 1", e.joined());
}

TEST(an_end_whose_opening_was_lost_is_recorded_with_its_opening) {
  ear e;
  (void)e.hear(of(3, presence_state::ended));
  e.record();
  TEST_ASSERT_EQUAL_STRING("session 3, session-end 3 revoked", e.joined());
}

TEST(numbers_in_any_order_leave_no_gap_and_a_gap_is_counted_until_it_is_filled) {
  ear e;
  for (uint64_t n : {5, 3, 4, 1, 2}) (void)e.hear(of(n));
  TEST_ASSERT_EQUAL_UINT64(0, e.all.missed());
  (void)e.hear(of(9));
  TEST_ASSERT_EQUAL_UINT64(3, e.all.missed());
  (void)e.hear(of(7, presence_state::ended));
  TEST_ASSERT_EQUAL_UINT64(2, e.all.missed());
  (void)e.hear(of(7, presence_state::ended));
  TEST_ASSERT_EQUAL_UINT64(2, e.all.missed());
}

TEST(what_opened_before_grantd_listened_is_no_gap) {
  ear e;
  auto old = of(1);
  old.since_ns = begun_ns - base::ns_per_s;
  (void)e.hear(old);
  (void)e.hear(of(5000));
  TEST_ASSERT_EQUAL_UINT64(0, e.all.missed());
  (void)e.hear(of(5002));
  TEST_ASSERT_EQUAL_UINT64(1, e.all.missed());
}

TEST(a_run_that_began_while_grantd_listened_is_missed_from_its_first_number) {
  ear e;
  (void)e.hear(of(1));
  (void)e.hear(of(3, presence_state::live, 8));
  TEST_ASSERT_EQUAL_UINT64(2, e.all.missed());
}

TEST(a_new_run_takes_the_old_ones_sessions_for_lost) {
  ear e;
  (void)e.hear(of(1));
  (void)e.hear(of(2, presence_state::leftover));
  e.record();
  (void)e.hear(of(1, presence_state::live, 8));
  e.record();
  TEST_ASSERT_EQUAL_STRING(
      "session 1, session 2, leftover 2 revoked, session-end 1 lost, session-end 2 lost, session 1",
      e.joined());
  TEST_ASSERT_EQUAL_INT(1, e.inside());
  TEST_ASSERT_EQUAL_UINT64(0, e.all.leftovers());
}

TEST(a_run_that_is_past_does_not_come_back) {
  ear e;
  (void)e.hear(of(1));
  (void)e.hear(of(1, presence_state::live, 8));
  (void)e.all.take_lines();
  for (int i = 0; i < 1000; ++i) {
    TEST_ASSERT_FALSE(e.hear(of(2)));
    TEST_ASSERT_TRUE(e.hear(of(1, presence_state::live, 8)));
  }
  e.record();
  TEST_ASSERT_EQUAL_INT(2, e.told("session"));
  auto lines = e.all.take_lines();
  TEST_ASSERT_TRUE(!lines.empty() && lines.size() <= 50);
  TEST_ASSERT_TRUE(lines.front().text.find("two enders") != std::string::npos);
}

TEST(clusters_of_one_uid_and_uids_of_one_cluster_do_not_disturb_each_other) {
  ear e;
  auto other = of(1, presence_state::live, 9);
  other.place = "test";
  auto pam = of(1, presence_state::live, 10);
  pam.point = 1;
  pam.proved_by = 1;
  pam.place = "sshd";
  pam.database = pam.role = {};
  auto sudo = pam;
  sudo.number = 2;
  sudo.place = "sudo";  // another service, the same reaper
  TEST_ASSERT_TRUE(e.hear(of(1)) && e.hear(other) && e.hear(pam, 0) && e.hear(sudo, 0));
  TEST_ASSERT_TRUE(e.hear(of(1)) && e.hear(other) && e.hear(pam, 0) && e.hear(sudo, 0));
  TEST_ASSERT_EQUAL_INT(4, e.inside());
}

TEST(a_session_does_not_change_hands) {
  ear e;
  (void)e.hear(of(1));
  auto p = of(1);
  p.name = "bob";
  TEST_ASSERT_FALSE(e.hear(p));
  p = of(1);
  p.database = "other";
  TEST_ASSERT_FALSE(e.hear(p));
  e.all.each([](uid_t, const daemon::inside& s) { TEST_ASSERT_EQUAL_STRING("alice", s.name); });
}

TEST(a_session_not_heard_of_for_35_seconds_is_silent_and_lives_when_it_is_heard_again) {
  ear e;
  (void)e.hear(of(1));
  auto silent = [&] {
    bool is = false;
    e.all.each([&](uid_t, const daemon::inside& s) { is = s.silent(e.now.boot); });
    return is;
  };
  e.pass(35);
  TEST_ASSERT_FALSE(silent());
  e.pass(1);
  TEST_ASSERT_TRUE(silent());
  TEST_ASSERT_EQUAL_INT(1, e.inside());
  (void)e.hear(of(1));
  TEST_ASSERT_FALSE(silent());
}

TEST(an_ender_silent_for_a_day_has_lost_its_sessions) {
  ear e;
  (void)e.hear(of(1));
  e.record();
  e.pass(86'300);
  e.all.tidy(e.now.boot);
  TEST_ASSERT_EQUAL_INT(1, e.inside());
  e.pass(200);
  e.all.tidy(e.now.boot);
  e.record();
  TEST_ASSERT_EQUAL_INT(0, e.inside());
  TEST_ASSERT_EQUAL_STRING("session 1, session-end 1 lost", e.joined());
}

TEST(a_leftover_is_an_alert_a_record_and_counted_until_it_is_gone) {
  ear e;
  (void)e.hear(of(1));
  auto p = of(1, presence_state::leftover);
  p.text = "backend does not end";
  for (int i = 0; i < 5; ++i) (void)e.hear(p), e.live(10);
  TEST_ASSERT_EQUAL_UINT64(1, e.all.leftovers());
  auto lines = e.all.take_lines();
  TEST_ASSERT_EQUAL_INT(1, lines.size());
  TEST_ASSERT_TRUE(lines[0].at == service::level::alert);
  TEST_ASSERT_TRUE(lines[0].text.find("pg:alice at pg:main/orders") != std::string::npos);
  TEST_ASSERT_TRUE(lines[0].text.find("backend does not end") != std::string::npos);
  (void)e.hear(of(1, presence_state::ended));
  e.record();
  TEST_ASSERT_EQUAL_UINT64(0, e.all.leftovers());
  TEST_ASSERT_EQUAL_STRING("session 1, leftover 1 revoked, session-end 1 revoked", e.joined());
}

TEST(ended_ones_are_forgotten_when_nobody_says_them_again) {
  ear e;
  for (uint64_t n = 1; n <= 10; ++n) (void)e.hear(of(n)), (void)e.hear(of(n, presence_state::ended));
  e.live(959);
  TEST_ASSERT_EQUAL_INT(10, e.all.held());
  e.live(1);
  TEST_ASSERT_EQUAL_INT(0, e.all.held());
}

TEST(a_flood_of_sessions_fills_its_own_room_and_no_more) {
  ear e;
  size_t taken = 0;
  for (uint64_t n = 1; n <= 2 * daemon::max_sessions; ++n) taken += e.hear(of(n)) ? 1 : 0;
  TEST_ASSERT_EQUAL_UINT64(daemon::max_sessions, taken);
  TEST_ASSERT_EQUAL_UINT64(daemon::max_sessions, e.all.held());
  TEST_ASSERT_EQUAL_UINT64(daemon::max_sessions, e.all.missed());
  // The audit and the log hear of it at a rate.
  e.live(10);
  TEST_ASSERT_TRUE(e.audit.size() >= 200 && e.audit.size() <= 310);
  // The reaper is heard all the same, and recorded at once.
  auto pam = of(1, presence_state::live, 10);
  pam.point = 1;
  TEST_ASSERT_TRUE(e.hear(pam, 0));
  auto before = e.audit.size();
  e.record();
  TEST_ASSERT_EQUAL_UINT64(before + 1, e.audit.size());
}

TEST(a_flood_of_runs_fills_its_own_room_and_no_more) {
  ear e;
  for (uint64_t run = 1; run <= 2 * daemon::max_sessions; ++run) {
    auto p = of(1, presence_state::leftover, run);
    p.text = "x";
    (void)e.hear(p);
  }
  TEST_ASSERT_TRUE(e.all.held() <= daemon::max_sessions);
  TEST_ASSERT_TRUE(e.all.leftovers() <= 1);
  e.record();
  TEST_ASSERT_EQUAL_UINT64(200, e.audit.size());
  TEST_ASSERT_TRUE(e.all.take_lines().size() <= 51);
}

TEST(many_ended_ones_make_room_once_they_are_recorded) {
  ear e;
  for (uint64_t n = 1; n <= daemon::max_ended_sessions + 500; ++n) {
    TEST_ASSERT_TRUE(e.hear(of(n)) && e.hear(of(n, presence_state::ended)));
    e.live(1);
  }
  TEST_ASSERT_TRUE(e.all.held() <= daemon::max_ended_sessions);
  TEST_ASSERT_EQUAL_UINT64(0, e.all.missed());
}

TEST(every_opening_that_was_taken_and_its_end_reach_the_audit_however_fast_they_came) {
  ear e;
  for (uint64_t n = 1; n <= 2000; ++n) (void)e.hear(of(n));
  e.record();
  TEST_ASSERT_EQUAL_INT(200, e.told("session"));
  for (uint64_t n = 1; n <= 2000; ++n) (void)e.hear(of(n, presence_state::ended));
  TEST_ASSERT_EQUAL_UINT64(2000, e.all.unrecorded());
  e.live(4000);
  TEST_ASSERT_EQUAL_UINT64(0, e.all.unrecorded());
  TEST_ASSERT_EQUAL_INT(2000, e.told("session"));
  TEST_ASSERT_EQUAL_INT(2000, e.told("session-end"));
}

TEST(an_end_that_the_audit_had_no_room_for_is_recorded_later) {
  ear e;
  (void)e.hear(of(1));
  e.record();
  e.room = 1;  // as with a full disk
  (void)e.hear(of(1, presence_state::ended));
  e.live(2000);  // long after it would have been forgotten
  TEST_ASSERT_EQUAL_STRING("session 1", e.joined());
  (void)e.hear(of(2));
  TEST_ASSERT_EQUAL_UINT64(2, e.all.unrecorded());
  e.room = SIZE_MAX;
  e.live(1);
  TEST_ASSERT_EQUAL_STRING("session 1, session-end 1 revoked, session 2", e.joined());
}

TEST(no_room_is_made_by_forgetting_what_the_audit_lacks) {
  ear e;
  e.room = 0;
  for (uint64_t n = 1; n <= daemon::max_sessions; ++n)
    TEST_ASSERT_TRUE(e.hear(of(n)) && e.hear(of(n, presence_state::ended)));
  e.live(2000);
  TEST_ASSERT_FALSE(e.hear(of(daemon::max_sessions + 1)));
  TEST_ASSERT_EQUAL_UINT64(daemon::max_sessions, e.all.unrecorded());
  e.room = SIZE_MAX;
  e.live(10);
  TEST_ASSERT_TRUE(e.hear(of(daemon::max_sessions + 1)));
}

TEST(a_session_that_comes_and_goes_waits_for_the_audit_once) {
  ear e;
  for (int i = 0; i < 1000; ++i) TEST_ASSERT_TRUE(e.hear(of(1)) && e.hear(of(1, presence_state::ended)));
  TEST_ASSERT_EQUAL_UINT64(1, e.all.unrecorded());
  e.record();
  TEST_ASSERT_EQUAL_STRING("session 1, session-end 1 revoked", e.joined());
}

TEST(what_is_said_again_after_a_restart_is_recorded_once) {
  ear e;
  auto left = of(3, presence_state::leftover);
  left.text = "backend does not end";
  const auto say = [&] {
    TEST_ASSERT_TRUE(e.hear(of(1)) && e.hear(of(2, presence_state::ended)) && e.hear(left));
    e.record();
  };
  say();
  const std::string before = e.joined();
  TEST_ASSERT_EQUAL_STRING("session 1, session 2, session-end 2 revoked, session 3, leftover 3 revoked",
                           before);
  for (int i = 0; i < 3; ++i) e.restart(), say();
  TEST_ASSERT_EQUAL_STRING(before, e.joined());
  TEST_ASSERT_EQUAL_UINT64(0, e.all.unrecorded());
  // What comes after the restart is news.
  (void)e.hear(of(1, presence_state::ended));
  (void)e.hear(of(3, presence_state::ended));
  e.record();
  TEST_ASSERT_EQUAL_STRING(before + ", session-end 1 revoked, session-end 3 revoked", e.joined());
}

TEST(each_record_of_a_session_has_a_name_of_its_own) {
  ear e;
  auto pam = of(2, presence_state::leftover, 0xabc);
  pam.point = pam.proved_by = 1;
  (void)e.hear(of(1, presence_state::ended));
  (void)e.hear(pam, 0);
  (void)e.hear(of(4));
  (void)e.hear(of(5, presence_state::live, 8));
  e.record();
  std::string all;
  for (const std::string& name : e.names) all += name + "\n";
  TEST_ASSERT_EQUAL_STRING(
      "leftover 0 0000000000000abc:2\n"
      "lost 105/main 0000000000000007:4\n"
      "session 0 0000000000000abc:2\n"
      "session 105/main 0000000000000007:1\n"
      "session 105/main 0000000000000007:4\n"
      "session 105/main 0000000000000008:5\n"
      "session-end 105/main 0000000000000007:1\n",
      all);
}

TEST(an_end_that_came_while_grantd_was_away_is_recorded_without_a_second_opening) {
  ear e;
  (void)e.hear(of(1));
  e.record();
  e.restart();
  (void)e.hear(of(1, presence_state::ended));
  e.record();
  TEST_ASSERT_EQUAL_STRING("session 1, session-end 1 revoked", e.joined());
}

TEST(the_same_number_of_another_ender_or_run_is_another_session_after_a_restart_too) {
  ear e;
  auto test = of(1);
  test.place = "test";  // another cluster of the same uid, which may say any run
  (void)e.hear(of(1));
  e.record();
  e.restart();
  (void)e.hear(test);
  (void)e.hear(of(1), postgres + 1);
  (void)e.hear(of(1, presence_state::live, 8));
  e.record();
  TEST_ASSERT_EQUAL_STRING("session 1, session 1, session 1, session 1", e.joined());
}

TEST(who_was_taken_for_lost_and_comes_back_has_an_end_of_their_own) {
  for (bool restarted : {false, true}) {
    ear e;
    (void)e.hear(of(1));
    e.record();
    e.pass(86'500);
    e.all.tidy(e.now.boot);
    e.record();
    TEST_ASSERT_EQUAL_STRING("session 1, session-end 1 lost", e.joined());
    if (restarted) e.restart();
    (void)e.hear(of(1));
    e.record();
    (void)e.hear(of(1, presence_state::ended));
    e.record();
    TEST_ASSERT_EQUAL_STRING("session 1, session-end 1 lost, session-end 1 revoked", e.joined());
  }
}

TEST(the_many_that_are_said_anew_after_a_restart_hold_up_nobody_who_opens) {
  constexpr uint64_t many = 10'000;
  ear e;
  for (uint64_t n = 1; n <= many; ++n) (void)e.hear(of(n));
  e.live(1000);
  TEST_ASSERT_EQUAL_INT(many, e.told("session"));
  e.restart();
  for (uint64_t n = 1; n <= many + 1; ++n) (void)e.hear(of(n));
  e.live(30);
  TEST_ASSERT_EQUAL_INT(many + 1, e.told("session"));
  TEST_ASSERT_EQUAL_UINT64(0, e.all.unrecorded());
}
