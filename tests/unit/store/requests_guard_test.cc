// SPDX-License-Identifier: Apache-2.0
// The rules about requests, approvals and reviews hold in the file itself, against any other writer; what was
// cut out of it is found; numbers of a lost history do not come again.
#include <filesystem>

#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

namespace fs = std::filesystem;
using store::error;
using state = store::request::state;
using check_state = store::store::check_state;

// Request 32768: granted, with two approvals, as break-glass grant 32768, signed off.
// 32769: pending, approved by bob, which is enough. 32770: denied. 32771: granted as break-glass grant 32769,
// not signed off. 32772: pending, nobody approved it.
void fill(const std::string& root) {
  auto s = open_in(root);
  store::request r = a_request();
  r.break_glass = true;
  auto grant = [&](uint64_t number) {
    auto g = a_grant();
    g.request = number;
    g.break_glass = true;
    g.first_use_us = 60'000'000;
    auto n = s->add_grant(g);
    TEST_ASSERT_TRUE(n.has_value());
    TEST_ASSERT_TRUE(s->end_request(number, state::granted, "zoe", "", *n, base::utc_time{3}).has_value());
  };
  TEST_ASSERT_TRUE(s->begin().has_value());
  uint64_t first = *s->add_request(r);
  TEST_ASSERT_TRUE(s->add_approval(first, an_approval("bob")).has_value());
  TEST_ASSERT_TRUE(s->add_approval(first, an_approval("zoe")).has_value());
  grant(first);
  store::request one = a_request();
  one.needs = 1;
  uint64_t second = *s->add_request(one);
  TEST_ASSERT_TRUE(s->add_approval(second, an_approval("bob")).has_value());
  uint64_t third = *s->add_request(a_request("bob"));
  TEST_ASSERT_TRUE(s->end_request(third, state::denied, "zoe", "", 0, base::utc_time{4}).has_value());
  r.needs = 0;
  grant(*s->add_request(r));
  (void)*s->add_request(a_request());
  TEST_ASSERT_TRUE(s->review(32768, "bob", "", base::utc_time{5}).has_value());
  TEST_ASSERT_TRUE(s->commit(false).has_value());
}

TEST(the_file_itself_refuses_what_must_never_happen_to_requests) {
  temp_dir dir;
  fill(dir.path());
  const std::string like =
      "INSERT INTO requests(person, resource, role, reason, read_write, break_glass, "
      "first_use, is_signed, needs, for_us, rule, made_by, made_us, lapses_us, scopes, "
      "until_us, number, state, ended_us, granted, extends) SELECT person, resource, role, reason, "
      "read_write, break_glass, first_use, is_signed, needs, for_us, rule, made_by, "
      "made_us, lapses_us, scopes, made_us + for_us, ";
  std::string endless = like;
  endless.replace(endless.rfind("made_us + for_us"), 16, "NULL");
  const std::string approve =
      "INSERT INTO approvals(request, person, at_us, for_us, public_key, signature, "
      "signed_text) VALUES(";
  const std::string columns =
      "person, resource, not_before_us, not_after_us, made_us, made_by, reason, "
      "mapped_start_ns, mapped_end_ns, mapped_boot, scopes";
  const std::string grant =
      "INSERT INTO grants(" + columns + ", break_glass, request) SELECT " + columns + ", ";
  const struct {
    std::string sql;
    const char* why;
  } never[] = {
      // An ended request is final.
      {"UPDATE requests SET state = 0, ended_us = NULL, granted = NULL WHERE number = 32768",
       "ended request"},
      {"UPDATE requests SET state = 2 WHERE number = 32770", "ended request"},
      {"UPDATE requests SET ended_by = 'x' WHERE number = 32770", "ended request"},
      // What was asked for does not change.
      {"UPDATE requests SET person = 'bob' WHERE number = 32769", "does not change"},
      {"UPDATE requests SET for_us = for_us + 1 WHERE number = 32769", "does not change"},
      {"UPDATE requests SET needs = 0 WHERE number = 32769", "does not change"},
      {"UPDATE requests SET is_signed = 0 WHERE number = 32769", "does not change"},
      {"UPDATE requests SET scopes = x'00' WHERE number = 32769", "does not change"},
      {"UPDATE requests SET lapses_us = 1 WHERE number = 32769", "does not change"},
      {"UPDATE requests SET number = 40000 WHERE number = 32769", "does not change"},
      {"UPDATE requests SET until_us = made_us + 1 WHERE number = 32769", "does not change"},
      {"UPDATE requests SET rule = 'x' WHERE number = 32769", "does not change"},
      {"DELETE FROM requests WHERE number = 32770", "requests are kept"},
      {like + "number, 0, NULL, NULL, NULL FROM requests WHERE number = 32769", "not reused"},
      {like + "7, 0, NULL, NULL, NULL FROM requests WHERE number = 32769", "not reused"},
      {"INSERT OR REPLACE INTO requests SELECT * FROM requests WHERE number = 32769", "not reused"},
      {like + "40000, 2, 9, NULL, NULL FROM requests WHERE number = 32769", "begins pending"},
      {like + "40000, 0, NULL, NULL, 7 FROM requests WHERE number = 32769", "prolonged"},
      {like + "40000, 0, NULL, NULL, 32768 FROM requests WHERE number = 32770", "prolonged"},
      {endless + "40000, 0, NULL, NULL, 32768 FROM requests WHERE number = 32769", "has an end"},
      // Granted by its own grant, after its approvals.
      {"UPDATE requests SET state = 1, ended_us = 1, granted = 32768 WHERE number = 32769", "made for it"},
      {"UPDATE requests SET state = 1, ended_us = 1, granted = 99 WHERE number = 32769", "made for it"},
      {"UPDATE requests SET state = 1, ended_us = 1 WHERE number = 32769", ""},
      {"UPDATE requests SET state = 2, ended_us = 1, granted = 32768 WHERE number = 32769", "CHECK"},
      {grant + "0, 32772 FROM grants WHERE number = 32768; UPDATE requests SET state = 1, ended_us = 1, "
               "granted = 32770 WHERE number = 32772",
       "before its approvals"},
      {grant + "0, 32772 FROM grants WHERE number = 32768", "one grant"},  // the one just made
      {"INSERT OR REPLACE INTO grants(" + columns + ", break_glass, request) SELECT " + columns +
           ", 0, 32772 FROM grants WHERE number = 32768",
       "one grant"},
      {grant + "1, 32769 FROM grants WHERE number = 32768", ""},
      {grant + "1, 32768 FROM grants WHERE number = 32768", ""},
      {grant + "0, 32770 FROM grants WHERE number = 32768", "pending request"},
      {grant + "0, 7 FROM grants WHERE number = 32768", "pending request"},
      {"UPDATE grants SET request = 32770 WHERE number = 32769", "came about"},
      {"UPDATE grants SET break_glass = 0 WHERE number = 32769", "came about"},
      {"UPDATE grants SET first_use_us = NULL WHERE number = 32769", "came about"},
      // Approvals.
      {approve + "32769, 'alice', 1, 1, 'k', 's', 't')", "their own request"},
      {approve + "32769, 'zoe', 1, 1, '', '', 't')", "by a signature only"},
      {approve + "32769, 'zoe', 1, 1, '', 's', 't')", "CHECK"},
      {approve + "32769, 'zoe', 1, 1, 'k', 's', '')", "CHECK"},
      {approve + "32769, 'zoe', 1, 3600000001, 'k', 's', 't')", "no more"},
      {approve + "32769, 'bob', 1, 1, 'k', 's', 't')", "once"},
      {approve + "32768, 'carol', 1, 1, 'k', 's', 't')", "only a pending"},
      {approve + "32770, 'carol', 1, 1, 'k', 's', 't')", "only a pending"},
      {approve + "7, 'carol', 1, 1, 'k', 's', 't')", "only a pending"},
      {"INSERT OR REPLACE INTO approvals SELECT 9, request, person, at_us, for_us, public_key, signature, "
       "signed_text FROM approvals WHERE number = 3",
       "once"},
      {"INSERT OR REPLACE INTO approvals SELECT 1, 32769, 'zoe', at_us, for_us, public_key, signature, "
       "signed_text FROM approvals WHERE number = 3",
       "once"},
      {"UPDATE approvals SET person = 'zoe' WHERE number = 3", "does not change"},
      {"DELETE FROM approvals WHERE number = 3", "approvals are kept"},
      // Reviews.
      {"INSERT INTO reviews(number) VALUES(7)", "only break-glass"},
      {"INSERT INTO reviews(number) VALUES(32769)", "signed off once"},
      {"INSERT OR REPLACE INTO reviews(number) VALUES(32768)", "signed off once"},
      {"UPDATE reviews SET person = 'alice', note = '', at_us = 1 WHERE number = 32769", "their own grant"},
      {"UPDATE reviews SET person = 'zoe' WHERE number = 32768", "review does not change"},
      {"UPDATE reviews SET person = NULL, note = NULL, at_us = NULL WHERE number = 32768",
       "review does not change"},
      {"UPDATE reviews SET number = 7 WHERE number = 32769", "review does not change"},
      {"UPDATE reviews SET person = 'zoe' WHERE number = 32769", "CHECK"},
      {"DELETE FROM reviews WHERE number = 32769", "reviews are kept"},
  };
  for (const auto& n : never) {
    std::string said = raw_sql(dir.path(), n.sql);
    TEST_ASSERT_TRUE_MESSAGE(!said.empty() && said.find(n.why) != std::string::npos, n.sql + ": " + said);
  }
  // Only the one statement above that was allowed to has left anything.
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->find_request(32769)->is == state::pending);
  TEST_ASSERT_EQUAL_INT(1, s->find_request(32769)->approvals.size());
  TEST_ASSERT_EQUAL_STRING("bob", s->find(32768)->reviewed_by);
  TEST_ASSERT_EQUAL_INT(1, s->unreviewed(10)->size());
  check_audit(*s);
}

// By a hand that knows the schema: the trigger goes and comes back.
void behind(const std::string& root, const std::string& trigger, const std::string& table,
            const std::string& sql) {
  TEST_ASSERT_EQUAL_STRING(
      "", raw_sql(root, "CREATE TEMP TABLE t AS SELECT sql FROM sqlite_schema WHERE name = '" + trigger +
                            "'; DROP TRIGGER " + trigger + ";" + sql +
                            ";PRAGMA writable_schema = ON; INSERT INTO sqlite_schema(type, name, tbl_name, "
                            "rootpage, sql) SELECT 'trigger', '" +
                            trigger + "', '" + table + "', 0, sql FROM t;"));
}

void is_found(const std::string& root, const std::string& words) {
  auto s = open_in(root);
  TEST_ASSERT_TRUE_MESSAGE(check_all(*s) == check_state::corrupt, words);
  TEST_ASSERT_TRUE_MESSAGE(s->locked_text().find(words) != std::string::npos, s->locked_text());
}

TEST(a_row_cut_out_or_changed_is_found) {
  const struct {
    const char* trigger;
    const char* table;
    const char* sql;
    const char* found;
  } cuts[] = {
      {"requests_kept", "requests", "DELETE FROM requests WHERE number = 32770",
       "5 requests were made, 4 are there"},
      {"approvals_kept", "approvals", "DELETE FROM approvals WHERE number = 3",
       "3 approvals were made, 2 are there"},
      {"approvals_kept", "approvals", "DELETE FROM approvals WHERE number = 1",
       "request 32768 does not agree with its grant and approvals"},
      {"approvals_frozen", "approvals", "UPDATE approvals SET request = 7 WHERE number = 3",
       "approval 3 is of no request"},
      {"approvals_frozen", "approvals", "UPDATE approvals SET person = 'alice' WHERE number = 3",
       "approval 3 is of no request"},
      {"reviews_kept", "reviews", "DELETE FROM reviews WHERE number = 32769",
       "grant 32769 is missing from an index"},
      {"reviews_of_break_glass", "reviews", "INSERT INTO reviews(number) VALUES(7)",
       "the review of grant 7 is of no break-glass grant"},
      {"requests_ended_is_final", "requests",
       "UPDATE requests SET state = 0, ended_us = NULL, granted = NULL WHERE number = 32771",
       "request 32771 does not agree with its grant and approvals"},
      {"requests_frozen", "requests", "UPDATE requests SET scopes = x'00' WHERE number = 32769",
       "request 32769 cannot be read"},
  };
  for (const auto& c : cuts) {
    temp_dir dir;
    fill(dir.path());
    TEST_ASSERT_TRUE(check_all(*open_in(dir.path())) == check_state::done);
    behind(dir.path(), c.trigger, c.table, c.sql);
    is_found(dir.path(), c.found);
  }
}

TEST(an_index_that_lost_a_row_is_found) {
  const struct {
    const char* index;
    const char* on;  // what it is defined as
    const char* found;
  } indices[] = {
      {"requests_pending", "requests(number) WHERE state = 0", "request 33000 is missing from an index"},
      {"requests_pending_person", "requests(person, resource) WHERE state = 0", "request 33000 is missing"},
      {"requests_person", "requests(person)", "request 33000 is missing"},
      {"requests_resource", "requests(resource)", "request 33000 is missing"},
      {"approvals_once", "approvals(request, person)", "approval 3 is missing from its index"},
  };
  for (const auto& i : indices) {
    temp_dir dir;
    fill(dir.path());
    {
      auto s = open_in(dir.path());
      TEST_ASSERT_TRUE(s->begin().has_value());
      // Too big for quick_check: the walk stands alone.
      for (int k = 0; k < 2000; ++k) TEST_ASSERT_TRUE(s->add_request(a_request()).has_value());
      TEST_ASSERT_TRUE(s->commit(false).has_value());
      TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
    }
    const bool unique = std::string(i.index) == "approvals_once";
    auto redefine = [&](const std::string& on) {
      return raw_sql(dir.path(), "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE " +
                                     std::string(unique ? "UNIQUE " : "") + "INDEX " + i.index + " ON " + on +
                                     "' WHERE name = '" + i.index + "';");
    };
    // Its entry is taken away while the index is thought to be a partial one of just that row.
    std::string on = i.on;
    std::string narrow = on + (on.find("WHERE") == std::string::npos ? " WHERE " : " AND ") +
                         (unique ? "number <> 3" : "number <> 33000");
    TEST_ASSERT_EQUAL_STRING("", redefine(narrow));
    TEST_ASSERT_EQUAL_STRING("", raw_sql(dir.path(), std::string("REINDEX ") + i.index));
    TEST_ASSERT_EQUAL_STRING("", redefine(on));
    is_found(dir.path(), i.found);
  }
}

void old_copy(const temp_dir& dir) {
  fs::remove_all(dir / "store");
  fs::rename(dir / "copy", dir / "store");
}

TEST(an_unlock_of_an_old_copy_passes_over_the_request_numbers_given_out_since) {
  temp_dir dir;
  (void)ask(*open_in(dir.path()));
  fs::copy(dir / "store", dir / "copy", fs::copy_options::recursive);
  uint64_t last = 0;
  {
    auto s = open_in(dir.path());
    for (int i = 0; i < 3; ++i) last = ask(*s);
  }
  old_copy(dir);
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == store::lock_reason::behind_anchor);
  auto refused = s->begin();
  TEST_ASSERT_TRUE(!refused && refused.error() == error::locked);
  TEST_ASSERT_EQUAL_UINT64(32768, s->find_request(32768)->number);  // reads may still work
  TEST_ASSERT_TRUE(s->unlock("root", base::utc_time{5}).has_value());
  TEST_ASSERT_TRUE(ask(*s) > last);
  TEST_ASSERT_TRUE_MESSAGE(check_all(*s) == check_state::done, s->locked_text());
  s.reset();
  s = open_in(dir.path());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
}

// Both histories have as many records, so neither is behind.
TEST(an_unlock_of_another_history_passes_over_its_request_numbers) {
  temp_dir dir;
  (void)ask(*open_in(dir.path()));
  fs::copy(dir / "store", dir / "copy", fs::copy_options::recursive);
  fs::copy(dir / "anchor", dir / "copy.anchor");
  (void)in_batch(*open_in(dir.path()), [] { return 0; });
  uint64_t last = 0;
  {
    auto s = open_in(dir.path());
    last = ask(*s, a_request("mallory"));
  }
  fs::copy(dir / "anchor", dir / "newer.anchor");
  old_copy(dir);
  fs::copy(dir / "copy.anchor", dir / "anchor", fs::copy_options::overwrite_existing);
  (void)add(*open_in(dir.path()));
  fs::copy(dir / "newer.anchor", dir / "anchor", fs::copy_options::overwrite_existing);
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == store::lock_reason::behind_anchor);
  TEST_ASSERT_TRUE(s->unlock("root", base::utc_time{5}).has_value());
  TEST_ASSERT_TRUE(ask(*s) > last);
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
}

}  // namespace
}  // namespace grantd::test
