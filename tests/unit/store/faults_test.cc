// SPDX-License-Identifier: Apache-2.0
// A failing disk, at every call it can fail at: nothing acknowledged is lost, nothing revoked is open, and
// what is left chains. And how many syncs a batch costs when nothing fails.
#include <algorithm>
#include <filesystem>
#include <map>

#include "unit/store/failing_disk.h"
#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using store::error;
using store::lock_reason;
using store::state;
using fault = failing_disk::fault;

store::options with_failing_disk(const std::string& root) {
  failing_disk::install();
  store::options o = options_in(root, failing_disk::vfs);
  o.checkpoint_frames = 6;  // so that checkpoints are among the calls
  return o;
}

// What the store has acknowledged: number -> is it revoked.
using acknowledged = std::map<uint64_t, bool>;

// Grants, revocations and batches until the disk has had enough. false: the store said `fatal`.
bool work(store::store& s, acknowledged* known) {
  auto fatal = [](const auto& r) { return !r && r.error() == error::fatal; };
  for (int round = 0; round < 8; ++round) {
    acknowledged batch;
    auto b = s.begin();
    if (fatal(b)) return false;
    if (!b) continue;
    for (int k = 0; k < 3; ++k) {
      auto number = s.add_grant(a_grant(k == 0 ? "alice" : "bob"));
      if (fatal(number)) return false;
      if (number) batch[*number] = false;
    }
    for (const auto& [number, revoked] : *known) {
      if (revoked || number % 2 == 0) continue;
      auto r = s.end_grant(number, state::revoked, "root", "", base::utc_time{3});
      if (fatal(r)) return false;
      if (r) batch[number] = true;
    }
    auto c = s.commit(round % 2 == 0);
    if (fatal(c)) return false;
    if (!c) continue;
    for (const auto& [number, revoked] : batch) (*known)[number] = revoked;
  }
  return true;
}

void nothing_is_lost(const std::string& root, const acknowledged& known, const std::string& when) {
  auto s = open_in(root);
  TEST_ASSERT_TRUE_MESSAGE(s->locked() == lock_reason::none, when + s->locked_text());
  std::vector<uint64_t> open = open_numbers(*s);
  for (const auto& [number, revoked] : known) {
    auto g = s->find(number);
    TEST_ASSERT_TRUE_MESSAGE(g.has_value(), when);
    TEST_ASSERT_TRUE_MESSAGE(!revoked || g->state == state::revoked, when);
    bool listed = std::find(open.begin(), open.end(), number) != open.end();
    TEST_ASSERT_TRUE_MESSAGE(listed == (g->state == state::open), when);
  }
  check_audit(*s);
  TEST_ASSERT_TRUE_MESSAGE(check_all(*s) == store::store::check_state::done, when + s->locked_text());
}

// One run for every n until n is past the last call; how many runs were struck.
int64_t at_every_call(fault kind, bool once, const char* name) {
  int64_t struck = 0;
  for (int64_t n = 1;; ++n) {
    temp_dir dir(true);
    std::string when = std::string(name) + " at call " + std::to_string(n) + ": ";
    acknowledged known;
    {
      known[add(*open_in(dir.path()))] = false;
    }
    failing_disk::arm(kind, n, once);
    if (auto s = store::store::open(with_failing_disk(dir.path())); s) {
      bool usable = (*s)->locked() == lock_reason::none;
      bool lived = usable && work(**s, &known);
      if (usable && !lived) {
        auto again = (*s)->begin();
        TEST_ASSERT_TRUE_MESSAGE(!again && again.error() == error::fatal, when);  // fatal stays fatal
      }
      if (kind == fault::sync && failing_disk::reached()) TEST_ASSERT_TRUE_MESSAGE(!lived, when);
    }
    bool reached = failing_disk::reached();
    failing_disk::disarm();
    nothing_is_lost(dir.path(), known, when);
    if (!reached) {
      TEST_ASSERT_TRUE_MESSAGE(known.size() == 25, when);  // and an unhurt run does all its work
      return struck;
    }
    ++struck;
  }
}

TEST(any_call_that_fails_once_loses_nothing) {
  TEST_ASSERT_TRUE(at_every_call(fault::io, true, "EIO once") > 60);
}

TEST(a_disk_that_dies_loses_nothing) {
  TEST_ASSERT_TRUE(at_every_call(fault::io, false, "EIO for good") > 60);
}

TEST(a_disk_that_fills_up_loses_nothing) {
  TEST_ASSERT_TRUE(at_every_call(fault::full, true, "ENOSPC once") > 20);
  TEST_ASSERT_TRUE(at_every_call(fault::full, false, "ENOSPC for good") > 20);
}

// After one failed fsync the kernel takes the pages for written: the store must not go on, even if the next
// one says yes.
TEST(a_failed_fsync_is_fatal_wherever_it_happens) {
  TEST_ASSERT_TRUE(at_every_call(fault::sync, true, "fsync once") > 15);
}

TEST(a_first_start_that_fails_anywhere_can_be_tried_again) {
  int64_t struck = 0;
  for (fault kind : {fault::io, fault::full, fault::sync}) {
    for (int64_t n = 1;; ++n) {
      temp_dir dir(true);
      failing_disk::arm(kind, n, true);
      {
        auto s = store::store::open(with_failing_disk(dir.path()));
      }
      bool reached = failing_disk::reached();
      failing_disk::disarm();
      auto s = open_in(dir.path());
      TEST_ASSERT_TRUE_MESSAGE(s->locked() == lock_reason::none, s->locked_text());
      (void)add(*s);
      if (!reached) break;
      ++struck;
    }
  }
  TEST_ASSERT_TRUE(struck > 30);
}

TEST(a_batch_that_met_a_full_disk_is_taken_back_whole) {
  temp_dir dir(true);
  auto s = store::store::open(with_failing_disk(dir.path()));
  TEST_ASSERT_TRUE(s.has_value());
  uint64_t number = add(**s);
  auto head = (*s)->head();
  TEST_ASSERT_TRUE((*s)->begin().has_value());
  TEST_ASSERT_TRUE((*s)->add_grant(a_grant()).has_value());
  failing_disk::arm(fault::full, 1, false);
  auto c = (*s)->commit(false);
  TEST_ASSERT_TRUE(!c && c.error() == error::full);
  TEST_ASSERT_TRUE(failing_disk::reached());
  failing_disk::disarm();
  TEST_ASSERT_EQUAL_UINT64(1, (*s)->sequence());
  TEST_ASSERT_TRUE(head == (*s)->head());
  TEST_ASSERT_TRUE(open_numbers(**s) == std::vector<uint64_t>{number});
  TEST_ASSERT_EQUAL_UINT64(number + 1, add(**s));  // tried again
}

TEST(an_urgent_batch_gives_the_reserve_up_and_is_made_again) {
  temp_dir dir(true);
  auto opened = store::store::open(with_failing_disk(dir.path()));
  TEST_ASSERT_TRUE(opened.has_value());
  store::store& s = **opened;
  uint64_t number = add(s);
  TEST_ASSERT_TRUE(s.begin().has_value());
  TEST_ASSERT_TRUE(s.end_grant(number, state::revoked, "root", "", base::utc_time{3}).has_value());
  const store::field fields[] = {{"why", "x"}};
  TEST_ASSERT_TRUE(s.note("lock", fields, base::utc_time{4}).has_value());
  failing_disk::arm(fault::full, 1, true);
  TEST_ASSERT_TRUE(s.commit(true).has_value());
  TEST_ASSERT_TRUE(failing_disk::reached());
  TEST_ASSERT_TRUE(s.reserve_given_up());
  TEST_ASSERT_TRUE(open_numbers(s).empty());
  TEST_ASSERT_EQUAL_UINT64(3, s.sequence());
  s.restore_reserve();
  TEST_ASSERT_FALSE(s.reserve_given_up());
  failing_disk::disarm();
  check_audit(s);
}

// A crash between commit and anchor, and then no room.
TEST(a_store_ahead_of_its_anchor_starts_on_a_full_disk) {
  temp_dir dir(true);
  (void)add(*open_in(dir.path()));
  std::filesystem::copy_file(dir / "anchor", dir / "earlier");
  (void)add(*open_in(dir.path()));
  std::filesystem::rename(dir / "earlier", dir / "anchor");
  failing_disk::arm(fault::full, 1, true);
  auto s = store::store::open(with_failing_disk(dir.path()));
  TEST_ASSERT_TRUE(failing_disk::reached());
  failing_disk::disarm();
  TEST_ASSERT_TRUE_MESSAGE(s.has_value(), s ? "" : s.error().what);
  TEST_ASSERT_TRUE((*s)->locked() == lock_reason::none);
}

TEST(sixty_four_changes_cost_one_sync_of_the_log_and_one_of_the_anchor) {
  temp_dir dir;
  failing_disk::install();
  auto s = open_in(dir.path(), failing_disk::vfs);
  (void)add(*s);  // the log has its header now
  failing_disk::forget_counts();
  TEST_ASSERT_TRUE(s->begin().has_value());
  for (int i = 0; i < 64; ++i) TEST_ASSERT_TRUE(s->add_grant(a_grant()).has_value());
  TEST_ASSERT_EQUAL_INT(0, failing_disk::syncs_of(""));
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  TEST_ASSERT_EQUAL_INT(1, failing_disk::syncs_of("-wal"));
  TEST_ASSERT_EQUAL_INT(1, failing_disk::syncs_of("anchor"));
  TEST_ASSERT_EQUAL_INT(2, failing_disk::syncs_of(""));
}

TEST(an_empty_batch_costs_no_sync) {
  temp_dir dir;
  failing_disk::install();
  auto s = open_in(dir.path(), failing_disk::vfs);
  failing_disk::forget_counts();
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  TEST_ASSERT_EQUAL_INT(0, failing_disk::syncs_of(""));
}

}  // namespace
}  // namespace grantd::test
