// SPDX-License-Identifier: Apache-2.0
// Locks: what goes in comes out, ends once, keeps its number.
#include <filesystem>

#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using store::error;
using check_state = store::store::check_state;
using subject = store::lock::what;

store::lock a_lock(uint64_t number) {
  store::lock l;
  l.number = number;
  l.subject = subject::person;
  l.name = "alice";
  l.message = "suspected laptop theft";
  l.from.us = 1'000'000;
  l.until.us = 7'200'000'000;
  l.made_by = "root";
  l.mapped_end.ns = 7'200'000'000'000;
  l.mapped_boot.fill(9);
  return l;
}

uint64_t put(store::store& s, store::lock l) {
  l.number = s.next_lock();
  TEST_ASSERT_TRUE(s.begin().has_value());
  TEST_ASSERT_TRUE(s.add_lock(l).has_value());
  TEST_ASSERT_TRUE(s.commit(true).has_value());
  return l.number;
}
uint64_t put(store::store& s) { return put(s, a_lock(0)); }

std::expected<void, error> lift(store::store& s, uint64_t number) {
  TEST_ASSERT_TRUE(s.begin().has_value());
  auto done = s.end_lock(number, "carol", base::utc_time{9'000'000});
  TEST_ASSERT_TRUE(s.commit(false).has_value());
  return done;
}

std::vector<store::lock> all(store::store& s) {
  std::vector<store::lock> out;
  auto r = s.each_lock([&](store::lock&& l) {
    out.push_back(std::move(l));
    return true;
  });
  TEST_ASSERT_TRUE(r.has_value());
  return out;
}

std::string audited(store::store& s) {
  auto rows = s.audit(0, 1000);
  TEST_ASSERT_TRUE(rows.has_value());
  std::string out = rows->back().event;
  for (const auto& [key, value] : rows->back().fields) out += " " + key + "=" + value;
  return out;
}

TEST(a_lock_survives_closing_and_opening_again) {
  temp_dir dir;
  for (subject kind : {subject::person, subject::resource, subject::all}) {
    auto l = a_lock(0);
    l.subject = kind;
    if (kind == subject::all) l.name.clear();
    (void)put(*open_in(dir.path()), l);
  }
  auto s = open_in(dir.path());
  auto got = all(*s);
  TEST_ASSERT_EQUAL_INT(3, got.size());
  for (size_t i = 0; i < 3; ++i) {
    TEST_ASSERT_EQUAL_UINT64(32768 + i, got[i].number);
    TEST_ASSERT_EQUAL_INT(i + 1, got[i].subject);
    TEST_ASSERT_EQUAL_STRING(i == 2 ? "" : "alice", got[i].name);
    TEST_ASSERT_EQUAL_STRING("suspected laptop theft", got[i].message);
    TEST_ASSERT_EQUAL_INT64(1'000'000, got[i].from.us);
    TEST_ASSERT_EQUAL_INT64(7'200'000'000, got[i].until.us);
    TEST_ASSERT_EQUAL_STRING("root", got[i].made_by);
    TEST_ASSERT_EQUAL_INT64(7'200'000'000'000, got[i].mapped_end.ns);
    TEST_ASSERT_TRUE(got[i].mapped_boot == a_lock(0).mapped_boot);
  }
  TEST_ASSERT_EQUAL_STRING("lock lock=32770 all= until_us=7200000000 by=root message=suspected laptop theft",
                           audited(*s));
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
}

TEST(an_ended_lock_stays_ended_and_ends_once) {
  temp_dir dir;
  uint64_t first = 0;
  {
    auto s = open_in(dir.path());
    first = put(*s);
    (void)put(*s);
    TEST_ASSERT_TRUE(lift(*s, first).has_value());
    TEST_ASSERT_EQUAL_STRING("lock-end lock=32768 by=carol", audited(*s));
    TEST_ASSERT_TRUE(lift(*s, first).error() == error::not_open);
    TEST_ASSERT_TRUE(lift(*s, 99).error() == error::not_found);
  }
  auto s = open_in(dir.path());
  auto got = all(*s);
  TEST_ASSERT_EQUAL_INT(1, got.size());
  TEST_ASSERT_EQUAL_UINT64(first + 1, got[0].number);
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
}

TEST(lock_numbers_go_forward_only) {
  temp_dir dir;
  auto s = open_in(dir.path());
  TEST_ASSERT_EQUAL_UINT64(32768, s->next_lock());
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->add_lock(a_lock(32780)).has_value());
  TEST_ASSERT_TRUE(s->add_lock(a_lock(32780)).error() == error::invalid);
  TEST_ASSERT_TRUE(s->add_lock(a_lock(32775)).error() == error::invalid);
  TEST_ASSERT_TRUE(s->commit(true).has_value());
  TEST_ASSERT_EQUAL_UINT64(32781, s->next_lock());
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->add_lock(a_lock(32790)).has_value());
  s->rollback();
  TEST_ASSERT_EQUAL_UINT64(32781, s->next_lock());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);  // the gap is known
  s.reset();
  TEST_ASSERT_EQUAL_UINT64(32781, open_in(dir.path())->next_lock());
}

TEST(an_unlock_of_an_old_copy_passes_over_the_lock_numbers_given_out_since) {
  temp_dir dir;
  (void)put(*open_in(dir.path()));
  std::filesystem::copy(dir / "store", dir / "copy", std::filesystem::copy_options::recursive);
  uint64_t last = 0;
  {
    auto s = open_in(dir.path());
    for (int i = 0; i < 3; ++i) last = put(*s);
  }
  std::filesystem::remove_all(dir / "store");
  std::filesystem::rename(dir / "copy", dir / "store");
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == store::lock_reason::behind_anchor);
  TEST_ASSERT_TRUE(s->unlock("root", base::utc_time{5}).has_value());
  TEST_ASSERT_TRUE(s->next_lock() > last);
  (void)put(*s);
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
}

TEST(a_lock_is_mapped_to_a_later_boot_and_never_ends_earlier_in_the_same) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t number = put(*s);
  base::boot_id other{};
  other.fill(7);
  auto map = [&](int64_t end_ns) {
    TEST_ASSERT_TRUE(s->begin().has_value());
    const store::store::remapped_lock one[] = {{number, {end_ns}}};
    auto r = s->remap_locks(one, other, "boot", base::utc_time{5});
    TEST_ASSERT_TRUE(s->commit(false).has_value());
    return r;
  };
  TEST_ASSERT_TRUE(map(1000).has_value());
  TEST_ASSERT_EQUAL_STRING("remap locks=1 why=boot", audited(*s));
  TEST_ASSERT_TRUE(map(999).error() == error::invalid);
  s.reset();
  s = open_in(dir.path());
  TEST_ASSERT_EQUAL_INT64(1000, all(*s)[0].mapped_end.ns);
  TEST_ASSERT_TRUE(all(*s)[0].mapped_boot == other);
}

TEST(the_schema_itself_keeps_locks_as_they_are) {
  temp_dir dir;
  uint64_t number = 0;
  {
    auto s = open_in(dir.path());
    number = put(*s);
    TEST_ASSERT_TRUE(lift(*s, number).has_value());
    (void)put(*s);
  }
  for (const char* sql : {
           "UPDATE locks SET ended_us = NULL, ended_by = NULL WHERE number = 32768",
           "UPDATE locks SET until_us = 5000000 WHERE number = 32769",
           "UPDATE locks SET mapped_end_ns = 1 WHERE number = 32769",
           "UPDATE locks SET name = 'bob' WHERE number = 32769",
           "DELETE FROM locks",
           "INSERT OR REPLACE INTO locks SELECT * FROM locks WHERE number = 32769",
       }) {
    TEST_ASSERT_TRUE_MESSAGE(!raw_sql(dir.path(), sql).empty(), sql);
  }
  auto s = open_in(dir.path());
  TEST_ASSERT_EQUAL_INT(1, all(*s).size());
  for (auto [message, name] :
       {std::pair{std::string(81, 'x'), "alice"}, {std::string(), "alice"}, {"x", ""}}) {
    auto l = a_lock(s->next_lock());
    l.message = message;
    l.name = name;
    TEST_ASSERT_TRUE(s->begin().has_value());
    TEST_ASSERT_TRUE(s->add_lock(l).error() == error::invalid);
    s->rollback();
  }
}

TEST(a_lock_that_is_missing_is_found) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    (void)put(*s);
    (void)put(*s);
  }
  TEST_ASSERT_EQUAL_STRING(
      "",
      raw_sql(dir.path(),
              "CREATE TEMP TABLE t AS SELECT sql FROM sqlite_schema WHERE name = 'locks_kept';"
              "DROP TRIGGER locks_kept; DELETE FROM locks WHERE number = 32768;"
              "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, sql) "
              "SELECT 'trigger', 'locks_kept', 'locks', 0, sql FROM t;"));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::corrupt);
  TEST_ASSERT_TRUE_MESSAGE(s->locked_text().find("2 locks were made, 1 are there") != std::string::npos,
                           s->locked_text());
}

TEST(an_index_that_lost_a_lock_is_found) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    for (int i = 0; i < 200; ++i) (void)put(*s);  // more than a slice
    for (int i = 0; i < 50; ++i) (void)add(*s, a_grant(std::string(60, 'a')));
    for (int i = 0; i < 1000; ++i) (void)add(*s);  // too big for quick_check: the walk stands alone
    TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
  }
  auto redefine = [&](const std::string& where) {
    return raw_sql(dir.path(),
                   "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX locks_in_force "
                   "ON locks(number) WHERE " +
                       where + "' WHERE name = 'locks_in_force';");
  };
  // Ended behind the index's back, and the end taken back the same way: the row is in force, its entry gone.
  TEST_ASSERT_EQUAL_STRING(
      "", raw_sql(dir.path(), "UPDATE locks SET ended_us = 1, ended_by = 'x' WHERE number = 32900"));
  TEST_ASSERT_EQUAL_STRING("", redefine("number = 77"));
  TEST_ASSERT_EQUAL_STRING(
      "",
      raw_sql(dir.path(),
              "CREATE TEMP TABLE t AS SELECT sql FROM sqlite_schema WHERE name = 'locks_ended_is_final';"
              "DROP TRIGGER locks_ended_is_final;"
              "UPDATE locks SET ended_us = NULL, ended_by = NULL WHERE number = 32900;"
              "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, sql) "
              "SELECT 'trigger', 'locks_ended_is_final', 'locks', 0, sql FROM t;"));
  TEST_ASSERT_EQUAL_STRING("", redefine("ended_us IS NULL"));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::corrupt);
  TEST_ASSERT_TRUE_MESSAGE(s->locked_text().find("lock 32900 is missing from its index") != std::string::npos,
                           s->locked_text());
}

}  // namespace
}  // namespace grantd::test
