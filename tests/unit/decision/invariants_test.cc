// SPDX-License-Identifier: Apache-2.0
// The invariants of DESIGN section 5 that are decide()'s, each over random cases (GRANTD_SEED repeats a run).
#include <algorithm>
#include <string>

#include "decision/decide.h"
#include "support/unity.h"
#include "unit/base/hostile_environment.h"
#include "unit/decision/random_case.h"
#include "unit/decision/reference.h"

using namespace grantd::decision;
using namespace grantd::test;

namespace {

constexpr int cases = 120'000;

// Allowed and denied must both have been met often, or the property was tested on nothing.
struct balance {
  unsigned allowed = 0, denied = 0;
  void count(const verdict& v) { ++(v.allows() ? allowed : denied); }
  ~balance() = default;
  void enough() const { TEST_ASSERT_TRUE(allowed > cases / 20 && denied > cases / 20); }
};

}  // namespace

TEST(decide_gives_what_the_slow_model_gives) {
  random_case random(seed());
  balance met;
  unsigned by_reason[7] = {};
  for (int i = 0; i < cases; ++i) {
    question q = random.question();
    records all = random.some_records(q);
    int64_t now = random.tick();
    verdict v = decide(all, q, {now});
    TEST_ASSERT_TRUE_MESSAGE(same(v, reference(all, q, now)), "case " + std::to_string(i));
    met.count(v);
    ++by_reason[static_cast<unsigned>(v.why)];
  }
  met.enough();
  for (unsigned r = 0; r < 6; ++r) TEST_ASSERT_TRUE_MESSAGE(by_reason[r] > 100, std::to_string(r));
  TEST_ASSERT_EQUAL_INT(0, by_reason[static_cast<unsigned>(reason::table_bad)]);
}

TEST(i1_allow_implies_a_matching_window_open_now_and_at_every_tick_until_the_end) {
  random_case random(seed());
  balance met;
  for (int i = 0; i < cases; ++i) {
    question q = random.question();
    records all = random.some_records(q);
    int64_t now = random.tick();
    verdict v = decide(all, q, {now});
    met.count(v);
    if (!v.allows()) continue;
    TEST_ASSERT_TRUE(v.until.ns > now);
    TEST_ASSERT_TRUE(v.given >= q.at_least);
    for (int64_t t = now; t < v.until.ns; ++t) TEST_ASSERT_TRUE(is_open(all, q, v.given, t));
    TEST_ASSERT_FALSE(is_open(all, q, v.given, v.until.ns));
    TEST_ASSERT_TRUE(std::any_of(all.begin(), all.end(), [&](const record& r) {
      return r.grant == v.grant && is_window_for(r, q, v.given) && r.end == v.until;
    }));
    TEST_ASSERT_TRUE(std::none_of(all.begin(), all.end(), [&](const record& r) {
      return r.kind == record_kind::lock && r.who == q.who && contains(r.where, q.where) &&
             r.start.ns <= now && now < r.end.ns;
    }));
  }
  met.enough();
}

// Once every window of what is asked is over, no later time and no ended record lets anybody in again; and
// turning windows into `ended` records never allows what was denied.
TEST(i2_expired_and_revoked_are_absorbing) {
  random_case random(seed());
  unsigned absorbed = 0, revoked = 0;
  for (int i = 0; i < cases; ++i) {
    question q = random.question();
    records all = random.some_records(q);
    int64_t last_end = -10;
    for (const record& r : all) {
      if (r.kind == record_kind::window) last_end = std::max(last_end, r.end.ns);
    }
    verdict over = decide(all, q, {last_end + static_cast<int64_t>(random.below(40))});
    TEST_ASSERT_FALSE(over.allows());
    if (over.why == reason::ended || over.why == reason::revoked) ++absorbed;

    int64_t now = random.tick();
    verdict before = decide(all, q, {now});
    for (record& r : all) {
      if (r.kind != record_kind::window || !random.one_in(2)) continue;
      r.kind = record_kind::ended;
      r.how = ending::revoked;
      r.start = {std::min(r.start.ns, now)};
      r.end = {now + 900};
    }
    // Fewer than 33 windows may be left of more: then the rest count again, and rightly.
    verdict after = decide(all, q, {now});
    unsigned windows = 0;
    for (const record& r : all) windows += r.who == q.who ? 1 : 0;
    if (windows <= max_windows_per_account && !before.allows()) TEST_ASSERT_FALSE(after.allows());
    if (before.allows() && !after.allows()) {
      TEST_ASSERT_TRUE(after.why == reason::revoked || after.why == reason::ended ||
                       after.why == reason::not_yet);
      ++revoked;
    }
  }
  TEST_ASSERT_TRUE(absorbed > cases / 20);
  TEST_ASSERT_TRUE(revoked > cases / 50);
}

TEST(i7_what_is_not_understood_denies) {
  random_case random(seed());
  balance met;
  for (int i = 0; i < cases; ++i) {
    question q = random.question();
    records all = random.some_records(q);
    int64_t now = random.tick();
    TEST_ASSERT_FALSE(decide({}, q, {now}).allows());

    // Nonsense beside the records opens nothing: it may only make them too many.
    records with_bad = all, only_bad = all;
    for (record& r : only_bad) random.spoil(r);
    with_bad.insert(with_bad.end(), only_bad.begin(), only_bad.end());
    verdict clean = decide(all, q, {now});
    met.count(clean);
    TEST_ASSERT_FALSE(decide(only_bad, q, {now}).allows());
    if (!clean.allows()) TEST_ASSERT_FALSE(decide(with_bad, q, {now}).allows());

    // Nor does a question that is nonsense itself, even where a record holds the same.
    question bad = q;
    switch (random.below(4)) {
      case 0:
        bad.who.name = {};
        break;
      case 1:
        bad.who.proved_by = static_cast<identity_class>(random.one_in(2) ? 0 : 5 + random.below(251));
        break;
      case 2:
        bad.where.kind = static_cast<point_kind>(random.one_in(2) ? 0 : 3 + random.below(253));
        break;
      default:
        bad.at_least = static_cast<grantd::decision::access>(random.one_in(2) ? 0 : 3 + random.below(253));
        break;
    }
    for (record& r : all) {
      r.who = bad.who;
      r.where.kind = bad.where.kind;
      r.access = std::max(r.access, bad.at_least);
    }
    TEST_ASSERT_TRUE(decide(all, bad, {now}).why == reason::no_window);
  }
  met.enough();
}

TEST(i9_environment_changes_no_decision) {
  auto decisions = [] {
    random_case random(seed());
    std::vector<verdict> all;
    for (int i = 0; i < cases / 6; ++i) {
      question q = random.question();
      records r = random.some_records(q);
      all.push_back(decide(r, q, {random.tick()}));
    }
    return all;
  };
  const std::vector<verdict> calm = decisions();
  unsigned tried = 0;
  each_hostile_environment([&](const std::string& which) {
    ++tried;
    std::vector<verdict> now = decisions();
    TEST_ASSERT_TRUE_MESSAGE(std::equal(calm.begin(), calm.end(), now.begin(), now.end(), same), which);
  });
  TEST_ASSERT_TRUE(tried >= 6);
}

// A session keeps what it was given: no later moment before `until` denies or shortens it, windows that open
// beside it do not matter, and windows that end do not while another covers it.
TEST(i10_a_session_stays_while_a_window_covers_it) {
  random_case random(seed());
  unsigned sessions = 0, relieved = 0;
  for (int i = 0; i < cases * 2; ++i) {
    question q = random.question();
    q.live = false;
    records all = random.some_records(q);
    std::erase_if(all, [](const record& r) { return r.kind == record_kind::lock; });
    int64_t now = random.tick();
    for (uint64_t n = random.below(4); n != 0; --n) {  // more that are open together
      record beside = random.record(q);
      beside.kind = record_kind::window;
      beside.start = {now - static_cast<int64_t>(random.below(3))};
      beside.end = {now + static_cast<int64_t>(random.below(6))};
      all.push_back(beside);
    }
    verdict in = decide(all, q, {now});
    if (!in.allows()) continue;
    ++sessions;
    question session = q;
    session.at_least = in.given;
    session.live = true;
    for (int64_t t = now; t < in.until.ns; ++t) {
      verdict still = decide(all, session, {t});
      TEST_ASSERT_TRUE(still.allows());
      TEST_ASSERT_TRUE(still.given == in.given);
      TEST_ASSERT_EQUAL_INT64(in.until.ns, still.until.ns);
    }
    TEST_ASSERT_FALSE(decide(all, session, {in.until.ns}).allows());
    if (all.size() >= max_windows_per_account) continue;

    records more = all;
    record extra = random.record(q);
    extra.kind = record_kind::window;
    more.push_back(extra);
    TEST_ASSERT_TRUE(decide(more, session, {now}).until >= in.until);

    records less = all;
    size_t gone = random.below(less.size());
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(gone));
    verdict rest = decide(less, session, {now});
    TEST_ASSERT_TRUE(rest.allows() == is_open(less, session, in.given, now));
    TEST_ASSERT_TRUE(!rest.allows() || rest.until <= in.until);
    if (rest.allows() && is_window_for(all[gone], session, in.given) && all[gone].start.ns <= now &&
        now < all[gone].end.ns) {
      ++relieved;
    }
  }
  TEST_ASSERT_TRUE(sessions > cases / 10);
  TEST_ASSERT_TRUE(relieved > 1000);
}

TEST(the_order_of_records_changes_nothing) {
  random_case random(seed());
  for (int i = 0; i < cases; ++i) {
    question q = random.question();
    records all = random.some_records(q);
    int64_t now = random.tick();
    verdict v = decide(all, q, {now});
    std::reverse(all.begin(), all.end());
    TEST_ASSERT_TRUE(same(v, decide(all, q, {now})));
  }
}
