// SPDX-License-Identifier: Apache-2.0
// A store of any released schema is brought up to date with everything in it.
#include <sqlite3.h>

#include <filesystem>

#include "store/schema.h"
#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using check_state = store::store::check_state;
using store::lock_reason;

constexpr const char* columns_of_requests =
    "number, state, person, resource, role, reason, read_write, break_glass, first_use, is_signed, needs, "
    "for_us, start_us, extends, rule, made_by, made_us, lapses_us, scopes, ended_us, ended_by, ended_reason, "
    "granted";
constexpr const char* columns_of_grants =
    "number, state, person, resource, not_before_us, not_after_us, made_us, made_by, reason, "
    "mapped_start_ns, "
    "mapped_end_ns, mapped_boot, scopes, ended_us, ended_by, ended_reason";

uint64_t put_lock(store::store& s) {
  store::lock l;
  l.number = s.next_lock();
  l.subject = store::lock::what::person;
  l.name = "alice";
  l.message = "suspected laptop theft";
  l.until.us = 7'200'000'000;
  TEST_ASSERT_TRUE(in_batch(s, [&] { return s.add_lock(l); }).has_value());
  return l.number;
}

// The same store as the first `version` steps alone would have made it: its rows, put into tables of their
// own.
void take_back_to(const temp_dir& dir, int version, const std::string& then = "") {
  auto run = [](sqlite3* db, const std::string& sql) {
    char* error = nullptr;
    int rc = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error);
    TEST_ASSERT_TRUE_MESSAGE(rc == SQLITE_OK, error == nullptr ? "" : error);
  };
  sqlite3* db = nullptr;
  TEST_ASSERT_TRUE(sqlite3_open((dir / "old.db").c_str(), &db) == SQLITE_OK);
  for (int step = 0; step < version; ++step) run(db, store::schema_steps[step]);
  const std::string grants = columns_of_grants;
  std::string meta = "one, uuid, skipped, high_water_us, high_water_boot_ns, high_water_boot";
  if (version >= 2) meta += ", locks_skipped";
  if (version >= 3) meta += ", exported_sequence, requests_skipped";
  run(db, "ATTACH '" + file_in(dir.path()) + "' AS new; INSERT INTO main.meta(" + meta + ") SELECT " + meta +
              " FROM new.meta; INSERT INTO main.grants(" + grants + ") SELECT " + grants +
              " FROM new.grants; INSERT INTO main.audit(sequence, at_us, event, fields, digest) SELECT "
              "sequence, at_us, event, fields, digest FROM "
              "new.audit;");
  if (version >= 2) run(db, "INSERT INTO main.locks SELECT * FROM new.locks ORDER BY number;");
  const std::string requests = columns_of_requests;
  if (version >= 3)
    run(db, "INSERT INTO main.requests(" + requests + ") SELECT " + requests +
                " FROM new.requests ORDER BY number;");
  run(db, "DETACH new; PRAGMA application_id = " + std::to_string(store::application) +
              "; PRAGMA user_version = " + std::to_string(version) + ";" + then);
  sqlite3_close(db);
  std::filesystem::remove(file_in(dir.path()) + "-wal");
  std::filesystem::rename(dir / "old.db", file_in(dir.path()));
  std::filesystem::permissions(file_in(dir.path()), std::filesystem::perms(0600));
}

TEST(a_store_of_an_earlier_schema_is_brought_up_to_date_with_everything_in_it) {
  for (int version : {1, 2, 3, 4, 5}) {
    temp_dir dir;
    std::vector<uint64_t> numbers;
    size_t locks = 0;
    size_t requests = 0;
    uint64_t records = 0;
    {
      auto s = open_in(dir.path());
      numbers.push_back(add(*s));
      numbers.push_back(add(*s, a_grant("bob")));
      end(*s, numbers[0]);
      for (; version >= 2 && locks < 2; ++locks) (void)put_lock(*s);
      for (; version >= 3 && requests < 3; ++requests) {
        store::request r = a_request("bob");
        if (requests != 0) r.extends = numbers[1], r.until = base::utc_time{r.made.us + r.for_us};
        (void)ask(*s, r);
      }
      records = s->sequence();
    }
    const char* one_has_ended =
        "UPDATE requests SET state = 3, ended_us = 1, ended_by = '', ended_reason = '' WHERE number = 32770;";
    take_back_to(dir, version, version >= 3 ? one_has_ended : "");
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE_MESSAGE(s->locked() == lock_reason::none, s->locked_text());
    TEST_ASSERT_EQUAL_UINT64(6, s->summarise()->schema);
    TEST_ASSERT_TRUE(open_numbers(*s) == std::vector<uint64_t>{numbers[1]});
    auto ended = s->find(numbers[0]);
    TEST_ASSERT_TRUE(ended && ended->state == store::state::revoked && ended->request == 0 &&
                     !ended->break_glass && !ended->first_use_us && ended->reviewed_by.empty());
    for (uint64_t number = 32768; number < 32768 + requests; ++number) {
      auto r = s->find_request(number);
      const bool has_end = number == 32769;  // the extension that waits: as it was before it was written down
      TEST_ASSERT_TRUE(r && r->until.has_value() == has_end);
      if (has_end) TEST_ASSERT_EQUAL_INT64(r->made.us + r->for_us, r->until->us);
    }
    TEST_ASSERT_EQUAL_UINT64(records, s->sequence());
    TEST_ASSERT_EQUAL_UINT64(32768 + locks, put_lock(*s));
    TEST_ASSERT_EQUAL_UINT64(numbers[1] + 1, add(*s));
    TEST_ASSERT_EQUAL_UINT64(32768 + requests, ask(*s));
    TEST_ASSERT_EQUAL_UINT64(0, s->exported());
    bool any = false;
    TEST_ASSERT_TRUE(s->each_membership([&](store::membership&&) { return any = true; }).has_value());
    TEST_ASSERT_FALSE(any);
    TEST_ASSERT_TRUE(
        in_batch(*s, [&] { return s->set_membership({"main", "alice", "reader", true}, {}); }).has_value());
    TEST_ASSERT_TRUE(s->unreviewed(10)->empty());
    for (bool first : {true, false}) {
      auto noted = in_batch(*s, [&] { return s->note("session", {}, base::utc_time{5}, "session 0 7:1"); });
      TEST_ASSERT_TRUE(noted.has_value() == first);
    }
    check_audit(*s);
    TEST_ASSERT_TRUE_MESSAGE(check_all(*s) == check_state::done, s->locked_text());
    s.reset();
    s = open_in(dir.path());  // once more finds nothing to do
    TEST_ASSERT_EQUAL_UINT64(32769 + requests, ask(*s));
    TEST_ASSERT_TRUE(s->noted("session 0 7:1"));
  }
}

TEST(a_row_that_breaks_the_rules_of_its_table_locks_instead_of_being_brought_up_to_date) {
  temp_dir dir;
  (void)add(*open_in(dir.path()));
  take_back_to(dir, 2, "PRAGMA ignore_check_constraints = ON; UPDATE grants SET state = 7, ended_us = 1;");
  {
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE(s->locked() == lock_reason::corrupt);
    auto rows = s->audit(0, 10);  // an auditor reads on
    TEST_ASSERT_TRUE(rows && rows->size() == 1);
  }
  TEST_ASSERT_TRUE(open_in(dir.path())->locked() == lock_reason::corrupt);  // nothing was half done
}

}  // namespace
}  // namespace grantd::test
