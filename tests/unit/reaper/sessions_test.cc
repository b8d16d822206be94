// SPDX-License-Identifier: Apache-2.0
// A session that is inside: until when, asked again, warned, put out. The clock is the test's.
#include "reaper/sessions.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/clock.h"
#include "support/unity.h"
#include "unit/reaper/held.h"
#include "unit/reaper/house.h"

namespace grantd::test {
namespace {

using wire::presence_cause;
using wire::presence_state;
using wire::registration_result;

constexpr int64_t minute_ms = 60'000;

int number(registration_result r) { return static_cast<int>(r); }
int number(presence_cause c) { return static_cast<int>(c); }

// Catches SIGTERM, and stays.
void catch_term_and_stay() {
  (void)std::signal(SIGHUP, SIG_IGN);
  (void)std::signal(SIGTERM, [](int) {});
  sleep_for_ever();
}

bool handles_term(pid_t pid) {
  const std::string file = "/proc/" + std::to_string(pid) + "/status";
  FILE* f = std::fopen(file.c_str(), "re");
  if (f == nullptr) return false;
  char line[256];
  unsigned long long caught = 0;
  while (std::fgets(line, sizeof line, f) != nullptr) (void)std::sscanf(line, "SigCgt: %llx", &caught);
  (void)std::fclose(f);
  return (caught >> (SIGTERM - 1) & 1) != 0;
}

const heard* last_of(const std::vector<heard>& all, presence_state state) {
  const heard* out = nullptr;
  for (const heard& h : all) out = h.state == state ? &h : out;
  return out;
}

}  // namespace

TEST(a_covered_session_is_let_in_and_left_alone_until_its_end) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive();
  const auto answer = h.open(*bob, now);
  TEST_ASSERT_EQUAL_INT(number(registration_result::covered), number(answer.result));
  TEST_ASSERT_EQUAL_UINT64(5, answer.grant);
  TEST_ASSERT_EQUAL_STRING("orders-db", answer.resource);
  const auto& s = h.only();
  TEST_ASSERT_TRUE(s.own);
  TEST_ASSERT_TRUE(s.group.holds(bob->pid()));
  TEST_ASSERT_EQUAL_INT64(h.table.records[0].end.ns, s.last.verdict.until.ns);
  const auto said = h.grantd.listen();
  TEST_ASSERT_TRUE(last_of(said, presence_state::live) != nullptr);
  TEST_ASSERT_EQUAL_UINT64(1, last_of(said, presence_state::live)->number);
  TEST_ASSERT_EQUAL_STRING("pts/1", last_of(said, presence_state::live)->text);
  h.act({s.last.verdict.until.ns - 1});
  TEST_ASSERT_EQUAL_INT(-1, bob->ended_by());
  TEST_ASSERT_TRUE(h.only().at == reaper::stage::inside);
}

TEST(at_its_end_it_is_asked_to_go_and_killed_150_ms_later) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 1, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive(catch_term_and_stay);
  TEST_ASSERT_TRUE(wait_until([&] { return handles_term(bob->pid()); }));
  TEST_ASSERT_EQUAL_INT(number(registration_result::covered), number(h.open(*bob, now).result));
  const auto end = h.table.records[0].end;
  TEST_ASSERT_TRUE(wait_until([&] { return base::boot_now() >= end; }));
  h.act(end);
  TEST_ASSERT_TRUE(h.only().at == reaper::stage::ending);
  TEST_ASSERT_EQUAL_INT(number(presence_cause::expired), number(h.only().cause));
  TEST_ASSERT_TRUE(h.only().asked_to_go);
  h.act(later(end, 149));
  TEST_ASSERT_TRUE_MESSAGE(bob->ended_by() == -1, "it was not given its 150 ms");
  h.act(later(end, 150));
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
  TEST_ASSERT_TRUE(h.gone(later(end, 200)));
  const auto said = h.grantd.listen();
  const heard* ended = last_of(said, presence_state::ended);
  TEST_ASSERT_TRUE(ended != nullptr);
  TEST_ASSERT_EQUAL_INT(number(presence_cause::expired), number(ended->cause));
  TEST_ASSERT_EQUAL_UINT64(5, ended->grant);
  TEST_ASSERT_TRUE(access(h.state_file(1).c_str(), F_OK) != 0);
  TEST_ASSERT_FALSE(h.g.is_there(h.g.path() + "/grantd-0000000000001234-1"));
}

TEST(who_goes_when_asked_is_not_killed) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 1, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive();
  (void)h.open(*bob, now);
  const auto end = h.table.records[0].end;
  TEST_ASSERT_TRUE(wait_until([&] { return base::boot_now() >= end; }));
  h.act(end);
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGHUP || bob->ended_by() == SIGTERM; }));
  TEST_ASSERT_TRUE(h.gone(later(end, 10)));
}

TEST(a_revocation_kills_at_once) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive(ignore_and_sleep);
  (void)h.open(*bob, now);
  h.table.records = {pam_ended("bob", "sshd", decision::ending::revoked, 0, 5)};
  h.table.publish();
  h.all().look(now);
  h.act(now);
  TEST_ASSERT_EQUAL_INT(number(presence_cause::revoked), number(h.only().cause));
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
  TEST_ASSERT_TRUE(h.gone(now));
}

TEST(a_lock_ends_it_whatever_windows_are_open) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive(ignore_and_sleep);
  (void)h.open(*bob, now);
  h.table.records.push_back(pam_lock("bob", "we look into it"));
  h.table.publish();
  h.all().look(now);
  h.act(now);
  TEST_ASSERT_EQUAL_INT(number(presence_cause::locked), number(h.only().cause));
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
}

TEST(an_extension_moves_the_end_of_the_same_session) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 60, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive();
  (void)h.open(*bob, now);
  const auto first_end = h.table.records[0].end;
  h.table.records = {pam_window("bob", "sshd", -60, 7200, 5)};
  h.table.publish();
  h.all().look(now);
  h.act(later(first_end, 1000));
  TEST_ASSERT_TRUE(h.only().at == reaper::stage::inside);
  TEST_ASSERT_EQUAL_INT64(h.table.records[0].end.ns, h.only().last.verdict.until.ns);
  TEST_ASSERT_EQUAL_INT(-1, bob->ended_by());
}

TEST(the_end_of_one_of_two_windows_cuts_nothing) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 1800, 5), pam_window("bob", "sshd", -60, 3600, 6)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive();
  (void)h.open(*bob, now);
  h.table.records = {pam_ended("bob", "sshd", decision::ending::revoked, 0, 6),
                     pam_window("bob", "sshd", -60, 1800, 5)};
  h.table.publish();
  h.all().look(now);
  h.act(now);
  TEST_ASSERT_TRUE(h.only().at == reaper::stage::inside);
  TEST_ASSERT_EQUAL_UINT64(5, h.only().last.verdict.grant);
  TEST_ASSERT_EQUAL_INT(-1, bob->ended_by());
}

// Nothing holds a shell to reading, so a window for reading opens all that it has. (grantd publishes one
// access only; a table from before that may still say two.)
TEST(any_window_that_is_left_holds_it_whatever_its_access) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
  h.table.records[0].access = decision::access::read_write;
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive(ignore_and_sleep);
  (void)h.open(*bob, now);
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 6)};  // read-only
  h.table.publish();
  h.all().look(now);
  h.act(now);
  TEST_ASSERT_TRUE(h.only().at == reaper::stage::inside);
  TEST_ASSERT_EQUAL_UINT64(6, h.only().last.verdict.grant);
  TEST_ASSERT_EQUAL_INT(-1, bob->ended_by());
}

TEST(a_table_that_cannot_be_believed_neither_cuts_nor_lengthens) {
  for (int spoiled = 0; spoiled < 3; ++spoiled) {
    house h;
    h.table.records = {pam_window("bob", "sshd", -60, 2, 5)};
    h.table.publish();
    const auto now = base::boot_now();
    h.start(now);
    auto bob = h.arrive(ignore_and_sleep);
    (void)h.open(*bob, now);
    const auto end = h.table.records[0].end;
    if (spoiled == 0) (void)unlink(h.table.path().c_str());
    if (spoiled == 1) TEST_ASSERT_EQUAL_INT(0, truncate(h.table.path().c_str(), 100));
    if (spoiled == 2) {  // LOCKED, and a longer window in it that must not count
      h.table.flags = table::flag_locked;
      h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
      h.table.publish();
    }
    h.all().look(now);
    h.act({end.ns - 1});
    TEST_ASSERT_TRUE_MESSAGE(h.only().at == reaper::stage::inside, "cut early: " + std::to_string(spoiled));
    TEST_ASSERT_EQUAL_INT64(end.ns, h.only().last.verdict.until.ns);
    TEST_ASSERT_TRUE(wait_until([&] { return base::boot_now() >= end; }));
    h.act(end);
    TEST_ASSERT_TRUE_MESSAGE(h.only().at == reaper::stage::ending,
                             "stays longer: " + std::to_string(spoiled));
    h.act(later(end, 200));
    TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
  }
}

TEST(warnings_come_once_each_and_again_after_an_extension) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive();
  (void)h.open(*bob, now);
  const auto end = h.table.records[0].end;
  TEST_ASSERT_EQUAL_UINT64(0, h.only().warned);
  const unsigned expected[] = {0, 1, 3, 7};
  const int64_t minutes[] = {16, 15, 5, 1};
  for (int i = 0; i < 4; ++i) {
    h.act(later(end, -minutes[i] * minute_ms));
    TEST_ASSERT_EQUAL_UINT64(expected[i], h.only().warned);
    TEST_ASSERT_TRUE_MESSAGE(h.all().next() > later(end, -minutes[i] * minute_ms), "it would spin");
  }
  h.table.records = {pam_window("bob", "sshd", -60, 7200, 5)};
  h.table.publish();
  h.all().look(later(end, -minute_ms));
  TEST_ASSERT_EQUAL_UINT64(0, h.only().warned);
  h.act(later(h.table.records[0].end, -14 * minute_ms));
  TEST_ASSERT_EQUAL_UINT64(1, h.only().warned);
}

TEST(what_is_due_at_the_login_is_not_said_again) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 240, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive();
  (void)h.open(*bob, now);
  TEST_ASSERT_EQUAL_UINT64(3, h.only().warned);
}

// SIGKILL does not get past a stop of its tracer's at its exit: what hangs in the kernel looks like this.
TEST(what_does_not_die_is_left_over_said_and_killed_again) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive();
  (void)h.open(*bob, now);
  hold_at_exit held(bob->pid());
  h.table.records = {pam_ended("bob", "sshd", decision::ending::revoked, 0, 5)};
  h.table.publish();
  h.all().look(now);
  h.act(now);
  int status = 0;
  TEST_ASSERT_TRUE(wait_until([&] { return waitpid(bob->pid(), &status, __WALL | WNOHANG) == bob->pid(); }));
  TEST_ASSERT_TRUE(WIFSTOPPED(status));
  TEST_ASSERT_TRUE_MESSAGE(h.only().group.populated(), "it died: nothing is tested");
  h.act(later(now, reaper::alarm_ns / 1'000'000 - 1));
  TEST_ASSERT_FALSE(h.only().left_over);
  (void)h.grantd.listen();
  h.act(later(now, 1200));
  TEST_ASSERT_TRUE(h.only().left_over);
  const auto said = h.grantd.listen();
  const heard* over = last_of(said, presence_state::leftover);
  TEST_ASSERT_TRUE(over != nullptr);
  TEST_ASSERT_EQUAL_INT(number(presence_cause::revoked), number(over->cause));
  TEST_ASSERT_TRUE(over->text.starts_with("processes in /grantd-test-"));
  h.act(later(now, 2200));
  const auto said_again = h.grantd.listen();
  TEST_ASSERT_TRUE(last_of(said_again, presence_state::leftover) != nullptr);
  TEST_ASSERT_FALSE(h.gone(later(now, 2300), 50));
  held.let_go();
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
  TEST_ASSERT_TRUE(h.gone(later(now, 3000)));
  const auto at_last = h.grantd.listen();
  TEST_ASSERT_TRUE(last_of(at_last, presence_state::ended) != nullptr);
}

TEST(live_ones_are_said_every_10_s_and_when_the_table_changed_ended_ones_again) {
  house h;
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  h.act(now);
  auto bob = h.arrive();
  auto stranger = h.arrive();
  (void)h.open(*bob, now);
  (void)h.grantd.listen();
  h.act(later(now, 9000));
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
  h.act(later(now, 10'000));
  TEST_ASSERT_EQUAL_INT(1, h.grantd.listen().size());
  h.all().look(later(now, 12'000));
  h.act(later(now, 12'000));
  TEST_ASSERT_EQUAL_INT(1, h.grantd.listen().size());
  bob->kill();
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
  TEST_ASSERT_TRUE(h.gone(later(now, 13'000)));
  auto said = h.grantd.listen();
  TEST_ASSERT_TRUE(last_of(said, presence_state::ended) != nullptr);
  TEST_ASSERT_EQUAL_INT(number(presence_cause::closed), number(last_of(said, presence_state::ended)->cause));
  h.act(later(now, 23'000));
  said = h.grantd.listen();
  TEST_ASSERT_TRUE(last_of(said, presence_state::ended) != nullptr);
  h.act(later(now, 1'000'000));
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
}

}  // namespace grantd::test
