// SPDX-License-Identifier: Apache-2.0
// What a crash or a refusal leaves of a session that was being recorded: a record of whoever was moved, and
// nobody where there is none.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/clock.h"
#include "reaper/hex.h"
#include "support/unity.h"
#include "unit/reaper/held.h"
#include "unit/reaper/house.h"

namespace grantd::test {
namespace {

using wire::presence_state;
using wire::registration_result;

void expect(registration_result r, const wire::registration_answer& a) {
  TEST_ASSERT_TRUE_MESSAGE(r == a.result,
                           std::to_string(static_cast<int>(a.result)) + " " + std::string(a.text));
}

void let_in(house& h) {
  h.table.records = {pam_window("bob", "sshd", -60, 3600, 5)};
  h.table.publish();
  h.start(base::boot_now());
}

std::string own_name(const house& h, uint64_t number) {
  return "grantd-" + reaper::to_hex(h.run) + "-" + std::to_string(number);
}

std::string where(const house& h, const child& c) { return h.g.groups.path_of(c.pid()).value_or("nowhere"); }

}  // namespace

// Were it moved first, a crash here would leave it in a cgroup that nobody knows of.
TEST(who_cannot_be_written_down_is_not_moved) {
  house h;
  let_in(h);
  auto bob = h.arrive();
  const std::string before = where(h, *bob);
  const std::string in_the_way = h.state_file(1) + ".new";
  TEST_ASSERT_EQUAL_INT(0, mkdir(in_the_way.c_str(), 0700));
  unsigned lookups = 0;
  const auto real = h.look_up;
  h.look_up = [&](const reaper::session& s) {
    ++lookups;
    return real(s);
  };
  expect(registration_result::failed, h.open(*bob, base::boot_now()));
  TEST_ASSERT_EQUAL_UINT64(0, lookups);
  TEST_ASSERT_EQUAL_STRING(before, where(h, *bob));
  TEST_ASSERT_FALSE(h.g.is_there(h.g.path() + "/" + own_name(h, 1)));
  TEST_ASSERT_TRUE(h.all().all().empty());
  TEST_ASSERT_EQUAL_INT(0, rmdir(in_the_way.c_str()));
  expect(registration_result::covered, h.open(*bob, base::boot_now()));
  TEST_ASSERT_EQUAL_UINT64(1, h.only().number);  // no gap: nobody heard of the one that was refused
}

TEST(a_record_whose_leader_never_arrived_ends_and_leaves_no_cgroup) {
  house h;
  let_in(h);
  auto bob = h.arrive();
  const std::string before = where(h, *bob);
  expect(registration_result::covered, h.open(*bob, base::boot_now()));
  const std::string path = h.only().group.path();
  // As a crash between writing and moving leaves it: the record there, the cgroup empty.
  const auto back = h.g.groups.open(before);
  TEST_ASSERT_TRUE(back.has_value() && h.g.groups.move(*back, bob->pid()).has_value());
  (void)h.grantd.listen();
  const auto now = base::boot_now();
  h.start(now);
  h.act(now);
  TEST_ASSERT_TRUE(h.all().all().empty());
  TEST_ASSERT_FALSE(h.g.is_there(path));
  TEST_ASSERT_EQUAL_INT(-1, bob->ended_by());
  const auto said = h.grantd.listen();
  TEST_ASSERT_TRUE(!said.empty() && said.back().state == presence_state::ended);
}

TEST(an_empty_cgroup_that_a_crash_left_is_made_anew) {
  house h;
  let_in(h);
  const uint64_t stale = h.g.make(own_name(h, 1)).id();
  auto bob = h.arrive();
  expect(registration_result::covered, h.open(*bob, base::boot_now()));
  TEST_ASSERT_TRUE(h.only().group.id() != stale);
  TEST_ASSERT_TRUE(h.only().group.holds(bob->pid()));
}

TEST(a_cgroup_of_the_name_with_somebody_inside_is_not_taken) {
  house h;
  let_in(h);
  child stranger(h.g, h.g.make(own_name(h, 1)));
  auto bob = h.arrive();
  const std::string before = where(h, *bob);
  expect(registration_result::failed, h.open(*bob, base::boot_now()));
  TEST_ASSERT_EQUAL_STRING(before, where(h, *bob));
  TEST_ASSERT_EQUAL_INT(-1, stranger.ended_by());
  TEST_ASSERT_TRUE(h.all().all().empty());
}

// Its time was up 10 s ago, nobody was there to end it: that it dies now is no left-over.
TEST(what_is_ended_late_is_left_over_a_second_after_that) {
  house h;
  let_in(h);
  const auto now = base::boot_now();
  auto bob = h.arrive(ignore_and_sleep);
  expect(registration_result::covered, h.open(*bob, now));
  hold_at_exit held(bob->pid());
  h.table.records = {pam_ended("bob", "sshd", decision::ending::expired, 10, 5)};
  h.table.publish();
  h.start(now);
  TEST_ASSERT_TRUE(h.only().at == reaper::stage::ending);
  TEST_ASSERT_TRUE(now.ns - h.only().ended.ns > 9 * base::ns_per_s);
  for (int64_t ms = 0; ms < 890; ms += 10) h.act(later(now, ms));
  TEST_ASSERT_TRUE(h.only().group.populated());
  TEST_ASSERT_FALSE(h.only().left_over);
  h.act(later(now, 1000));
  TEST_ASSERT_TRUE(h.only().left_over);
  held.let_go();
  TEST_ASSERT_TRUE(h.gone(later(now, 1100)));
}

}  // namespace grantd::test
