// SPDX-License-Identifier: Apache-2.0
// What grantd is told of sessions: nothing is lost for want of room, and ends are said again over a restart.
#include "reaper/spool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "base/clock.h"
#include "support/temp_dir.h"
#include "support/unity.h"
#include "unit/reaper/house.h"

namespace grantd::test {
namespace {

using reaper::spool;
using wire::presence_state;

constexpr uint64_t run = 7;
constexpr uint64_t many = 3000;  // more than any queue of datagrams takes

reaper::session session_of(uint64_t number, const std::string& user = "bob") {
  reaper::session s;
  s.number = number;
  s.user = user;
  s.service = "sshd";
  s.since = {1'000'000'000};
  s.last.verdict.until = {9'000'000'000};
  return s;
}

base::boot_time seconds(int64_t s) { return {s * base::ns_per_s}; }

bool is_there(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::set<uint64_t> numbers_of(const std::vector<heard>& all) {
  std::set<uint64_t> out;
  for (const heard& h : all) out.insert(h.number);
  return out;
}

}  // namespace

TEST(what_a_full_queue_does_not_take_is_said_when_there_is_room) {
  const temp_dir dir(true);
  ear grantd(dir / "report.sock");
  spool s(dir / "report.sock", run);
  for (uint64_t n = 1; n <= many; ++n) s.live(session_of(n));
  TEST_ASSERT_TRUE_MESSAGE(s.waiting() > 0, "the queue took it all: nothing is tested");
  base::boot_time now = seconds(10);
  std::set<uint64_t> all;
  for (unsigned rounds = 0; s.waiting() > 0; ++rounds) {
    TEST_ASSERT_TRUE_MESSAGE(rounds < many, "it does not get on");
    all.merge(numbers_of(grantd.listen()));
    TEST_ASSERT_TRUE(s.next().has_value());
    now = {std::max(now.ns, s.next()->ns)};
    s.flush(now);
    if (s.waiting() > 0) TEST_ASSERT_TRUE_MESSAGE(*s.next() > now, "it would never sleep");
  }
  all.merge(numbers_of(grantd.listen()));
  TEST_ASSERT_EQUAL_UINT64(many, all.size());
  TEST_ASSERT_FALSE(s.next().has_value());
}

TEST(of_what_waits_the_newest_is_said) {
  const temp_dir dir(true);
  ear grantd(dir / "report.sock");
  spool s(dir / "report.sock", run);
  for (uint64_t n = 1; n <= many; ++n) s.live(session_of(n));
  TEST_ASSERT_TRUE(s.waiting() > 1);
  const size_t before = s.waiting();
  s.ended(session_of(many), seconds(5));
  TEST_ASSERT_EQUAL_UINT64(before, s.waiting());
  std::vector<heard> last;
  for (base::boot_time now = seconds(10); s.waiting() > 0; now.ns += base::ns_per_s) {
    (void)grantd.listen();
    s.flush(now);
  }
  last = grantd.listen();
  TEST_ASSERT_FALSE(last.empty());
  TEST_ASSERT_EQUAL_UINT64(many, last.back().number);
  TEST_ASSERT_TRUE(last.back().state == presence_state::ended);
}

TEST(where_nobody_listens_nothing_waits) {
  const temp_dir dir(true);
  spool s(dir / "report.sock", run);
  s.live(session_of(1));
  TEST_ASSERT_EQUAL_UINT64(0, s.waiting());
  const ear grantd(dir / "other.sock");
  spool nowhere(std::string(300, 'x'), run);
  nowhere.live(session_of(1));
  TEST_ASSERT_EQUAL_UINT64(0, nowhere.waiting());
}

TEST(ends_are_said_again_for_15_minutes_over_a_restart) {
  const temp_dir dir(true);
  ear grantd(dir / "report.sock");
  const reaper::state kept(dir.path());
  {
    spool before(dir / "report.sock", run);
    before.keep_in(kept);
    before.ended(session_of(3), seconds(100));
  }
  (void)grantd.listen();
  TEST_ASSERT_TRUE(is_there(dir / "ended-3"));
  spool s(dir / "report.sock", run);
  s.keep_in(kept);
  s.repeat_ended(seconds(100 + wire::ended_again_s));
  const auto said = grantd.listen();
  TEST_ASSERT_EQUAL_UINT64(1, said.size());
  TEST_ASSERT_EQUAL_UINT64(3, said[0].number);
  TEST_ASSERT_EQUAL_INT64(seconds(100).ns, said[0].until_ns);
  TEST_ASSERT_TRUE(said[0].state == presence_state::ended);
  s.repeat_ended(seconds(101 + wire::ended_again_s));
  TEST_ASSERT_TRUE(grantd.listen().empty());
  TEST_ASSERT_FALSE(is_there(dir / "ended-3"));
}

TEST(ends_of_another_run_and_files_that_are_none_are_forgotten) {
  const temp_dir dir(true);
  ear grantd(dir / "report.sock");
  const reaper::state kept(dir.path());
  spool another(dir / "report.sock", run + 1);
  another.keep_in(kept);
  another.ended(session_of(3), seconds(100));
  std::ofstream(dir / "ended-4") << "until 5\nsaid 6764\n";
  std::ofstream(dir / "ended-5") << "until x\n";
  std::ofstream(dir / "ended-6") << "until 5\nsaid 6\n";
  (void)grantd.listen();
  spool s(dir / "report.sock", run);
  s.keep_in(kept);
  s.repeat_ended(seconds(1));
  TEST_ASSERT_TRUE(grantd.listen().empty());
  for (const char* name : {"ended-3", "ended-4", "ended-5", "ended-6"})
    TEST_ASSERT_FALSE(is_there(dir / name));
}

TEST(the_newest_256_ends_are_kept) {
  const temp_dir dir(true);
  ear grantd(dir / "report.sock");
  const reaper::state kept(dir.path());
  spool s(dir / "report.sock", run);
  s.keep_in(kept);
  for (uint64_t n = 1; n <= 300; ++n) {
    s.ended(session_of(n), {seconds(100).ns + static_cast<int64_t>(n)});
    (void)grantd.listen();
  }
  TEST_ASSERT_FALSE(is_there(dir / "ended-44"));
  TEST_ASSERT_TRUE(is_there(dir / "ended-45"));
  s.repeat_ended(seconds(110));
  std::set<uint64_t> again = numbers_of(grantd.listen());
  for (base::boot_time now = seconds(111); s.waiting() > 0; now.ns += base::ns_per_s) {
    s.flush(now);
    again.merge(numbers_of(grantd.listen()));
  }
  TEST_ASSERT_EQUAL_UINT64(256, again.size());
  TEST_ASSERT_EQUAL_UINT64(45, *again.begin());
}

}  // namespace grantd::test
