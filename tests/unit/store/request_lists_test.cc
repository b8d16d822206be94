// SPDX-License-Identifier: Apache-2.0
// Listings of requests, and the quota of those granted without an approval.
#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using store::error;
using store::request;
using state = store::request::state;
using filter = store::store::request_filter;

void end(store::store& s, uint64_t number, state how, int64_t at_us) {
  TEST_ASSERT_TRUE(in_batch(s, [&] {
                     return s.end_request(number, how, "root", "", 0, base::utc_time{at_us});
                   }).has_value());
}

// Asked for and granted in one batch.
uint64_t serve_oneself(store::store& s, const request& r) {
  TEST_ASSERT_TRUE(s.begin().has_value());
  auto number = s.add_request(r);
  TEST_ASSERT_TRUE(number.has_value());
  auto g = a_grant(r.person);
  g.request = *number;
  auto grant = s.add_grant(g);
  TEST_ASSERT_TRUE(grant.has_value());
  TEST_ASSERT_TRUE(s.end_request(*number, state::granted, r.person, "", *grant, r.made).has_value());
  TEST_ASSERT_TRUE(s.commit(false).has_value());
  return *number;
}

TEST(requests_are_filtered_limited_and_newest_first) {
  temp_dir dir;
  auto s = open_in(dir.path());
  std::vector<uint64_t> n;
  for (int i = 0; i < 6; ++i) {
    request r = a_request(i % 2 == 0 ? "alice" : "bob");
    if (i >= 4) r.resource = "web";
    n.push_back(ask(*s, r));
  }
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->add_approval(n[3], an_approval("zoe")); }).has_value());
  end(*s, n[5], state::denied, 100);
  end(*s, n[0], state::lapsed, 200);
  auto numbers = [&](const filter& f) {
    auto r = s->requests(f);
    TEST_ASSERT_TRUE(r.has_value());
    std::vector<uint64_t> out;
    for (const request& one : *r) {
      out.push_back(one.number - n[0]);
      TEST_ASSERT_EQUAL_INT(one.number == n[3] ? 1 : 0, one.approvals.size());
    }
    return out;
  };
  using v = std::vector<uint64_t>;
  TEST_ASSERT_TRUE((numbers({}) == v{4, 3, 2, 1}));
  TEST_ASSERT_TRUE((numbers({.limit = 2}) == v{4, 3}));
  TEST_ASSERT_TRUE((numbers({.person = "alice"}) == v{4, 2}));
  TEST_ASSERT_TRUE((numbers({.resource = "web"}) == v{4}));
  TEST_ASSERT_TRUE((numbers({.person = "alice", .resource = "web"}) == v{4}));
  TEST_ASSERT_TRUE((numbers({.person = "nobody"}) == v{}));
  TEST_ASSERT_TRUE((numbers({.pending_only = false}) == v{5, 4, 3, 2, 1, 0}));
  TEST_ASSERT_TRUE((numbers({.pending_only = false, .limit = 2}) == v{5, 4}));
  TEST_ASSERT_TRUE((numbers({.person = "alice", .pending_only = false}) == v{4, 2, 0}));
  TEST_ASSERT_TRUE((numbers({.resource = "web", .pending_only = false}) == v{5, 4}));
  TEST_ASSERT_TRUE((numbers({.person = "bob", .resource = "web", .pending_only = false}) == v{5}));
  // What ended long ago is left out, what is pending is not.
  const base::utc_time since{150};
  TEST_ASSERT_TRUE((numbers({.pending_only = false, .ended_since = since}) == v{4, 3, 2, 1, 0}));
  TEST_ASSERT_TRUE((numbers({.pending_only = false, .ended_since = since, .limit = 4}) == v{4, 3, 2, 1}));
  TEST_ASSERT_TRUE((numbers({.person = "bob", .pending_only = false, .ended_since = since}) == v{3, 1}));
  TEST_ASSERT_TRUE((numbers({.person = "alice", .pending_only = false, .ended_since = since}) == v{4, 2, 0}));
  TEST_ASSERT_TRUE((numbers({.resource = "web", .pending_only = false, .ended_since = since}) == v{4}));
  TEST_ASSERT_TRUE(
      (numbers({.resource = "web", .pending_only = false, .ended_since = base::utc_time{100}}) == v{5, 4}));
  TEST_ASSERT_TRUE(
      (numbers({.person = "alice", .resource = "web", .pending_only = false, .ended_since = since}) == v{4}));
}

TEST(a_reader_of_pending_requests_that_stops_is_asked_no_more) {
  temp_dir dir;
  auto s = open_in(dir.path());
  (void)ask(*s);
  (void)ask(*s);
  int seen = 0;
  TEST_ASSERT_TRUE(s->each_pending([&](request&&) { return ++seen < 1; }).has_value());
  TEST_ASSERT_EQUAL_INT(1, seen);
}

TEST(a_quota_counts_what_was_granted_without_an_approval_by_that_rule_since_then) {
  temp_dir dir;
  auto s = open_in(dir.path());
  request r = a_request("alice", 5000);
  r.needs = 0;
  (void)serve_oneself(*s, r);
  r.made.us = 6000;
  (void)serve_oneself(*s, r);
  r.rule = "other";
  (void)serve_oneself(*s, r);
  r = a_request("bob", 6000);
  r.needs = 0;
  (void)serve_oneself(*s, r);
  r = a_request("alice", 6000);
  r.needs = 0;
  (void)ask(*s, r);  // pending still
  end(*s, ask(*s, r), state::denied, 6000);
  auto count = [&](std::string_view person, std::string_view rule, int64_t since) {
    auto n = s->self_service_between(person, rule, base::utc_time{since - 1}, base::utc_time{INT64_MAX});
    TEST_ASSERT_TRUE(n.has_value());
    return *n;
  };
  TEST_ASSERT_EQUAL_INT(2, count("alice", "read-orders", 5000));
  TEST_ASSERT_EQUAL_INT(1, count("alice", "read-orders", 5001));
  auto begins = s->self_service_begins("alice", "read-orders", base::utc_time{5000});
  TEST_ASSERT_TRUE(begins.has_value());
  TEST_ASSERT_EQUAL_INT(1, begins->size());
  TEST_ASSERT_EQUAL_INT64(6000, begins->front().us);
  TEST_ASSERT_EQUAL_INT(0, count("alice", "read-orders", 6001));
  TEST_ASSERT_EQUAL_INT(1, count("alice", "other", 0));
  TEST_ASSERT_EQUAL_INT(1, count("bob", "read-orders", 0));
  TEST_ASSERT_EQUAL_INT(0, count("carol", "read-orders", 0));

  // One that was approved is none.
  request approved = a_request("alice", 6000);
  approved.needs = 1;
  uint64_t number = ask(*s, approved);
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->add_approval(number, an_approval()).has_value());
  auto g = a_grant();
  g.request = number;
  auto grant = s->add_grant(g);
  TEST_ASSERT_TRUE(grant.has_value());
  TEST_ASSERT_TRUE(s->end_request(number, state::granted, "bob", "", *grant, base::utc_time{7}).has_value());
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  TEST_ASSERT_EQUAL_INT(2, count("alice", "read-orders", 5000));
  TEST_ASSERT_TRUE(check_all(*s) == store::store::check_state::done);
}

}  // namespace
}  // namespace grantd::test
