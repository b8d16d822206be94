// SPDX-License-Identifier: Apache-2.0
// The beginning of a session, what a revocation beside it does, and what is found after a restart.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/clock.h"
#include "guest/check.h"
#include "support/unity.h"
#include "unit/reaper/house.h"

namespace grantd::test {
namespace {

using wire::presence_cause;
using wire::presence_state;
using wire::registration_result;

int number(registration_result r) { return static_cast<int>(r); }
int number(presence_cause c) { return static_cast<int>(c); }

void expect(registration_result r, const wire::registration_answer& a) {
  TEST_ASSERT_TRUE_MESSAGE(r == a.result, std::to_string(number(a.result)) + " " + std::string(a.text));
}

house& with_window(house& h, int64_t to_s = 3600) {
  h.table.records = {pam_window("bob", "sshd", -60, to_s, 5)};
  h.table.publish();
  h.start(base::boot_now());
  return h;
}

}  // namespace

TEST(who_is_not_covered_is_denied_and_ended_after_reading_why) {
  house h;
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  auto bob = h.arrive(ignore_and_sleep);
  const auto answer = h.open(*bob, now);
  expect(registration_result::denied, answer);
  TEST_ASSERT_EQUAL_INT(static_cast<int>(decision::reason::no_window), answer.reason);
  TEST_ASSERT_TRUE(h.only().at == reaper::stage::ending);
  h.act({now.ns + reaper::refused_ns - 1});
  TEST_ASSERT_EQUAL_INT(-1, bob->ended_by());
  h.act({now.ns + reaper::refused_ns});
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
  TEST_ASSERT_TRUE(h.gone(now));
}

// The revocation comes when the session is recorded and not yet looked up; the lookup still sees the old
// table.
TEST(a_revocation_between_record_and_answer_finds_the_session) {
  house h;
  with_window(h);
  const auto now = base::boot_now();
  auto bob = h.arrive(ignore_and_sleep);
  bool recorded = false;
  const auto real = h.look_up;
  h.look_up = [&](const reaper::session& s) {
    recorded = h.all().all().contains(s.number) && access(h.state_file(s.number).c_str(), F_OK) == 0 &&
               s.group.holds(bob->pid());
    const guest::answer old = real(s);
    h.table.records = {pam_ended("bob", "sshd", decision::ending::revoked, 0, 5)};
    h.table.publish();
    return old;
  };
  expect(registration_result::covered, h.open(*bob, now));
  TEST_ASSERT_TRUE_MESSAGE(recorded, "it was looked up before it was recorded and saved");
  h.all().look(now);  // as its watch on the table does
  h.act(now);
  TEST_ASSERT_EQUAL_INT(number(presence_cause::revoked), number(h.only().cause));
  h.act(later(now, 100));
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
}

TEST(a_revocation_before_the_lookup_denies) {
  house h;
  with_window(h);
  const auto now = base::boot_now();
  auto bob = h.arrive(ignore_and_sleep);
  const auto real = h.look_up;
  h.look_up = [&](const reaper::session& s) {
    h.table.records = {pam_ended("bob", "sshd", decision::ending::revoked, 0, 5)};
    h.table.publish();
    return real(s);
  };
  expect(registration_result::denied, h.open(*bob, now));
  h.act({now.ns + reaper::refused_ns});
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
}

// The answer was never given, the record is there: the next reaper ends what is in it.
TEST(a_reaper_killed_in_the_lookup_leaves_a_session_that_is_ended) {
  house h;
  with_window(h);
  const auto now = base::boot_now();
  auto bob = h.arrive(ignore_and_sleep);
  std::string in_between;
  const auto real = h.look_up;
  h.look_up = [&](const reaper::session& s) {
    std::ifstream f(h.state_file(s.number));
    in_between.assign(std::istreambuf_iterator<char>(f), {});
    return real(s);
  };
  expect(registration_result::covered, h.open(*bob, now));
  TEST_ASSERT_TRUE_MESSAGE(!in_between.empty(), "nothing was saved before the lookup");
  std::ofstream(h.state_file(1)) << in_between;
  h.start(now);
  TEST_ASSERT_TRUE(h.only().at == reaper::stage::ending);
  h.act(later(now, 500));
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
}

TEST(inside_a_session_another_is_nested_and_not_looked_up) {
  house h;
  with_window(h);
  const auto now = base::boot_now();
  auto bob = h.arrive();
  expect(registration_result::covered, h.open(*bob, now));
  const auto inner = h.g.groups.make(h.only().group.path(), "below");
  TEST_ASSERT_TRUE(inner.has_value());
  child su(h.g, *inner);
  unsigned lookups = 0;
  h.look_up = [&](const reaper::session&) {
    ++lookups;
    return guest::answer{};
  };
  expect(registration_result::nested, h.open(su, now, "carol"));
  TEST_ASSERT_EQUAL_UINT64(0, lookups);
  TEST_ASSERT_EQUAL_INT(1, h.all().all().size());
}

TEST(inside_a_session_that_is_being_ended_nobody_begins) {
  house h;
  with_window(h);
  const auto now = base::boot_now();
  auto bob = h.arrive();
  expect(registration_result::covered, h.open(*bob, now));
  h.table.records = {pam_ended("bob", "sshd", decision::ending::revoked, 0, 5),
                     pam_window("carol", "sshd", -60, 3600, 6)};
  h.table.publish();
  h.all().look(now);  // it is ending, and nothing was killed yet
  child su(h.g, h.only().group);
  expect(registration_result::failed, h.open(su, now, "carol"));
  TEST_ASSERT_EQUAL_INT(1, h.all().all().size());
}

TEST(who_is_gone_or_has_no_name_is_refused_and_leaves_nothing) {
  house h;
  with_window(h);
  const auto now = base::boot_now();
  auto bob = h.arrive();
  expect(registration_result::failed, h.open(*bob, now, "bob/../root"));
  bob->kill();
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
  expect(registration_result::failed, h.open(*bob, now));
  TEST_ASSERT_TRUE(h.all().all().empty());
}

TEST(where_no_cgroup_can_be_made_nobody_is_let_in) {
  house h;
  h.own_parent = h.g.path() + "/nothing/there";
  with_window(h);
  auto bob = h.arrive();
  expect(registration_result::failed, h.open(*bob, base::boot_now()));
  TEST_ASSERT_TRUE(h.all().all().empty());
  TEST_ASSERT_EQUAL_INT(-1, bob->ended_by());
}

TEST(after_a_restart_deadlines_and_warnings_are_what_they_were) {
  house h;
  with_window(h, 600);
  const auto now = base::boot_now();
  auto bob = h.arrive();
  expect(registration_result::covered, h.open(*bob, now));
  const auto until = h.only().last.verdict.until;
  TEST_ASSERT_EQUAL_UINT64(1, h.only().warned);
  (void)unlink(h.table.path().c_str());  // nothing to look up: what was known stands
  h.start(later(now, 1000));
  TEST_ASSERT_EQUAL_INT64(until.ns, h.only().last.verdict.until.ns);
  TEST_ASSERT_EQUAL_UINT64(1, h.only().warned);
  TEST_ASSERT_EQUAL_UINT64(1, h.only().number);
  TEST_ASSERT_TRUE(h.only().group.holds(bob->pid()));
  auto carol = h.arrive();
  (void)h.open(*carol, now);
  TEST_ASSERT_TRUE_MESSAGE(h.all().all().contains(2), "a number was given twice, or left out");
}

TEST(a_cgroup_gone_or_made_again_while_it_was_down_is_ended_and_not_touched) {
  house h;
  with_window(h);
  const auto now = base::boot_now();
  auto bob = h.arrive();
  expect(registration_result::covered, h.open(*bob, now));
  const std::string path = h.only().group.path();
  bob->kill();
  TEST_ASSERT_TRUE(wait_until([&] { return bob->ended_by() == SIGKILL; }));
  h.g.remove_one(path);
  auto fresh = h.g.make(path.substr(h.g.path().size() + 1));
  child stranger(h.g, fresh);
  h.table.records = {pam_ended("bob", "sshd", decision::ending::revoked, 0, 5)};
  h.table.publish();
  (void)h.grantd.listen();
  h.start(now);
  h.act(later(now, 500));
  TEST_ASSERT_TRUE(h.all().all().empty());
  TEST_ASSERT_EQUAL_INT(-1, stranger.ended_by());
  TEST_ASSERT_TRUE(h.g.is_there(path));
  bool said = false;
  for (const heard& one : h.grantd.listen()) said = said || one.state == presence_state::ended;
  TEST_ASSERT_TRUE(said);
  TEST_ASSERT_TRUE(access(h.state_file(1).c_str(), F_OK) != 0);
}

// An end that nobody sees would be the price of a descriptor that was not to be had.
TEST(a_cgroup_that_cannot_be_opened_is_not_taken_for_one_that_is_gone) {
  house h;
  with_window(h);
  auto bob = h.arrive();
  expect(registration_result::covered, h.open(*bob, base::boot_now()));
  const auto f = reaper::to_fields(h.only());
  rlimit before{};
  TEST_ASSERT_EQUAL_INT(0, getrlimit(RLIMIT_NOFILE, &before));
  const base::unique_fd lowest(dup(STDERR_FILENO));
  const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest.get()), .rlim_max = before.rlim_max};
  TEST_ASSERT_EQUAL_INT(0, setrlimit(RLIMIT_NOFILE, &none));
  const auto full = reaper::from_fields(f, h.g.groups);
  TEST_ASSERT_EQUAL_INT(0, setrlimit(RLIMIT_NOFILE, &before));
  TEST_ASSERT_FALSE(full.has_value());
  const auto known = reaper::from_fields(f, h.g.groups);
  TEST_ASSERT_TRUE(known && !known->gone);
}

// Whoever owns a directory above could move what is in it, and keep the kill from it.
TEST(a_fresh_scope_of_logind_is_taken_and_one_that_a_user_made_is_not) {
  house h;
  with_window(h);
  const std::string slice = "user.slice/user-7.slice";
  child bob(h.g, h.g.make(slice + "/session-1.scope"));
  expect(registration_result::covered, h.open(bob, base::boot_now()));
  TEST_ASSERT_FALSE(h.only().own);
  TEST_ASSERT_TRUE(h.only().owner == uid_t{7});
  const std::string theirs = (h.g.path() + "/" + slice).substr(1);
  TEST_ASSERT_EQUAL_INT(0, fchownat(h.g.groups.root(), theirs.c_str(), 7, 7, 0));
  child carol(h.g, h.g.make(slice + "/session-2.scope"));
  expect(registration_result::covered, h.open(carol, base::boot_now()));
  TEST_ASSERT_TRUE(h.all().all().at(2).own);
  TEST_ASSERT_TRUE(!h.all().all().at(2).owner);
}

// Its window ended while it was at its beginning: what logind started for it meanwhile may not stay.
TEST(what_systemd_started_for_a_login_that_is_refused_is_ended) {
  house h;
  h.table.records = {pam_ended("bob", "sshd", decision::ending::expired, 1, 5)};
  h.table.publish();
  const auto now = base::boot_now();
  h.start(now);
  const std::string slice = "user.slice/user-7.slice";
  child bob(h.g, h.g.make(slice + "/session-1.scope"));
  child service(h.g, h.g.make(slice + "/user@7.service"));
  expect(registration_result::denied, h.open(bob, now));
  h.act(later(now, 10));
  TEST_ASSERT_EQUAL_INT(-1, service.ended_by());  // the session first
  h.act(later(now, 300));
  TEST_ASSERT_TRUE(wait_until([&] { return service.ended_by() == SIGKILL; }));
}

TEST(a_state_that_cannot_be_read_harms_nobody_else) {
  house h;
  with_window(h);
  const auto now = base::boot_now();
  auto bob = h.arrive();
  auto carol = h.arrive();
  expect(registration_result::covered, h.open(*bob, now));
  expect(registration_result::covered, h.open(*carol, now));
  std::ofstream(h.state_file(1)) << "number 1\nnonsense";
  h.start(now);
  TEST_ASSERT_EQUAL_INT(1, h.all().all().size());
  TEST_ASSERT_TRUE(h.all().all().contains(2));
  TEST_ASSERT_EQUAL_INT(-1, bob->ended_by());
  TEST_ASSERT_EQUAL_INT(-1, carol->ended_by());
}

}  // namespace grantd::test
