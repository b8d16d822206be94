// SPDX-License-Identifier: Apache-2.0
// Requests: what goes in comes out; approved by others, ended once, granted by the grant made for them.
#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using store::error;
using store::request;
using state = store::request::state;
using check_state = store::store::check_state;

std::string record_text(store::store& s, size_t from_the_end = 0) {
  auto rows = s.audit(s.sequence() - 1 - from_the_end, 1);
  TEST_ASSERT_TRUE(rows && rows->size() == 1);
  std::string out = rows->front().event + "@" + std::to_string(rows->front().at.us);
  for (const auto& [key, value] : rows->front().fields) out += " " + key + "=" + value;
  return out;
}

std::expected<void, error> approve(store::store& s, uint64_t number, const store::approval& a) {
  return in_batch(s, [&] { return s.add_approval(number, a); });
}

std::expected<void, error> end(store::store& s, uint64_t number, state how, uint64_t grant = 0) {
  return in_batch(
      s, [&] { return s.end_request(number, how, "carol", "why", grant, base::utc_time{9'000'000}); });
}

std::vector<uint64_t> pending(store::store& s) {
  std::vector<uint64_t> out;
  TEST_ASSERT_TRUE(s.each_pending([&](request&& r) {
                      out.push_back(r.number);
                      return true;
                    }).has_value());
  return out;
}

void same(const request& want, const request& got) {
  TEST_ASSERT_EQUAL_STRING(want.person, got.person);
  TEST_ASSERT_EQUAL_STRING(want.resource, got.resource);
  TEST_ASSERT_EQUAL_STRING(want.role, got.role);
  TEST_ASSERT_EQUAL_STRING(want.reason, got.reason);
  TEST_ASSERT_TRUE(want.read_write == got.read_write);
  TEST_ASSERT_TRUE(want.break_glass == got.break_glass);
  TEST_ASSERT_TRUE(want.first_use == got.first_use);
  TEST_ASSERT_TRUE(want.is_signed == got.is_signed);
  TEST_ASSERT_EQUAL_INT(want.needs, got.needs);
  TEST_ASSERT_EQUAL_INT64(want.for_us, got.for_us);
  TEST_ASSERT_TRUE(want.start.has_value() == got.start.has_value());
  if (want.start) TEST_ASSERT_EQUAL_INT64(want.start->us, got.start->us);
  TEST_ASSERT_TRUE(want.until == got.until);
  TEST_ASSERT_EQUAL_UINT64(want.extends, got.extends);
  TEST_ASSERT_EQUAL_STRING(want.rule, got.rule);
  TEST_ASSERT_EQUAL_STRING(want.made_by, got.made_by);
  TEST_ASSERT_EQUAL_INT64(want.made.us, got.made.us);
  TEST_ASSERT_EQUAL_INT64(want.lapses.us, got.lapses.us);
  TEST_ASSERT_TRUE(want.scopes == got.scopes);
}

TEST(a_request_survives_closing_and_opening_again) {
  temp_dir dir;
  request all = a_request();
  request bare = a_request();
  {
    auto s = open_in(dir.path());
    all.extends = add(*s);
    all.role = "app";
    all.read_write = all.first_use = true;
    all.is_signed = false;
    all.start = base::utc_time{-5};
    all.until = base::utc_time{all.made.us + 1};
    all.made_by = "bot";
    all.reason = std::string("a\0b'\";--\xc3\xa9", 10);
    TEST_ASSERT_EQUAL_UINT64(32768, ask(*s, all));
    bare.reason.clear();
    bare.needs = 0;
    bare.break_glass = true;
    TEST_ASSERT_EQUAL_UINT64(32769, ask(*s, bare));
  }
  auto s = open_in(dir.path());
  auto got = s->find_request(32768);
  TEST_ASSERT_TRUE(got.has_value());
  same(all, *got);
  TEST_ASSERT_TRUE(got->is == state::pending && got->grant == 0 && got->approvals.empty());
  got = s->find_request(32769);
  TEST_ASSERT_TRUE(got.has_value());
  same(bare, *got);
  TEST_ASSERT_TRUE((pending(*s) == std::vector<uint64_t>{32768, 32769}));
  auto none = s->find_request(7);
  TEST_ASSERT_TRUE(!none && none.error() == error::not_found);
  none = s->find_request(UINT64_MAX);
  TEST_ASSERT_TRUE(!none && none.error() == error::not_found);
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
  check_audit(*s);
}

TEST(approvals_are_kept_in_the_order_they_came) {
  temp_dir dir;
  uint64_t number = 0;
  {
    auto s = open_in(dir.path());
    number = ask(*s);
    TEST_ASSERT_TRUE(approve(*s, number, an_approval("zoe")).has_value());
    auto second = an_approval("bob");
    second.for_us = 1;
    second.text = "other\n";
    TEST_ASSERT_TRUE(approve(*s, number, second).has_value());
  }
  auto s = open_in(dir.path());
  auto r = s->find_request(number);
  TEST_ASSERT_TRUE(r && r->approvals.size() == 2);
  TEST_ASSERT_EQUAL_STRING("zoe", r->approvals[0].person);
  TEST_ASSERT_EQUAL_STRING("bob", r->approvals[1].person);
  const auto want = an_approval("zoe");
  TEST_ASSERT_EQUAL_INT64(want.at.us, r->approvals[0].at.us);
  TEST_ASSERT_EQUAL_INT64(want.for_us, r->approvals[0].for_us);
  TEST_ASSERT_EQUAL_STRING(want.key, r->approvals[0].key);
  TEST_ASSERT_EQUAL_STRING(want.signature, r->approvals[0].signature);
  TEST_ASSERT_EQUAL_STRING(want.text, r->approvals[0].text);
  TEST_ASSERT_EQUAL_STRING("other\n", r->approvals[1].text);
  size_t seen = 0;
  TEST_ASSERT_TRUE(s->each_pending([&](request&& p) {
                      seen += p.approvals.size();
                      return true;
                    }).has_value());
  TEST_ASSERT_EQUAL_INT(2, seen);
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
}

TEST(an_approval_that_does_not_count_is_refused) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t number = ask(*s);
  TEST_ASSERT_TRUE(approve(*s, 7, an_approval()).error() == error::not_found);
  TEST_ASSERT_TRUE(approve(*s, number, an_approval("alice")).error() == error::invalid);  // her own
  auto a = an_approval();
  a.for_us = a_request().for_us + 1;
  TEST_ASSERT_TRUE(approve(*s, number, a).error() == error::invalid);
  a = an_approval();
  a.key.clear();
  TEST_ASSERT_TRUE(approve(*s, number, a).error() == error::invalid);
  a.signature.clear();  // by uid, where a signature is asked for
  TEST_ASSERT_TRUE(approve(*s, number, a).error() == error::invalid);
  TEST_ASSERT_TRUE(approve(*s, number, an_approval()).has_value());
  TEST_ASSERT_TRUE(approve(*s, number, an_approval()).error() == error::invalid);  // bob twice
  TEST_ASSERT_TRUE(end(*s, number, state::denied).has_value());
  TEST_ASSERT_TRUE(approve(*s, number, an_approval("carol")).error() == error::not_open);
  TEST_ASSERT_EQUAL_INT(1, s->find_request(number)->approvals.size());
  TEST_ASSERT_EQUAL_UINT64(3, s->sequence());  // refused changes leave no record

  auto by_uid = a_request();
  by_uid.is_signed = false;
  number = ask(*s, by_uid);
  TEST_ASSERT_TRUE(approve(*s, number, a).has_value());
  TEST_ASSERT_EQUAL_STRING("", s->find_request(number)->approvals[0].key);
  check_audit(*s);
}

TEST(each_way_a_request_ends_is_final_and_the_first_one_stands) {
  temp_dir dir;
  auto s = open_in(dir.path());
  for (state how : {state::denied, state::cancelled, state::lapsed}) {
    uint64_t number = ask(*s);
    TEST_ASSERT_TRUE(end(*s, number, how).has_value());
    uint64_t before = s->sequence();
    for (state again : {state::denied, state::cancelled, state::lapsed})
      TEST_ASSERT_TRUE(end(*s, number, again).error() == error::not_open);
    TEST_ASSERT_EQUAL_UINT64(before, s->sequence());
    auto r = s->find_request(number);
    TEST_ASSERT_TRUE(r && r->is == how && r->ended.us == 9'000'000 && r->ended_by == "carol" &&
                     r->ended_reason == "why" && r->grant == 0);
  }
  TEST_ASSERT_TRUE(pending(*s).empty());
  uint64_t number = ask(*s);
  TEST_ASSERT_TRUE(end(*s, 7, state::denied).error() == error::not_found);
  TEST_ASSERT_TRUE(end(*s, number, state::pending).error() == error::invalid);
  TEST_ASSERT_TRUE(end(*s, number, state::denied, 32768).error() == error::invalid);
  TEST_ASSERT_TRUE(end(*s, number, state::granted).error() == error::invalid);
  TEST_ASSERT_TRUE(end(*s, number, state::granted, 32768).error() == error::invalid);  // no such grant
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
  check_audit(*s);
}

TEST(a_request_is_granted_by_the_grant_made_for_it_when_its_approvals_are_there) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t number = ask(*s);
  uint64_t other = add(*s);
  auto grant = a_grant();
  grant.request = number;
  auto all = [&](int approvals) -> std::expected<void, error> {
    TEST_ASSERT_TRUE(s->begin().has_value());
    if (approvals >= 1) TEST_ASSERT_TRUE(s->add_approval(number, an_approval("bob")).has_value());
    if (approvals >= 2) TEST_ASSERT_TRUE(s->add_approval(number, an_approval("zoe")).has_value());
    auto g = s->add_grant(grant);
    TEST_ASSERT_TRUE(g.has_value());
    auto wrong = s->end_request(number, state::granted, "zoe", "", other, base::utc_time{4});
    TEST_ASSERT_TRUE(!wrong && wrong.error() == error::invalid);
    auto r = s->end_request(number, state::granted, "zoe", "", *g, base::utc_time{4});
    if (r) return s->commit(false);
    s->rollback();
    return r;
  };
  TEST_ASSERT_TRUE(all(1).error() == error::invalid);
  TEST_ASSERT_TRUE(s->find_request(number)->approvals.empty());
  TEST_ASSERT_TRUE(all(2).has_value());
  auto r = s->find_request(number);
  TEST_ASSERT_TRUE(r && r->is == state::granted && r->grant == other + 1);
  TEST_ASSERT_EQUAL_UINT64(number, s->find(r->grant)->request);
  TEST_ASSERT_TRUE(pending(*s).empty());
  TEST_ASSERT_TRUE(end(*s, number, state::cancelled).error() == error::not_open);
  auto again = in_batch(*s, [&] { return s->add_grant(grant); });
  TEST_ASSERT_TRUE(!again && again.error() == error::invalid);
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
  check_audit(*s);
}

TEST(a_grant_comes_of_a_pending_request_for_the_same) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t number = ask(*s);
  auto refused = [&](store::grant g, uint64_t of) {
    g.request = of;
    auto r = in_batch(*s, [&] { return s->add_grant(g); });
    return !r && r.error() == error::invalid;
  };
  TEST_ASSERT_TRUE(refused(a_grant(), 7));
  TEST_ASSERT_TRUE(refused(a_grant(), UINT64_MAX));
  TEST_ASSERT_TRUE(refused(a_grant("bob"), number));
  auto g = a_grant();
  g.resource = "web";
  TEST_ASSERT_TRUE(refused(g, number));
  g = a_grant();
  g.break_glass = true;
  TEST_ASSERT_TRUE(refused(g, number));
  TEST_ASSERT_TRUE(end(*s, number, state::denied).has_value());
  TEST_ASSERT_TRUE(refused(a_grant(), number));
}

TEST(a_request_the_schema_refuses_leaves_the_batch_as_it_was) {
  temp_dir dir;
  auto s = open_in(dir.path());
  std::vector<request> bad(11, a_request());
  for (size_t i = 6; i < 9; ++i) bad[i].until = base::utc_time{bad[i].made.us + bad[i].for_us};
  bad[0].person.clear();
  bad[1].resource.clear();
  bad[2].for_us = 0;
  bad[3].lapses.us = bad[3].made.us - 1;
  bad[4].is = state::granted;
  bad[5].approvals.push_back(an_approval());
  bad[6].extends = 99;
  bad[7].extends = add(*s, a_grant("bob"));
  bad[8].extends = UINT64_MAX;
  bad[9].extends = add(*s);  // without an end
  bad[10].until = bad[10].made;
  TEST_ASSERT_TRUE(s->begin().has_value());
  for (const request& r : bad) {
    auto got = s->add_request(r);
    TEST_ASSERT_TRUE(!got && got.error() == error::invalid);
  }
  auto number = s->add_request(a_request());
  TEST_ASSERT_TRUE(number.has_value());
  TEST_ASSERT_EQUAL_UINT64(32768, *number);
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  TEST_ASSERT_EQUAL_UINT64(3, s->sequence());
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
  check_audit(*s);
}

TEST(request_numbers_go_forward_only) {
  temp_dir dir;
  auto s = open_in(dir.path());
  TEST_ASSERT_EQUAL_UINT64(32768, ask(*s));
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->add_request(a_request()).has_value());
  s->rollback();
  TEST_ASSERT_EQUAL_UINT64(32769, ask(*s));
  TEST_ASSERT_TRUE(end(*s, 32769, state::cancelled).has_value());
  s.reset();
  s = open_in(dir.path());
  TEST_ASSERT_EQUAL_UINT64(32770, ask(*s));
  TEST_ASSERT_TRUE(check_all(*s) == check_state::done);
}

TEST(the_audit_says_what_became_of_a_request) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t old = add(*s);
  request r = a_request();
  r.role = "app";
  r.read_write = r.break_glass = r.first_use = true;
  r.is_signed = false;
  r.start = base::utc_time{8};
  r.until = base::utc_time{9'000'000};
  r.extends = old;
  r.needs = 0;
  r.scopes.resize(1);
  uint64_t number = ask(*s, r);
  TEST_ASSERT_EQUAL_STRING(
      "request@1000000 request=32768 person=alice resource=orders-db role=app access=read-write "
      "break_glass=yes for_us=3600000000 start_us=8 until_us=9000000 first_use=yes extends=32768 "
      "rule=read-orders needs=0 "
      "signed=no lapses_us=2000000 by=alice reason=OPS-12 scope=os:alice at pam:sshd, full",
      record_text(*s));
  auto g = a_grant();
  g.request = number;
  g.break_glass = true;
  g.first_use_us = 60'000'000;
  g.scopes.resize(1);
  TEST_ASSERT_TRUE(s->begin().has_value());
  auto opened = s->add_grant(g);
  TEST_ASSERT_TRUE(opened.has_value());
  TEST_ASSERT_TRUE(
      s->end_request(number, state::granted, "alice", "x", *opened, base::utc_time{7}).has_value());
  TEST_ASSERT_TRUE(s->commit(false).has_value());
  TEST_ASSERT_EQUAL_STRING(
      "grant@1000000 grant=32769 person=alice resource=orders-db not_before_us=1000000 "
      "not_after_us=3601000000 by=root reason=ticket 7 request=32768 break_glass=yes "
      "first_use_us=60000000 scope=os:alice at pam:sshd, full",
      record_text(*s, 1));
  TEST_ASSERT_EQUAL_STRING("granted@7 request=32768 grant=32769 by=alice", record_text(*s));

  r = a_request();
  r.scopes.clear();
  r.needs = 1;
  number = ask(*s, r);
  TEST_ASSERT_EQUAL_STRING(
      "request@1000000 request=32769 person=alice resource=orders-db access=read-only for_us=3600000000 "
      "rule=read-orders needs=1 signed=yes lapses_us=2000000 by=alice reason=OPS-12",
      record_text(*s));
  TEST_ASSERT_TRUE(approve(*s, number, an_approval()).has_value());
  TEST_ASSERT_EQUAL_STRING(
      "approve@1500000 request=32769 person=bob for_us=60000000 text=grantd approval\n "
      "key=ssh-ed25519 AAAA signature=-----BEGIN SSH SIGNATURE-----\n",
      record_text(*s));
  for (auto [how, word] :
       {std::pair{state::denied, "deny"}, {state::cancelled, "cancel"}, {state::lapsed, "lapse"}}) {
    number = ask(*s);
    TEST_ASSERT_TRUE(end(*s, number, how).has_value());
    TEST_ASSERT_EQUAL_STRING(std::string(word) + "@9000000 request=" + std::to_string(number) +
                                 " person=alice resource=orders-db by=carol reason=why",
                             record_text(*s));
  }
  check_audit(*s);
}

}  // namespace
}  // namespace grantd::test
