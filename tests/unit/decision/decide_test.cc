// SPDX-License-Identifier: Apache-2.0
// decide() by example: who, where, what, when, and which reason is given.
#include "decision/decide.h"

#include <limits>
#include <string>
#include <vector>

#include "support/unity.h"

using namespace grantd::decision;
using grantd::base::boot_time;
using grantd::base::ns_per_s;
using namespace std::literals;

namespace {

constexpr boot_time at(int64_t seconds) { return {seconds * ns_per_s}; }

const question alice{{identity_class::pg, "alice"}, {point_kind::postgres, "main", "orders"}, "alice"};

// alice, pg:main/orders, role alice, read-only, from 100 to 200.
record window(int64_t start = 100, int64_t end = 200, access what = access::read_only, uint64_t grant = 7) {
  record r{};
  r.kind = record_kind::window;
  r.who = alice.who;
  r.where = {point_kind::postgres, "main", "orders"};
  r.role = "alice";
  r.access = what;
  r.start = at(start);
  r.end = at(end);
  r.grant = grant;
  r.end_utc_s = 1'000'000 + end;
  r.utc_offset_s = 3600;
  return r;
}

record ended(ending how, int64_t when, uint64_t grant = 7) {
  record r = window(when, when + 900);
  r.kind = record_kind::ended;
  r.how = how;
  r.grant = grant;
  return r;
}

record lock(int64_t start, int64_t end) {
  record r = window(start, end);
  r.kind = record_kind::lock;
  r.role = {};
  r.access = {};
  r.grant = 3;
  r.text = "maintenance";
  return r;
}

verdict ask(const std::vector<record>& records, int64_t now = 150, const question& q = alice) {
  return decide(records, q, at(now));
}

void expect(reason why, const verdict& v) {
  TEST_ASSERT_EQUAL_INT(static_cast<int>(why), static_cast<int>(v.why));
}

}  // namespace

TEST(no_records_is_no_window) {
  verdict v = ask({});
  expect(reason::no_window, v);
  TEST_ASSERT_FALSE(v.allows());
  TEST_ASSERT_EQUAL_UINT64(0, v.grant);
}

TEST(an_open_window_allows_until_its_end) {
  verdict v = ask({window()});
  TEST_ASSERT_TRUE(v.allows());
  TEST_ASSERT_EQUAL_INT64(at(200).ns, v.until.ns);
  TEST_ASSERT_EQUAL_UINT64(7, v.grant);
  TEST_ASSERT_EQUAL_INT64(1'000'200, v.end_utc_s);
  TEST_ASSERT_EQUAL_INT64(3600, v.utc_offset_s);
  TEST_ASSERT_TRUE(v.given == access::read_only);
}

TEST(a_window_is_half_open_to_the_nanosecond) {
  const std::vector<record> one{window()};
  expect(reason::not_yet, decide(one, alice, {at(100).ns - 1}));
  expect(reason::allowed, decide(one, alice, at(100)));
  expect(reason::allowed, decide(one, alice, {at(200).ns - 1}));
  expect(reason::ended, decide(one, alice, at(200)));
}

TEST(expired_grant_is_denied_to_the_second) {
  expect(reason::allowed, ask({window()}, 199));
  verdict v = ask({window()}, 200);
  expect(reason::ended, v);
  TEST_ASSERT_TRUE(v.how == ending::expired);
  TEST_ASSERT_EQUAL_INT64(at(200).ns, v.until.ns);
  TEST_ASSERT_EQUAL_UINT64(7, v.grant);
}

TEST(another_account_is_not_let_in) {
  for (auto name : {"alic"sv, "alicf"sv, "alicee"sv, "Alice"sv, "ALICE"sv, "alice@REALM"sv, "alice\0"sv,
                    "-1"sv, " alice"sv}) {
    question q = alice;
    q.who.name = name;
    expect(reason::no_window, ask({window()}, 150, q));
  }
  for (auto by : {identity_class::os, identity_class::dn, identity_class::krb}) {
    question q = alice;
    q.who.proved_by = by;
    expect(reason::no_window, ask({window()}, 150, q));
  }
}

TEST(another_login_point_is_not_opened) {
  const login_point others[] = {
      {point_kind::pam, "main", "orders"},
      {point_kind::postgres, "main2", "orders"},
      {point_kind::postgres, "Main", "orders"},
      {point_kind::postgres, "main", "order"},
      {point_kind::postgres, "main", ""},
      {point_kind::postgres, "", "orders"},
      {point_kind::postgres, "main", "orders", true},
  };
  for (const auto& where : others) {
    question q = alice;
    q.where = where;
    expect(reason::no_window, ask({window()}, 150, q));
  }
}

TEST(any_is_what_the_window_says_and_no_more) {
  question q = alice;
  q.where = {point_kind::postgres, "other", "stock"};
  record r = window();
  r.where.any_place = true;
  expect(reason::no_window, ask({r}, 150, q));
  r.where.any_database = true;
  expect(reason::allowed, ask({r}, 150, q));
  q.where.replication = true;
  expect(reason::no_window, ask({r}, 150, q));
  r.where.replication = true;
  expect(reason::allowed, ask({r}, 150, q));
  q.where.replication = false;
  expect(reason::no_window, ask({r}, 150, q));
}

TEST(another_role_is_not_given) {
  for (auto role : {"orders_owner"sv, ""sv, "Alice"sv, "alice\0"sv}) {
    question q = alice;
    q.role = role;
    expect(reason::no_window, ask({window()}, 150, q));
  }
}

TEST(at_a_login_the_broadest_access_open_now_is_given) {
  verdict v = ask(
      {window(100, 400), window(100, 200, access::read_write, 8), window(180, 500, access::read_write, 9)});
  TEST_ASSERT_TRUE(v.given == access::read_write);
  TEST_ASSERT_EQUAL_INT64(at(500).ns, v.until.ns);
  TEST_ASSERT_EQUAL_UINT64(9, v.grant);
  v = ask({window(100, 400), window(160, 200, access::read_write, 8)});
  TEST_ASSERT_TRUE(v.given == access::read_only);
}

TEST(read_only_does_not_do_where_read_write_is_asked) {
  question q = alice;
  q.at_least = access::read_write;
  expect(reason::no_window, ask({window()}, 150, q));
  expect(reason::no_window, ask({window()}, 50, q));
  expect(reason::no_window, ask({window()}, 250, q));
  expect(reason::no_window, ask({ended(ending::revoked, 140)}, 150, q));
  expect(reason::allowed, ask({window(100, 200, access::read_write)}, 150, q));
}

TEST(a_live_session_is_reckoned_for_what_it_was_given) {
  const std::vector<record> both{window(100, 400), window(120, 200, access::read_write, 8)};
  question q = alice;
  q.live = true;
  verdict v = ask(both, 150, q);
  TEST_ASSERT_TRUE(v.given == access::read_only);
  TEST_ASSERT_EQUAL_INT64(at(400).ns, v.until.ns);
  q.at_least = access::read_write;
  v = ask(both, 150, q);
  TEST_ASSERT_EQUAL_INT64(at(200).ns, v.until.ns);
  expect(reason::ended, ask(both, 200, q));
}

TEST(windows_that_touch_are_one_and_a_gap_of_a_nanosecond_is_an_end) {
  TEST_ASSERT_EQUAL_INT64(at(400).ns, ask({window(300, 400), window(100, 200), window(200, 300)}).until.ns);
  record late = window(200, 300, access::read_only, 8);
  late.start.ns += 1;
  TEST_ASSERT_EQUAL_INT64(at(200).ns, ask({window(), late}).until.ns);
}

TEST(a_broader_window_bridges_a_narrow_one_but_not_the_other_way) {
  TEST_ASSERT_EQUAL_INT64(at(300).ns, ask({window(), window(200, 300, access::read_write)}).until.ns);
  verdict v = ask({window(100, 200, access::read_write), window(150, 300)});
  TEST_ASSERT_EQUAL_INT64(at(200).ns, v.until.ns);
}

TEST(a_waiting_window_says_when_the_earliest_opens) {
  verdict v = ask({window(300, 400, access::read_only, 8), window(200, 250, access::read_only, 9)});
  expect(reason::not_yet, v);
  TEST_ASSERT_EQUAL_INT64(at(200).ns, v.until.ns);
  TEST_ASSERT_EQUAL_UINT64(9, v.grant);
}

TEST(a_matching_lock_beats_every_window) {
  verdict v = ask({window(), lock(140, 160), lock(140, 170)});
  expect(reason::locked, v);
  TEST_ASSERT_EQUAL_STRING("maintenance", v.text);
  TEST_ASSERT_EQUAL_INT64(at(170).ns, v.until.ns);
  TEST_ASSERT_EQUAL_UINT64(3, v.grant);
  v = ask({lock(140, 160), window()});
  expect(reason::locked, v);
  expect(reason::allowed, ask({window(), lock(151, 160)}));
  expect(reason::allowed, ask({window(), lock(140, 150)}));
  record other = lock(140, 160);
  other.where.database = "stock";
  expect(reason::allowed, ask({window(), other}));
  other = lock(140, 160);
  other.who.name = "bob";
  expect(reason::allowed, ask({window(), other}));
}

TEST(the_reasons_stand_in_their_order) {
  const record locked = lock(100, 200), waiting = window(160, 200, access::read_only, 8),
               revoked = ended(ending::revoked, 120), expired = ended(ending::expired, 140),
               over = window(100, 145);
  expect(reason::locked, ask({over, expired, revoked, waiting, locked}));
  expect(reason::not_yet, ask({over, expired, revoked, waiting}));
  expect(reason::ended, ask({over, expired, revoked}));
}

TEST(of_two_ends_the_later_is_told) {
  expect(reason::ended, ask({ended(ending::revoked, 120), ended(ending::expired, 140)}));
  expect(reason::revoked, ask({ended(ending::expired, 120), ended(ending::revoked, 140)}));
  expect(reason::revoked, ask({window(100, 120), ended(ending::revoked, 140)}));
}

TEST(an_end_is_told_with_its_time_and_kind) {
  verdict v = ask({ended(ending::revoked, 120, 5), ended(ending::revoked, 130, 6)});
  expect(reason::revoked, v);
  TEST_ASSERT_EQUAL_INT64(at(130).ns, v.until.ns);
  TEST_ASSERT_EQUAL_UINT64(6, v.grant);
  TEST_ASSERT_TRUE(v.how == ending::revoked);
  v = ask({ended(ending::given_back, 120)});
  expect(reason::ended, v);
  TEST_ASSERT_TRUE(v.how == ending::given_back);
  v = ask({window(100, 140), ended(ending::given_back, 145)});
  TEST_ASSERT_TRUE(v.how == ending::given_back);
  v = ask({window(100, 140), ended(ending::given_back, 135)});
  TEST_ASSERT_TRUE(v.how == ending::expired);
}

TEST(an_ended_record_counts_until_it_may_be_forgotten) {
  expect(reason::ended, ask({ended(ending::expired, 100)}, 999));
  expect(reason::no_window, ask({ended(ending::expired, 100)}, 1000));
  expect(reason::no_window, ask({ended(ending::expired, 160)}));
}

TEST(an_ended_record_opens_nothing_beside_a_window_it_does_not_shut_it) {
  expect(reason::allowed, ask({ended(ending::revoked, 120, 5), window()}));
}

TEST(bad_records_count_for_nothing) {
  auto with = [](auto change) {
    record r = window();
    change(r);
    return ask({r});
  };
  expect(reason::no_window, with([](record& r) { r.end = r.start; }));
  expect(reason::no_window, with([](record& r) { r.end = {r.start.ns - 1}; }));
  expect(reason::no_window, with([](record& r) { r.access = static_cast<access>(0); }));
  expect(reason::no_window, with([](record& r) { r.access = static_cast<access>(3); }));
  expect(reason::no_window, with([](record& r) { r.kind = static_cast<record_kind>(0); }));
  expect(reason::no_window, with([](record& r) { r.kind = static_cast<record_kind>(4); }));
  for (int how : {0, 4, 255}) {
    record r = ended(ending::revoked, 120);
    r.how = static_cast<ending>(how);
    expect(reason::no_window, ask({r}));
  }
  // A chain does not run over them either.
  record wrong = window(150, 300);
  wrong.access = static_cast<access>(9);
  TEST_ASSERT_EQUAL_INT64(at(200).ns, ask({window(), wrong}).until.ns);
}

TEST(a_bad_question_is_denied_even_by_a_record_that_is_bad_alike) {
  for (int by : {0, 5, 255}) {
    question q = alice;
    record r = window();
    q.who.proved_by = r.who.proved_by = static_cast<identity_class>(by);
    expect(reason::no_window, ask({r}, 150, q));
  }
  for (int kind : {0, 3, 255}) {
    question q = alice;
    record r = window();
    q.where.kind = r.where.kind = static_cast<point_kind>(kind);
    expect(reason::no_window, ask({r}, 150, q));
  }
  for (int least : {0, 3, 255}) {
    question q = alice;
    q.at_least = static_cast<access>(least);
    expect(reason::no_window, ask({window()}, 150, q));
  }
  question q = alice;
  record r = window();
  q.who.name = r.who.name = {};
  expect(reason::no_window, ask({r}, 150, q));
}

TEST(thirty_two_windows_allow_and_thirty_three_deny) {
  std::vector<record> many(32, window());
  expect(reason::allowed, ask(many));
  record elsewhere = window();
  elsewhere.where.database = "stock";
  many.push_back(elsewhere);
  expect(reason::no_window, ask(many));
  many.push_back(ended(ending::revoked, 120));
  expect(reason::revoked, ask(many));  // what is no window still tells why
  many.push_back(lock(140, 160));
  expect(reason::locked, ask(many));
}

TEST(windows_of_others_do_not_count_towards_the_thirty_two) {
  std::vector<record> many(40, window());
  for (record& r : many) r.who.name = "bob";
  many.push_back(window());
  expect(reason::allowed, ask(many));
}

TEST(a_clock_that_cannot_be_read_opens_nothing) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max(), least = std::numeric_limits<int64_t>::min();
  record r = window();
  r.start = {least};
  r.end = {most};
  const std::vector<record> all{r};
  expect(reason::ended, decide(all, alice, {most}));  // what boot_now() then gives
  expect(reason::allowed, decide(all, alice, {most - 1}));
  expect(reason::allowed, decide(all, alice, {least}));
}
