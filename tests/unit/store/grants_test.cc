// SPDX-License-Identifier: Apache-2.0
// What goes in comes out; what has ended stays ended; numbers and the audit only go forward.
#include <fcntl.h>
#include <sys/stat.h>

#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using store::error;
using store::state;

void same(const store::grant& want, const store::grant& got) {
  TEST_ASSERT_EQUAL_STRING(want.person, got.person);
  TEST_ASSERT_EQUAL_STRING(want.resource, got.resource);
  TEST_ASSERT_EQUAL_INT64(want.not_before.us, got.not_before.us);
  TEST_ASSERT_EQUAL_INT64(want.not_after.us, got.not_after.us);
  TEST_ASSERT_EQUAL_INT64(want.made.us, got.made.us);
  TEST_ASSERT_EQUAL_STRING(want.made_by, got.made_by);
  TEST_ASSERT_EQUAL_STRING(want.reason, got.reason);
  TEST_ASSERT_TRUE(want.mapped == got.mapped);
  TEST_ASSERT_TRUE(want.mapped_boot == got.mapped_boot);
  TEST_ASSERT_TRUE(want.scopes == got.scopes);
}

TEST(a_grant_survives_closing_and_opening_again) {
  temp_dir dir;
  uint64_t number = add(*open_in(dir.path()));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->locked() == store::lock_reason::none);
  auto g = s->find(number);
  TEST_ASSERT_TRUE(g.has_value());
  same(a_grant(), *g);
  TEST_ASSERT_TRUE(g->state == state::open);
  TEST_ASSERT_TRUE(open_numbers(*s) == std::vector<uint64_t>{number});
}

TEST(a_name_with_a_nul_or_any_other_byte_comes_back_as_it_was) {
  temp_dir dir;
  auto s = open_in(dir.path());
  store::grant g = a_grant();
  g.reason = std::string("a\0b'\";--\xc3\xa9", 10);
  g.scopes[0].account = "o'brien";
  g.scopes[1].where.any_database = false;
  g.scopes[1].where.database = "orders";
  g.scopes[1].where.replication = true;
  auto got = s->find(add(*s, g));
  TEST_ASSERT_TRUE(got.has_value());
  same(g, *got);
}

TEST(files_are_for_their_owner_only_whatever_the_umask) {
  temp_dir dir;
  mode_t before = umask(0);
  auto s = open_in(dir.path());
  (void)add(*s);
  umask(before);
  for (const char* name : {"/store/grantd.db", "/store/grantd.db-wal", "/store/reserve", "/anchor"}) {
    struct stat st;
    TEST_ASSERT_TRUE_MESSAGE(stat((dir.path() + name).c_str(), &st) == 0, name);
    TEST_ASSERT_EQUAL_INT(0600, st.st_mode & 07777);
  }
  struct stat st;
  TEST_ASSERT_TRUE(stat((dir.path() + "/store").c_str(), &st) == 0);
  TEST_ASSERT_EQUAL_INT(0700, st.st_mode & 07777);
  TEST_ASSERT_TRUE(access((dir.path() + "/store/grantd.db-shm").c_str(), F_OK) != 0);
}

TEST(numbers_begin_at_32768_and_are_not_reused_after_a_rollback_of_later_ones) {
  temp_dir dir;
  auto s = open_in(dir.path());
  TEST_ASSERT_EQUAL_UINT64(32768, add(*s));
  TEST_ASSERT_EQUAL_UINT64(32768 + 1, add(*s));
  end(*s, 32768 + 1);
  s.reset();
  s = open_in(dir.path());
  TEST_ASSERT_EQUAL_UINT64(32768 + 2, add(*s));
}

TEST(each_way_to_end_is_final_and_the_first_one_stands) {
  temp_dir dir;
  auto s = open_in(dir.path());
  for (state how : {state::expired, state::revoked, state::given_back}) {
    uint64_t number = add(*s);
    end(*s, number, how);
    for (state again : {state::expired, state::revoked, state::given_back}) {
      TEST_ASSERT_TRUE(s->begin().has_value());
      auto r = s->end_grant(number, again, "bob", "", base::utc_time{1});
      TEST_ASSERT_TRUE(!r && r.error() == error::not_open);
      TEST_ASSERT_TRUE(s->commit(false).has_value());
    }
    auto g = s->find(number);
    TEST_ASSERT_TRUE(g && g->state == how && g->ended.us == 9'000'000 && g->ended_by == "root");
  }
  TEST_ASSERT_TRUE(open_numbers(*s).empty());
  TEST_ASSERT_EQUAL_UINT64(6, s->sequence());  // refused changes leave no record
  check_audit(*s);
}

TEST(ending_as_open_or_an_unknown_grant_is_refused) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t number = add(*s);
  TEST_ASSERT_TRUE(s->begin().has_value());
  auto as_open = s->end_grant(number, state::open, "root", "", base::utc_time{1});
  TEST_ASSERT_TRUE(!as_open && as_open.error() == error::invalid);
  auto unknown = s->end_grant(7, state::revoked, "root", "", base::utc_time{1});
  TEST_ASSERT_TRUE(!unknown && unknown.error() == error::not_found);
  s->rollback();
  auto found = s->find(7);
  TEST_ASSERT_TRUE(!found && found.error() == error::not_found);
}

TEST(a_change_outside_a_batch_is_refused) {
  temp_dir dir;
  auto s = open_in(dir.path());
  auto r = s->add_grant(a_grant());
  TEST_ASSERT_TRUE(!r && r.error() == error::invalid);
  auto c = s->commit(true);
  TEST_ASSERT_TRUE(!c && c.error() == error::invalid);
}

TEST(a_window_that_ends_before_it_begins_is_refused_and_the_batch_goes_on) {
  temp_dir dir;
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->add_grant(a_grant("alice")).has_value());
  store::grant bad = a_grant("bob");
  bad.not_after = bad.not_before;
  auto r = s->add_grant(bad);
  TEST_ASSERT_TRUE(!r && r.error() == error::invalid);
  TEST_ASSERT_TRUE(s->add_grant(a_grant("carol")).has_value());
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  TEST_ASSERT_EQUAL_UINT64(2, open_numbers(*s).size());
  TEST_ASSERT_EQUAL_UINT64(2, s->sequence());
  check_audit(*s);
}

TEST(a_batch_rolled_back_leaves_nothing) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t number = add(*s);
  auto head = s->head();
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->add_grant(a_grant()).has_value());
  TEST_ASSERT_TRUE(s->end_grant(number, state::revoked, "root", "", base::utc_time{1}).has_value());
  TEST_ASSERT_EQUAL_UINT64(3, s->sequence());
  s->rollback();
  TEST_ASSERT_EQUAL_UINT64(1, s->sequence());
  TEST_ASSERT_TRUE(head == s->head());
  TEST_ASSERT_TRUE(open_numbers(*s) == std::vector<uint64_t>{number});
  (void)add(*s);
  check_audit(*s);
}

TEST(the_audit_says_who_did_what) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t number = add(*s);
  end(*s, number, state::given_back);
  const store::field fields[] = {{"version", "1"}};
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->note("start", fields, base::utc_time{5}).has_value());
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  auto rows = s->audit(0, 10);
  TEST_ASSERT_TRUE(rows && rows->size() == 3);
  std::string text;
  for (const auto& row : *rows) {
    text += row.event + "@" + std::to_string(row.at.us);
    for (const auto& [key, value] : row.fields) text += " " + key + "=" + value;
    text += "\n";
  }
  TEST_ASSERT_EQUAL_STRING(
      "grant@1000000 grant=32768 person=alice resource=orders-db not_before_us=1000000 "
      "not_after_us=3601000000 by=root reason=ticket 7 scope=os:alice at pam:sshd, full "
      "scope=pg:alice at pg:main/* as alice, read-only\n"
      "give-back@9000000 grant=32768 person=alice resource=orders-db by=root reason=over\n"
      "start@5 version=1\n",
      text);
  auto later = s->audit(2, 10);
  TEST_ASSERT_TRUE(later && later->size() == 1);
}

TEST(what_has_a_name_is_recorded_once_whatever_was_restarted) {
  temp_dir dir;
  const store::field fields[] = {{"session", "7:1"}};
  const auto note = [&](store::store& s, std::string_view once) {
    return in_batch(s, [&] { return s.note("session", fields, base::utc_time{5}, once); });
  };
  {
    auto s = open_in(dir.path());
    TEST_ASSERT_FALSE(s->noted("session 0 7:1"));
    TEST_ASSERT_TRUE(note(*s, "session 0 7:1").has_value());
  }
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->noted("session 0 7:1"));
  TEST_ASSERT_FALSE(s->noted("session 0 7:2"));
  TEST_ASSERT_FALSE(s->noted(""));
  // A second one is refused alone: what is in the same batch is kept.
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->note("session", fields, base::utc_time{6}, "session 0 7:2").has_value());
  TEST_ASSERT_TRUE(s->noted("session 0 7:2"));
  auto twice = s->note("session", fields, base::utc_time{6}, "session 0 7:1");
  TEST_ASSERT_TRUE(!twice && twice.error() == store::error::invalid);
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  TEST_ASSERT_EQUAL_UINT64(2, s->sequence());
  for (int i = 0; i < 2; ++i) TEST_ASSERT_TRUE(note(*s, "").has_value());  // without a name
  TEST_ASSERT_EQUAL_UINT64(4, s->sequence());
  check_audit(*s);
  TEST_ASSERT_TRUE_MESSAGE(check_all(*s) == store::store::check_state::done, s->locked_text());
}

TEST(a_name_that_was_rolled_back_is_free) {
  temp_dir dir;
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->note("session", {}, base::utc_time{5}, "session 0 7:1").has_value());
  s->rollback();
  TEST_ASSERT_FALSE(s->noted("session 0 7:1"));
  TEST_ASSERT_TRUE(
      in_batch(*s, [&] { return s->note("session", {}, base::utc_time{5}, "session 0 7:1"); }).has_value());
}

TEST(mapping_anew_is_one_record_for_all_and_never_touches_an_ended_grant) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t a = add(*s);
  uint64_t b = add(*s);
  base::boot_id boot;
  boot.fill(3);
  const store::store::remapped both[] = {{a, {{1}, {2}}}, {b, {{3}, {4}}}};
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->remap(both, boot, "boot", base::utc_time{5}).has_value());
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  TEST_ASSERT_EQUAL_UINT64(3, s->sequence());
  auto g = s->find(b);
  TEST_ASSERT_TRUE(g && g->mapped.start.ns == 3 && g->mapped.end.ns == 4 && g->mapped_boot == boot);
  end(*s, b);
  TEST_ASSERT_TRUE(s->begin().has_value());
  const store::store::remapped moved[] = {{a, {{7}, {8}}}, {b, {{7}, {8}}}};
  auto r = s->remap(moved, boot, "step", base::utc_time{6});
  TEST_ASSERT_TRUE(!r && r.error() == error::not_open);
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  g = s->find(a);
  TEST_ASSERT_TRUE(g && g->mapped.start.ns == 1);
}

TEST(the_high_water_mark_is_kept) {
  temp_dir dir;
  auto s = open_in(dir.path());
  TEST_ASSERT_FALSE(s->high_water().has_value());
  base::boot_id boot;
  boot.fill(4);
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->set_high_water(base::utc_time{11}, base::boot_time{12}, boot).has_value());
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  s.reset();
  s = open_in(dir.path());
  auto row = s->high_water();
  TEST_ASSERT_TRUE(row && row->mark.us == 11 && row->at.ns == 12 && row->boot == boot);
}

TEST(lists_are_filtered_limited_and_newest_first) {
  temp_dir dir;
  auto s = open_in(dir.path());
  std::vector<uint64_t> n;
  for (int i = 0; i < 6; ++i) {
    store::grant g = a_grant(i % 2 == 0 ? "alice" : "bob");
    if (i >= 4) g.resource = "web";
    n.push_back(add(*s, g));
  }
  end(*s, n[0]);
  end(*s, n[5]);
  auto numbers = [&](const store::store::filter& f) {
    auto r = s->list(f);
    TEST_ASSERT_TRUE(r.has_value());
    std::vector<uint64_t> out;
    for (const auto& g : *r) out.push_back(g.number - n[0]);
    return out;
  };
  using v = std::vector<uint64_t>;
  TEST_ASSERT_TRUE((numbers({}) == v{4, 3, 2, 1}));
  TEST_ASSERT_TRUE((numbers({.person = "alice"}) == v{4, 2}));
  TEST_ASSERT_TRUE((numbers({.person = "alice", .resource = "web"}) == v{4}));
  TEST_ASSERT_TRUE((numbers({.resource = "web"}) == v{4}));
  TEST_ASSERT_TRUE((numbers({.open_only = false}) == v{5, 4, 3, 2, 1, 0}));
  TEST_ASSERT_TRUE((numbers({.person = "alice", .open_only = false}) == v{4, 2, 0}));
  TEST_ASSERT_TRUE((numbers({.resource = "web", .open_only = false}) == v{5, 4}));
  TEST_ASSERT_TRUE((numbers({.person = "bob", .resource = "web", .open_only = false}) == v{5}));
  TEST_ASSERT_TRUE((numbers({.open_only = false, .limit = 2}) == v{5, 4}));
  auto ended = s->ended_since(base::utc_time{9'000'000}, 10);
  TEST_ASSERT_TRUE(ended && ended->size() == 2 && (*ended)[0].number == n[5]);
  ended = s->ended_since(base::utc_time{9'000'001}, 10);
  TEST_ASSERT_TRUE(ended && ended->empty());
  auto sum = s->summarise();
  TEST_ASSERT_TRUE(sum && sum->grants == 6 && sum->open == 4 && sum->records == 8 && sum->schema == 6 &&
                   sum->reserve_bytes == 1 << 20 && sum->file_bytes > 4096);
  TEST_ASSERT_TRUE(check_all(*s) == store::store::check_state::done);
}

TEST(the_summary_counts_what_is_kept_and_forgets_what_was_rolled_back) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t first = add(*s);
  (void)add(*s);
  end(*s, first);
  auto counts = [&](uint64_t grants, uint64_t open) {
    auto sum = s->summarise();
    return sum && sum->grants == grants && sum->open == open;
  };
  TEST_ASSERT_TRUE(counts(2, 1));
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->add_grant(a_grant()).has_value());
  store::grant never = a_grant();
  never.not_after = never.not_before;
  TEST_ASSERT_FALSE(s->add_grant(never).has_value());
  TEST_ASSERT_TRUE(s->end_grant(first + 1, store::state::revoked, "root", "", base::utc_time{3}).has_value());
  TEST_ASSERT_TRUE(counts(3, 1));
  s->rollback();
  TEST_ASSERT_TRUE(counts(2, 1));
  s.reset();
  s = open_in(dir.path());
  TEST_ASSERT_TRUE(counts(2, 1));
}

TEST(a_reader_that_stops_is_asked_no_more) {
  temp_dir dir;
  auto s = open_in(dir.path());
  (void)add(*s);
  (void)add(*s);
  int seen = 0;
  TEST_ASSERT_TRUE(s->each_open([&](store::grant&&) { return ++seen < 1; }).has_value());
  TEST_ASSERT_EQUAL_INT(1, seen);
  end(*s, 32768);  // the reading is over, nothing holds the log
}

// --- The rules hold in the file itself, against any other writer. ---

TEST(the_file_itself_refuses_what_must_never_happen) {
  temp_dir dir;
  {
    auto s = open_in(dir.path());
    (void)add(*s);
    end(*s, add(*s));
  }
  const char* never[] = {
      "UPDATE grants SET state = 0, ended_us = NULL WHERE number = 32769",
      "UPDATE grants SET state = 1 WHERE number = 32769",
      "UPDATE grants SET mapped_end_ns = 9 WHERE number = 32769",
      "UPDATE grants SET not_after_us = not_after_us + 1 WHERE number = 32768",
      "UPDATE grants SET not_after_us = not_before_us WHERE number = 32768",
      "UPDATE grants SET person = 'bob' WHERE number = 32768",
      "UPDATE grants SET scopes = x'00' WHERE number = 32768",
      "UPDATE grants SET number = 1 WHERE number = 32768",
      "UPDATE grants SET state = 4, ended_us = 1 WHERE number = 32768",
      "UPDATE grants SET state = 2 WHERE number = 32768",
      "UPDATE grants SET not_before_us = 'soon' WHERE number = 32768",
      "DELETE FROM grants WHERE number = 32769",
      "DELETE FROM grants WHERE number = 32768",
      "INSERT OR REPLACE INTO grants SELECT number, 0, person, resource, not_before_us, not_after_us, "
      "made_us, "
      "made_by, reason, mapped_start_ns, mapped_end_ns, mapped_boot, scopes, NULL, NULL, NULL FROM grants "
      "WHERE number = 32769",
      "UPDATE audit SET event = 'x' WHERE sequence = 1",
      "UPDATE audit SET sequence = 9 WHERE sequence = 3",
      "DELETE FROM audit WHERE sequence = 3",
      "INSERT INTO audit SELECT 5, at_us, event, fields, digest FROM audit WHERE sequence = 3",
      "INSERT OR REPLACE INTO audit SELECT 2, at_us, event, fields, digest FROM audit WHERE sequence = 3",
      "INSERT INTO meta SELECT 2, uuid, 1, 1, NULL FROM meta",
  };
  for (const char* sql : never) TEST_ASSERT_TRUE_MESSAGE(!raw_sql(dir.path(), sql).empty(), sql);
  TEST_ASSERT_EQUAL_STRING(
      "", raw_sql(dir.path(), "UPDATE grants SET not_after_us = not_after_us - 1 WHERE number = 32768"));
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(open_numbers(*s) == std::vector<uint64_t>{32768});
  check_audit(*s);
}

}  // namespace
}  // namespace grantd::test
