// SPDX-License-Identifier: Apache-2.0
// What check() answers from a table that is as it should be.
#include "guest/check.h"

#include "guest/words.h"
#include "support/unity.h"
#include "unit/guest/table_fixture.h"

namespace {

using namespace grantd;
using decision::reason;
using test::pam_ended;
using test::pam_lock;
using test::pam_window;
using test::table_fixture;

constexpr decision::login_point sshd{decision::point_kind::pam, "sshd", {}};
constexpr decision::account alice{decision::identity_class::os, "alice"};

guest::answer ask(const table_fixture& t, std::initializer_list<decision::account> proved = {alice},
                  const decision::login_point& where = sshd, bool name_resource = false) {
  return guest::check(t.path().c_str(), {.proved = {proved.begin(), proved.size()},
                                         .where = where,
                                         .role = {},
                                         .name_resource = name_resource});
}

void expect(reason why, const guest::answer& a) {
  TEST_ASSERT_EQUAL_INT(static_cast<int>(why), static_cast<int>(a.verdict.why));
}

std::string_view resource(const guest::answer& a) { return {a.resource.text, a.resource.size}; }

decision::record pg_window(std::string_view name, decision::identity_class proved_by, std::string_view role) {
  decision::record r = pam_window(name, {}, -60, 3600, 5);
  r.who.proved_by = proved_by;
  r.where = {decision::point_kind::postgres, "main", "orders", false, false, false};
  r.role = role;
  return r;
}

}  // namespace

TEST(an_open_window_lets_in_until_its_end) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3600, 42)};
  t.publish();
  guest::answer a = ask(t);
  expect(reason::allowed, a);
  TEST_ASSERT_EQUAL_INT64(t.records[0].end.ns, a.verdict.until.ns);
  TEST_ASSERT_EQUAL_INT64(42, a.verdict.grant);
  TEST_ASSERT_TRUE(a.table == table::fault::none);
  TEST_ASSERT_EQUAL_INT(0, a.resource.size);
}

TEST(the_resource_is_named_when_asked_for_and_in_every_denial) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3600)};
  t.publish();
  TEST_ASSERT_EQUAL_STRING("orders-db", resource(ask(t, {alice}, sshd, true)));
  TEST_ASSERT_EQUAL_STRING("orders-db", resource(ask(t, {{decision::identity_class::os, "bob"}})));
  TEST_ASSERT_EQUAL_STRING("", resource(ask(t, {alice}, {decision::point_kind::pam, "login", {}})));
}

TEST(without_a_window_nobody_is_let_in) {
  table_fixture t;
  t.publish();
  expect(reason::no_window, ask(t));
  t.records = {pam_window("bob", "sshd", -60, 3600)};
  t.publish();
  expect(reason::no_window, ask(t));
}

TEST(a_window_of_another_login_point_opens_nothing) {
  table_fixture t;
  t.records = {pam_window("alice", "login", -60, 3600)};
  t.publish();
  expect(reason::no_window, ask(t));
}

TEST(a_window_of_another_identity_class_opens_nothing) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3600)};
  t.records[0].who.proved_by = decision::identity_class::pg;
  t.publish();
  expect(reason::no_window, ask(t));
}

TEST(a_window_that_has_not_begun_says_when_it_will) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", 1800, 5400, 3)};
  t.publish();
  guest::answer a = ask(t);
  expect(reason::not_yet, a);
  TEST_ASSERT_EQUAL_INT64(t.records[0].start.ns, a.verdict.until.ns);
  TEST_ASSERT_EQUAL_INT64(t.records[0].end_utc_s - 3600, a.verdict.end_utc_s);
}

TEST(a_window_whose_end_is_reached_lets_nobody_in) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -3600, -1)};
  t.publish();
  guest::answer a = ask(t);
  TEST_ASSERT_FALSE(a.verdict.allows());
}

TEST(an_ended_grant_is_named) {
  table_fixture t;
  t.records = {pam_ended("alice", "sshd", decision::ending::revoked, 60, 77)};
  t.publish();
  guest::answer a = ask(t);
  expect(reason::revoked, a);
  TEST_ASSERT_EQUAL_INT64(77, a.verdict.grant);
}

TEST(a_lock_beats_a_window_and_brings_its_text) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3600), pam_lock("alice", "incident 7")};
  t.publish();
  guest::answer a = ask(t);
  expect(reason::locked, a);
  TEST_ASSERT_EQUAL_STRING("incident 7", a.lock_text);
  TEST_ASSERT_TRUE(a.verdict.text.empty());
  TEST_ASSERT_FALSE(a.table_locked);
}

TEST(a_lock_text_that_would_steer_a_terminal_is_not_shown) {
  table_fixture t;
  t.records = {pam_lock("alice",
                        "\xc2\x9b"
                        "31m")};
  t.publish();
  guest::answer a = ask(t);
  expect(reason::locked, a);
  TEST_ASSERT_EQUAL_STRING("", a.lock_text);
}

TEST(a_locked_table_lets_nobody_in) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3600)};
  t.flags = table::flag_locked;
  t.publish();
  guest::answer a = ask(t);
  expect(reason::locked, a);
  TEST_ASSERT_TRUE(a.table_locked);
  TEST_ASSERT_EQUAL_INT64(0, a.verdict.grant);
}

TEST(the_second_identity_lets_in_when_the_first_has_nothing) {
  table_fixture t;
  t.records = {pg_window("alice", decision::identity_class::os, "orders_ro")};
  t.publish();
  decision::account proved[] = {{decision::identity_class::pg, "orders_ro"}, alice};
  guest::answer a = guest::check(
      t.path().c_str(),
      {.proved = proved, .where = {decision::point_kind::postgres, "main", "orders"}, .role = "orders_ro"});
  expect(reason::allowed, a);
  TEST_ASSERT_EQUAL_INT(1, a.identity);
  a = guest::check(
      t.path().c_str(),
      {.proved = proved, .where = {decision::point_kind::postgres, "main", "orders"}, .role = "orders_rw"});
  TEST_ASSERT_FALSE(a.verdict.allows());
}

TEST(a_lock_on_one_identity_beats_a_window_of_the_other) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3600), pam_lock("mallory", "no")};
  t.publish();
  decision::account mallory{decision::identity_class::os, "mallory"};
  guest::answer a = ask(t, {alice, mallory});
  expect(reason::locked, a);
  TEST_ASSERT_EQUAL_INT(1, a.identity);
  a = ask(t, {mallory, alice});
  expect(reason::locked, a);
  TEST_ASSERT_EQUAL_INT(0, a.identity);
  TEST_ASSERT_EQUAL_STRING("no", a.lock_text);
}

TEST(the_reason_that_says_most_is_given) {
  table_fixture t;
  t.records = {pam_ended("bob", "sshd", decision::ending::expired, 60, 8)};
  t.publish();
  guest::answer a = ask(t, {alice, {decision::identity_class::os, "bob"}});
  expect(reason::ended, a);
  TEST_ASSERT_EQUAL_INT(1, a.identity);
}

TEST(nobody_proved_is_nobody_let_in) {
  table_fixture t;
  t.records = {pam_window("alice", "sshd", -60, 3600)};
  t.publish();
  expect(reason::no_window, ask(t, {}));
}
