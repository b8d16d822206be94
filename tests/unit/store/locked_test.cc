// SPDX-License-Identifier: Apache-2.0
// When the store is not to be believed it is LOCKED: old copies, lost files, other histories, broken bytes.
#include <array>
#include <filesystem>
#include <fstream>

#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

namespace fs = std::filesystem;
using store::error;
using store::lock_reason;
using store::state;
using check_state = store::store::check_state;

void copy(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

void overwrite(const std::string& path, std::streamoff at, const std::string& bytes) {
  std::fstream f(path, std::ios::in | std::ios::out | std::ios::binary);
  f.seekp(at);
  f << bytes;
  TEST_ASSERT_TRUE(f.good());
}

bool says(const store::store& s, std::string_view word) {
  return s.locked_text().find(word) != std::string::npos;
}

void refuses_changes(store::store& s) {
  auto r = s.begin();
  TEST_ASSERT_TRUE(!r && r.error() == error::locked);
  auto g = s.add_grant(a_grant());
  TEST_ASSERT_FALSE(g.has_value());
  auto e = s.end_grant(32768, state::revoked, "root", "", base::utc_time{1});
  TEST_ASSERT_FALSE(e.has_value());
}

void unlocks(store::store& s) {
  TEST_ASSERT_TRUE(s.unlock("root", base::utc_time{77}).has_value());
  TEST_ASSERT_TRUE(s.locked() == lock_reason::none);
  TEST_ASSERT_EQUAL_STRING("", s.locked_text());
  auto last = s.audit(s.sequence() - 1, 1);
  TEST_ASSERT_TRUE(last && last->size() == 1 && last->front().event == "unlock");
  check_audit(s);
}

void stays_unlocked(const temp_dir& dir) {
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE_MESSAGE(s->locked() == lock_reason::none, s->locked_text());
  (void)add(*s);
}

TEST(an_old_copy_put_back_is_locked_until_somebody_looked) {
  temp_dir dir;
  uint64_t revoked = add(*open_in(dir.path()));
  copy(dir / "store", dir / "old");
  uint64_t newest = 0;
  {
    auto s = open_in(dir.path());
    end(*s, revoked);
    newest = add(*s);
  }
  copy(dir / "old", dir / "store");
  {
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE(s->locked() == lock_reason::behind_anchor);
    TEST_ASSERT_TRUE(says(*s, "older copy") && says(*s, "grantctl store unlock"));
    refuses_changes(*s);
    TEST_ASSERT_TRUE(s->reserve() == store::reserve_state::not_yet);  // nobody has looked for room
    TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
  }
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == lock_reason::behind_anchor);  // looking changed nothing
  unlocks(*s);
  TEST_ASSERT_TRUE(add(*s) > newest);  // numbers of the lost history do not come again
  auto sum = s->summarise();
  TEST_ASSERT_TRUE(sum && sum->grants == 2 && sum->open == 2);  // nor are they counted
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
  s.reset();
  stays_unlocked(dir);
}

TEST(a_copy_without_its_write_ahead_log_is_behind) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  {
    auto s = open_in(dir.path());
    (void)add(*s);
    copy(dir / "store", dir / "crashed");  // as a power cut leaves it
  }
  copy(dir / "crashed", dir / "store");
  TEST_ASSERT_TRUE(fs::file_size(file_in(dir.path()) + "-wal") > 0);
  TEST_ASSERT_TRUE(open_numbers(*open_in(dir.path())).size() == 2);
  copy(dir / "crashed", dir / "store");
  fs::remove(file_in(dir.path()) + "-wal");
  TEST_ASSERT_TRUE(open_in(dir.path())->locked() == lock_reason::behind_anchor);
}

TEST(a_missing_anchor_locks_a_store_that_has_records) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  fs::remove(dir / "anchor");
  {
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE(s->locked() == lock_reason::anchor_missing);
    TEST_ASSERT_TRUE(says(*s, "is missing") && says(*s, "grantctl store unlock"));
    refuses_changes(*s);
    unlocks(*s);
  }
  stays_unlocked(dir);
}

TEST(an_anchor_that_cannot_be_read_locks) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  overwrite(dir / "anchor", 20, "x");
  overwrite(dir / "anchor", 4096 + 20, "x");
  {
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE(s->locked() == lock_reason::anchor_corrupt);
    refuses_changes(*s);
    unlocks(*s);
  }
  stays_unlocked(dir);
}

TEST(one_torn_slot_of_the_anchor_is_no_harm) {
  for (std::streamoff at : {0, 4096}) {
    temp_dir dir;
    {
      auto s = open_in(dir.path());
      (void)add(*s);
      (void)add(*s);
    }
    overwrite(dir / "anchor", at + 20, "x");
    stays_unlocked(dir);
  }
}

TEST(an_anchor_cut_short_locks) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  fs::resize_file(dir / "anchor", 0);
  TEST_ASSERT_TRUE(open_in(dir.path())->locked() == lock_reason::anchor_corrupt);
}

TEST(a_store_ahead_of_its_anchor_brings_the_anchor_forward) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    (void)add(*s);
    copy(dir / "anchor", dir / "anchor.old");
    (void)add(*s);
    (void)add(*s);
  }
  copy(dir / "store", dir / "full");
  copy(dir / "anchor.old", dir / "anchor");
  stays_unlocked(dir);
  // The anchor knows again: what was before is now an old copy.
  copy(dir / "full", dir / "store");
  TEST_ASSERT_TRUE(open_in(dir.path())->locked() == lock_reason::behind_anchor);
}

TEST(another_history_of_the_same_length_is_locked) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  copy(dir / "store", dir / "fork");
  copy(dir / "anchor", dir / "fork.anchor");
  (void)add(*open_in(dir.path()), a_grant("alice"));
  copy(dir / "store", dir / "first");
  copy(dir / "fork", dir / "store");
  copy(dir / "fork.anchor", dir / "anchor");
  (void)add(*open_in(dir.path()), a_grant("mallory"));
  copy(dir / "first", dir / "store");
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == lock_reason::behind_anchor);
  TEST_ASSERT_TRUE(says(*s, "another history"));
  refuses_changes(*s);
}

TEST(the_anchor_of_another_store_locks) {
  temp_dir dir;
  temp_dir other;
  (void)add(*open_in(dir.path()));
  (void)add(*open_in(other.path()));
  copy(other / "anchor", dir / "anchor");
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == lock_reason::behind_anchor);
  TEST_ASSERT_TRUE(says(*s, "another store"));
}

TEST(a_missing_database_beside_its_anchor_is_never_an_empty_store) {
  temp_dir dir;
  uint64_t newest = add(*open_in(dir.path()));
  fs::remove(file_in(dir.path()));
  {
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE(s->locked() == lock_reason::behind_anchor);
    TEST_ASSERT_TRUE(says(*s, "is missing"));
    refuses_changes(*s);
    auto r = s->each_open([](store::grant&&) { return true; });
    TEST_ASSERT_TRUE(!r && r.error() == error::locked);
    TEST_ASSERT_FALSE(fs::exists(file_in(dir.path())));  // nothing is made before somebody looked
    unlocks(*s);
    TEST_ASSERT_TRUE(add(*s) > newest);
  }
  stays_unlocked(dir);
}

TEST(a_missing_directory_beside_its_anchor_is_never_an_empty_store) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  fs::remove_all(dir / "store");
  TEST_ASSERT_TRUE(open_in(dir.path())->locked() == lock_reason::behind_anchor);
}

void stays_corrupt(const temp_dir& dir) {
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == lock_reason::corrupt);
  TEST_ASSERT_TRUE(says(*s, ".recover") && says(*s, "corrupt"));
  refuses_changes(*s);
  auto u = s->unlock("root", base::utc_time{1});
  TEST_ASSERT_TRUE(!u && u.error() == error::locked);
  auto r = s->each_open([](store::grant&&) { return true; });
  TEST_ASSERT_FALSE(r.has_value());
}

TEST(an_emptied_database_is_corrupt) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  fs::resize_file(file_in(dir.path()), 0);
  stays_corrupt(dir);
}

TEST(a_log_without_its_database_is_corrupt) {
  temp_dir dir;
  std::ofstream(dir / "unused");
  {
    auto s = open_in(dir.path());
    (void)add(*s);
    copy(dir / "store", dir / "crashed");
  }
  copy(dir / "crashed", dir / "store");
  fs::remove(file_in(dir.path()));
  fs::remove(dir / "anchor");
  stays_corrupt(dir);
}

TEST(a_database_that_is_no_database_is_corrupt) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  overwrite(file_in(dir.path()), 0, std::string(4096, 'x'));
  stays_corrupt(dir);
}

TEST(somebody_elses_database_is_corrupt) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  TEST_ASSERT_EQUAL_STRING("", raw_sql(dir.path(), "PRAGMA application_id = 1"));
  stays_corrupt(dir);
}

TEST(a_store_of_a_newer_grantd_is_locked_and_left_alone) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  TEST_ASSERT_EQUAL_STRING("", raw_sql(dir.path(), "PRAGMA user_version = 99"));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == lock_reason::other_schema);
  TEST_ASSERT_TRUE(says(*s, "newer grantd"));
  refuses_changes(*s);
  auto u = s->unlock("root", base::utc_time{1});
  TEST_ASSERT_TRUE(!u && u.error() == error::locked);
}

// --- What only the check in slices finds. ---

TEST(a_sound_store_passes_the_check_while_it_changes) {
  temp_dir dir;
  auto s = open_in(dir.path());
  for (int i = 0; i < 3; ++i) {
    TEST_ASSERT_TRUE(s->begin().has_value());
    for (int k = 0; k < 300; ++k) TEST_ASSERT_TRUE(s->add_grant(a_grant()).has_value());
    TEST_ASSERT_TRUE(s->commit(false).has_value());
  }
  uint64_t number = 32768;
  int slices = 1;
  for (; s->check_slice() == check_state::more; ++slices) {
    end(*s, number++);
    (void)add(*s);
  }
  TEST_ASSERT_TRUE(slices > 6);
  TEST_ASSERT_TRUE(s->locked() == lock_reason::none);
}

// The clock of the check jumps a second at every look: one row is all a slice may take.
TEST(a_slice_of_the_check_stops_when_its_time_is_over) {
  temp_dir dir;
  store::options o = options_in(dir.path());
  int64_t looks = 0;
  o.ticks = [&] { return ++looks * 1'000'000'000; };
  auto s = store::store::open(o);
  TEST_ASSERT_TRUE(s.has_value());
  for (int i = 0; i < 20; ++i) (void)add(**s);
  int slices = 1;
  while ((*s)->check_slice() == check_state::more) ++slices;
  TEST_ASSERT_TRUE(slices >= 20 + 20);
  TEST_ASSERT_TRUE((*s)->locked() == lock_reason::none);
}

TEST(a_slice_of_the_check_is_small_even_when_the_clock_stands_still) {
  temp_dir dir;
  store::options o = options_in(dir.path());
  o.ticks = [] { return int64_t{7}; };
  auto s = store::store::open(o);
  TEST_ASSERT_TRUE(s.has_value());
  TEST_ASSERT_TRUE((*s)->begin().has_value());
  for (int k = 0; k < 640; ++k) TEST_ASSERT_TRUE((*s)->add_grant(a_grant()).has_value());
  TEST_ASSERT_TRUE((*s)->commit(false).has_value());
  int slices = 1;
  while ((*s)->check_slice() == check_state::more) ++slices;
  TEST_ASSERT_TRUE(slices >= 10 + 5);
}

TEST(a_grant_cut_out_is_found) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    for (int i = 0; i < 3; ++i) (void)add(*s);
  }
  TEST_ASSERT_EQUAL_STRING(
      "",
      raw_sql(dir.path(),
              "CREATE TEMP TABLE t AS SELECT sql FROM sqlite_schema WHERE name = 'grants_kept';"
              "DROP TRIGGER grants_kept; DELETE FROM grants WHERE number = 32769;"
              "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, sql) "
              "SELECT 'trigger', 'grants_kept', 'grants', 0, sql FROM t;"));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::corrupt);
  TEST_ASSERT_TRUE(says(*s, "3 grants were made, 2 are there"));
}

TEST(a_page_of_rubbish_is_found_and_locks) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE(s->begin().has_value());
    for (int k = 0; k < 300; ++k) TEST_ASSERT_TRUE(s->add_grant(a_grant()).has_value());
    TEST_ASSERT_TRUE(s->commit(false).has_value());
  }
  auto pages = static_cast<std::streamoff>(fs::file_size(file_in(dir.path())) / 4096);
  overwrite(file_in(dir.path()), (pages / 2) * 4096, std::string(4096, '\x5a'));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == lock_reason::none);  // opening looks at what it needs only
  TEST_ASSERT_TRUE(check_all(*s) == check_state::corrupt);
  TEST_ASSERT_TRUE(s->locked() == lock_reason::corrupt);
  refuses_changes(*s);
}

TEST(a_changed_audit_record_is_found) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    for (int i = 0; i < 3; ++i) (void)add(*s);
  }
  // By a hand that knows the schema: the trigger goes and comes back.
  TEST_ASSERT_EQUAL_STRING(
      "",
      raw_sql(dir.path(),
              "CREATE TEMP TABLE t AS SELECT sql FROM sqlite_schema WHERE name = 'audit_frozen';"
              "DROP TRIGGER audit_frozen; UPDATE audit SET at_us = at_us + 1 WHERE sequence = 2;"
              "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, sql) "
              "SELECT 'trigger', 'audit_frozen', 'audit', 0, sql FROM t;"));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::corrupt);
  TEST_ASSERT_TRUE(says(*s, "audit record 2 does not follow"));
}

TEST(a_record_that_its_name_does_not_find_is_found) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    (void)add(*s);
    TEST_ASSERT_TRUE(
        in_batch(*s, [&] { return s->note("session", {}, base::utc_time{5}, "session 0 7:1"); }).has_value());
  }
  // The index is made anew while the record is not there for it.
  TEST_ASSERT_EQUAL_STRING(
      "",
      raw_sql(dir.path(),
              "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX audit_once "
              "ON audit(once) WHERE once IS NULL' WHERE name = 'audit_once'; PRAGMA writable_schema = RESET;"
              "REINDEX audit_once; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE "
              "UNIQUE INDEX audit_once ON audit(once) WHERE once IS NOT NULL' WHERE name = 'audit_once';"));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::corrupt);
  TEST_ASSERT_TRUE_MESSAGE(says(*s, "audit record 2 is missing from its index"), s->locked_text());
}

// --- An auditor's verdict does not depend on ours. ---

TEST(the_audit_of_a_store_found_corrupt_can_be_read) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    for (int i = 0; i < 3; ++i) (void)add(*s);
  }
  TEST_ASSERT_EQUAL_STRING("", raw_sql(dir.path(), "DROP TRIGGER grants_kept"));
  {
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE(check_all(*s) == check_state::corrupt);
    check_audit(*s);
    auto g = s->find(32768);
    TEST_ASSERT_TRUE(!g && g.error() == error::locked);  // nothing else may be
    refuses_changes(*s);
  }
  TEST_ASSERT_EQUAL_STRING("", raw_sql(dir.path(), "PRAGMA user_version = 99"));
  {
    auto s = open_in(dir.path());  // of a newer grantd
    auto rows = s->audit(0, 10);
    TEST_ASSERT_TRUE(rows && rows->size() == 3);
  }
  overwrite(file_in(dir.path()), 0, std::string(4096, 'x'));
  auto s = open_in(dir.path());  // no database at all
  auto rows = s->audit(0, 10);
  TEST_ASSERT_TRUE(!rows && rows.error() == error::locked);
}

TEST(the_audit_of_a_store_that_is_missing_says_locked) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  fs::remove(file_in(dir.path()));
  auto rows = open_in(dir.path())->audit(0, 10);
  TEST_ASSERT_TRUE(!rows && rows.error() == error::locked);
}

TEST(a_record_that_cannot_be_read_ends_the_answer_before_it) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    for (int i = 0; i < 4; ++i) (void)add(*s);
  }
  TEST_ASSERT_EQUAL_STRING(
      "",
      raw_sql(dir.path(),
              "CREATE TEMP TABLE t AS SELECT sql FROM sqlite_schema WHERE name = 'audit_frozen';"
              "DROP TRIGGER audit_frozen; UPDATE audit SET fields = x'ff' WHERE sequence = 3;"
              "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, sql) "
              "SELECT 'trigger', 'audit_frozen', 'audit', 0, sql FROM t;"));
  auto s = open_in(dir.path());
  for (int twice = 0; twice < 2; ++twice) {  // the second time it is known to be corrupt
    auto rows = s->audit(0, 10);
    TEST_ASSERT_TRUE(rows && rows->size() == 2);
    TEST_ASSERT_TRUE(s->locked() == lock_reason::corrupt);
    rows = s->audit(2, 10);
    TEST_ASSERT_TRUE(!rows && rows.error() == error::locked);
    rows = s->audit(3, 10);  // past it
    TEST_ASSERT_TRUE(rows && rows->size() == 1);
  }
}

TEST(a_dropped_trigger_is_found) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  TEST_ASSERT_EQUAL_STRING("", raw_sql(dir.path(), "DROP TRIGGER grants_kept"));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::corrupt);
  TEST_ASSERT_TRUE(says(*s, "schema"));
}

// An index that still calls a revoked grant open must not bring it back.
TEST(an_index_that_disagrees_with_its_grants_opens_nothing) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    (void)add(*s);
    (void)add(*s);
  }
  auto redefine = [&](const std::string& where) {
    return raw_sql(dir.path(),
                   "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX grants_open "
                   "ON grants(state) WHERE " +
                       where + "' WHERE name = 'grants_open';");
  };
  TEST_ASSERT_EQUAL_STRING("", redefine("state = 77"));
  TEST_ASSERT_EQUAL_STRING(
      "", raw_sql(dir.path(), "UPDATE grants SET state = 2, ended_us = 1 WHERE number = 32769"));
  TEST_ASSERT_EQUAL_STRING("", redefine("state = 0"));
  {
    auto s = open_in(dir.path());
    std::vector<uint64_t> seen;
    auto r = s->each_open([&](store::grant&& g) {
      seen.push_back(g.number);
      return true;
    });
    TEST_ASSERT_TRUE(!r && r.error() == error::locked);
    TEST_ASSERT_TRUE(seen == std::vector<uint64_t>{32768});
    TEST_ASSERT_TRUE(s->locked() == lock_reason::corrupt);
  }
  TEST_ASSERT_TRUE(check_all(*open_in(dir.path())) == check_state::corrupt);
}

}  // namespace
}  // namespace grantd::test
