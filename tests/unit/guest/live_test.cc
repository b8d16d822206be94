// SPDX-License-Identifier: Apache-2.0
// A session asks again: when it stays, when it ends, and what is said of it.
#include "guest/live.h"

#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "base/clock.h"
#include "base/ident.h"
#include "guest/words.h"
#include "support/unity.h"
#include "unit/guest/table_fixture.h"

namespace {

using namespace grantd;
using decision::access;
using decision::reason;
using guest::fate;
using test::pam_ended;
using test::pam_lock;
using test::pam_window;

constexpr decision::login_point sshd{decision::point_kind::pam, "sshd", {}};
constexpr decision::account alice{decision::identity_class::os, "alice"};

decision::record writing(decision::record r) {
  r.access = access::read_write;
  return r;
}

// A session of alice's, let in by what the table held when it was made.
struct session : test::table_fixture {
  explicit session(std::vector<decision::record> held) {
    hold(std::move(held));
    last = guest::check(path().c_str(), who);
    TEST_ASSERT_TRUE(last.verdict.allows());
    who.at_least = last.verdict.given;
    who.live = true;
    who.name_resource = false;
  }
  void hold(std::vector<decision::record> now) {
    records = std::move(now);
    publish();
  }
  fate again() { return guest::ask_again(path().c_str(), who, last); }
  void expect_stays() {
    TEST_ASSERT_TRUE(again() == fate::stays);
    TEST_ASSERT_TRUE(last.verdict.allows());
  }
  void expect_ends(reason why) {
    TEST_ASSERT_TRUE(again() == fate::ends);
    TEST_ASSERT_EQUAL_INT(static_cast<int>(why), static_cast<int>(last.verdict.why));
  }
  [[nodiscard]] std::string said() const {
    char out[256];
    guest::say_ended(last, sshd, out);
    return out;
  }
  void expect_said(std::string_view begin, std::string_view end) const {
    const std::string text = said();
    TEST_ASSERT_TRUE_MESSAGE(text.starts_with(begin) && text.ends_with(end), text);
  }
  guest::login who{.proved = {&alice, 1}, .where = sshd, .role = {}, .name_resource = true};
  guest::answer last{};
};

std::string grant(uint64_t number) { return "grant " + std::string(base::print_id('g', number).view()); }

// Each makes the table one that is not believed.
const std::pair<const char*, std::function<void(session&)>> spoils[] = {
    {"missing", [](session& s) { TEST_ASSERT_EQUAL_INT(0, unlink(s.path().c_str())); }},
    {"anybody's", [](session& s) { TEST_ASSERT_EQUAL_INT(0, chmod(s.path().c_str(), 0666)); }},
    {"damaged", [](session& s) { s.write_at(table::header_at::checksum, "xxxxxxxx"); }},
    {"cut", [](session& s) { s.replace({}); }},
    {"LOCKED", [](session& s) { s.flags = table::flag_locked, s.publish(); }},
    {"LOCKED and empty", [](session& s) { s.flags = table::flag_locked, s.hold({}); }},
    {"from the future", [](session& s) { s.written.ns += 1000 * base::ns_per_s, s.hold({}); }},
};

}  // namespace

// --- a valid table that covers it ---

TEST(a_covered_session_stays_and_its_end_moves_either_way) {
  session s({pam_window("alice", "sshd", -60, 600, 1)});
  for (int64_t end_s : {3600, 30}) {
    s.hold({pam_window("alice", "sshd", -60, end_s, 2)});
    s.expect_stays();
    TEST_ASSERT_EQUAL_INT64(s.records[0].end.ns, s.last.verdict.until.ns);
    TEST_ASSERT_EQUAL_INT64(2, s.last.verdict.grant);
  }
}

TEST(overlapping_windows_are_one_and_a_gap_is_an_end) {
  session s({pam_window("alice", "sshd", -60, 60, 1)});
  s.hold({pam_window("alice", "sshd", -60, 60, 1), pam_window("alice", "sshd", 30, 120, 2)});
  s.expect_stays();
  TEST_ASSERT_EQUAL_INT64(s.records[1].end.ns, s.last.verdict.until.ns);
  s.hold({pam_window("alice", "sshd", -60, 60, 1), pam_window("alice", "sshd", 61, 120, 2)});
  s.expect_stays();
  TEST_ASSERT_EQUAL_INT64(s.records[0].end.ns, s.last.verdict.until.ns);
  s.hold({pam_window("alice", "sshd", -60, -1, 1), pam_window("alice", "sshd", 60, 120, 2)});
  s.expect_ends(reason::ended);
}

// What opens later is no reason why a session ended, and does not hide the reason.
TEST(a_window_to_come_does_not_hide_why_it_ended) {
  const decision::record to_come = pam_window("alice", "sshd", 60, 120, 43);
  session s({pam_window("alice", "sshd", -60, 600, 42)});
  s.hold({to_come, pam_window("alice", "sshd", -600, -60, 42)});
  s.expect_ends(reason::ended);
  s.expect_said(grant(42) + " for orders-db ended at ", " +0100");
  TEST_ASSERT_TRUE(guest::cause_of(s.last) == wire::presence_cause::expired);
  s.hold({to_come, pam_ended("alice", "sshd", decision::ending::revoked, 1, 42)});
  s.expect_ends(reason::revoked);
  s.expect_said(grant(42) + " for orders-db was revoked at ", " +0100");
  TEST_ASSERT_TRUE(guest::cause_of(s.last) == wire::presence_cause::revoked);
  s.hold({to_come, pam_ended("alice", "sshd", decision::ending::given_back, 1, 42)});
  s.expect_ends(reason::ended);
  TEST_ASSERT_TRUE(guest::cause_of(s.last) == wire::presence_cause::given_back);
  s.hold({to_come});
  s.expect_ends(reason::no_window);
  TEST_ASSERT_TRUE(guest::cause_of(s.last) == wire::presence_cause::lost);
}

TEST(a_session_that_reads_stays_in_any_window) {
  session s({pam_window("alice", "sshd", -60, 600)});
  s.hold({writing(pam_window("alice", "sshd", -60, 300, 2))});
  s.expect_stays();
  TEST_ASSERT_TRUE(s.last.verdict.given == access::read_only);  // what it was given does not grow
}

// --- a valid table that does not ---

TEST(an_expired_one_ends_and_names_its_grant) {
  session s({pam_window("alice", "sshd", -60, 600, 42)});
  s.hold({pam_window("alice", "sshd", -600, -60, 42)});
  s.expect_ends(reason::ended);
  s.expect_said(grant(42) + " for orders-db ended at ", " +0100");
}

TEST(a_revoked_one_ends_and_says_so) {
  session s({pam_window("alice", "sshd", -60, 600, 42)});
  s.hold({pam_ended("alice", "sshd", decision::ending::revoked, 1, 42)});
  s.expect_ends(reason::revoked);
  s.expect_said(grant(42) + " for orders-db was revoked at ", " +0100");
}

TEST(one_given_back_ends_and_says_so) {
  session s({pam_window("alice", "sshd", -60, 600, 42)});
  s.hold({pam_ended("alice", "sshd", decision::ending::given_back, 1, 42)});
  s.expect_ends(reason::ended);
  s.expect_said(grant(42) + " for orders-db was given back at ", " +0100");
}

TEST(a_locked_one_ends_in_the_midst_of_its_window) {
  session s({writing(pam_window("alice", "sshd", -60, 600))});
  s.hold({writing(pam_window("alice", "sshd", -60, 600)), pam_lock("alice", "incident 7")});
  s.expect_ends(reason::locked);
  TEST_ASSERT_FALSE(s.last.narrower_left);
  TEST_ASSERT_EQUAL_STRING("locked: incident 7", s.said());
}

TEST(without_any_record_it_ends_for_want_of_a_grant) {
  session s({pam_window("alice", "sshd", -60, 600)});
  s.hold({pam_window("bob", "sshd", -60, 600)});
  s.expect_ends(reason::no_window);
  TEST_ASSERT_EQUAL_STRING("no open grant for orders-db", s.said());
}

TEST(a_resource_that_is_not_named_any_more_is_called_what_it_was) {
  session s({pam_window("alice", "sshd", -60, 600)});
  s.points.clear();
  s.hold({pam_window("alice", "sshd", -60, 500)});
  s.expect_stays();
  s.hold({});
  s.expect_ends(reason::no_window);
  TEST_ASSERT_EQUAL_STRING("no open grant for orders-db", s.said());
}

TEST(a_writing_session_ends_when_only_reading_is_left) {
  session s({writing(pam_window("alice", "sshd", -60, 600, 1)), pam_window("alice", "sshd", -60, 600, 2)});
  TEST_ASSERT_TRUE(s.who.at_least == access::read_write);
  s.hold({pam_window("alice", "sshd", -60, 600, 2)});
  TEST_ASSERT_TRUE(s.again() == fate::ends);
  TEST_ASSERT_TRUE(s.last.narrower_left);
  TEST_ASSERT_EQUAL_STRING("only read-only access to orders-db is left: log in again", s.said());
}

TEST(nothing_narrower_is_left_of_nothing) {
  session writes({writing(pam_window("alice", "sshd", -60, 600, 1))});
  writes.hold({pam_window("alice", "sshd", 60, 600, 2)});
  TEST_ASSERT_TRUE(writes.again() == fate::ends);
  TEST_ASSERT_FALSE(writes.last.narrower_left);
  session reads({pam_window("alice", "sshd", -60, 600, 1)});
  reads.hold({});
  TEST_ASSERT_TRUE(reads.again() == fate::ends);
  TEST_ASSERT_FALSE(reads.last.narrower_left);
}

// --- a table missing, bad or LOCKED ---

TEST(a_table_not_believed_leaves_the_known_end_standing) {
  for (const auto& [name, spoil] : spoils) {
    session s({pam_window("alice", "sshd", -60, 600, 42)});
    const guest::answer before = s.last;
    s.records = {pam_window("alice", "sshd", -60, 3600, 43)};  // does not lengthen it
    spoil(s);
    TEST_ASSERT_FALSE(guest::check(s.path().c_str(), s.who).verdict.allows());
    TEST_ASSERT_TRUE_MESSAGE(s.again() == fate::stays && s.again() == fate::stays, name);
    TEST_ASSERT_TRUE(s.last.verdict.allows());
    TEST_ASSERT_EQUAL_INT64(before.verdict.until.ns, s.last.verdict.until.ns);
    TEST_ASSERT_EQUAL_INT64(42, s.last.verdict.grant);
    TEST_ASSERT_TRUE(s.last.table == table::fault::none && !s.last.table_locked);
    TEST_ASSERT_TRUE(s.last.now.ns > before.now.ns);  // and the time goes on
  }
}

TEST(and_no_longer_than_that) {
  for (const auto& [name, spoil] : spoils) {
    session s({pam_window("alice", "sshd", -60, 600, 42)});
    spoil(s);
    s.last.verdict.until = base::boot_now();
    TEST_ASSERT_TRUE_MESSAGE(s.again() == fate::ends, name);
    TEST_ASSERT_TRUE(s.last.verdict.why == reason::ended);
    s.expect_said(grant(42) + " for orders-db ended at ", " +0100");
  }
}

TEST(a_table_that_is_good_again_counts_again) {
  session s({pam_window("alice", "sshd", -60, 600, 1)});
  s.flags = table::flag_locked;
  s.hold({});
  TEST_ASSERT_TRUE(s.again() == fate::stays);
  s.flags = 0;
  s.hold({pam_window("alice", "sshd", -60, 900, 2)});
  s.expect_stays();
  TEST_ASSERT_EQUAL_INT64(2, s.last.verdict.grant);
  s.hold({});
  s.expect_ends(reason::no_window);
}

// --- why, for its reporter ---

TEST(each_end_has_its_cause) {
  using enum wire::presence_cause;
  using decision::ending;
  const struct {
    reason why;
    ending how;
    bool narrower;
    wire::presence_cause cause;
  } cases[] = {
      {reason::allowed, ending::expired, false, expired},
      {reason::locked, ending::expired, false, locked},
      {reason::revoked, ending::revoked, false, revoked},
      {reason::ended, ending::revoked, false, revoked},
      {reason::ended, ending::expired, false, expired},
      {reason::ended, ending::given_back, false, given_back},
      {reason::not_yet, ending::expired, false, lost},
      {reason::no_window, ending::expired, false, lost},
      {reason::table_bad, ending::expired, false, lost},
      {reason::revoked, ending::revoked, true, narrowed},
      {reason::no_window, ending::expired, true, narrowed},
  };
  for (const auto& c : cases) {
    guest::answer a{};
    a.verdict.why = c.why;
    a.verdict.how = c.how;
    a.narrower_left = c.narrower;
    TEST_ASSERT_EQUAL_INT(static_cast<int>(c.cause), static_cast<int>(guest::cause_of(a)));
  }
}
