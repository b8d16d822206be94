// SPDX-License-Identifier: Apache-2.0
// Break-glass grants wait until somebody else signs them off; windows are cut, never stretched; how far the
// audit has been written out is kept.
#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using store::error;

uint64_t break_glass(store::store& s, const std::string& person = "alice") {
  store::request r = a_request(person);
  r.needs = 0;
  r.break_glass = true;
  TEST_ASSERT_TRUE(s.begin().has_value());
  auto number = s.add_request(r);
  TEST_ASSERT_TRUE(number.has_value());
  auto g = a_grant(person);
  g.request = *number;
  g.break_glass = true;
  g.first_use_us = 60'000'000;
  auto grant = s.add_grant(g);
  TEST_ASSERT_TRUE(grant.has_value());
  TEST_ASSERT_TRUE(
      s.end_request(*number, store::request::state::granted, person, "", *grant, base::utc_time{3})
          .has_value());
  TEST_ASSERT_TRUE(s.commit(true).has_value());
  return *grant;
}

std::expected<void, error> review(store::store& s, uint64_t number, const std::string& by) {
  return in_batch(s, [&] { return s.review(number, by, "talked to her", base::utc_time{8'000'000}); });
}

std::vector<uint64_t> unreviewed(store::store& s, size_t limit = 100) {
  auto r = s.unreviewed(limit);
  TEST_ASSERT_TRUE(r.has_value());
  std::vector<uint64_t> out;
  for (const auto& g : *r) {
    out.push_back(g.number);
    TEST_ASSERT_TRUE(g.break_glass && g.reviewed_by.empty());
  }
  return out;
}

std::string last_record(store::store& s) {
  auto rows = s.audit(s.sequence() - 1, 1);
  TEST_ASSERT_TRUE(rows && rows->size() == 1);
  std::string out = rows->front().event + "@" + std::to_string(rows->front().at.us);
  for (const auto& [key, value] : rows->front().fields) out += " " + key + "=" + value;
  return out;
}

TEST(a_break_glass_grant_waits_until_somebody_else_signed_it_off) {
  temp_dir dir;
  uint64_t first = 0;
  uint64_t second = 0;
  {
    auto s = open_in(dir.path());
    (void)add(*s);
    first = break_glass(*s);
    second = break_glass(*s, "bob");
    end(*s, first);
  }
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE((unreviewed(*s) == std::vector<uint64_t>{second, first}));
  TEST_ASSERT_TRUE((unreviewed(*s, 1) == std::vector<uint64_t>{second}));
  auto g = s->find(first);
  TEST_ASSERT_TRUE(g && g->break_glass && g->request == 32768 && g->first_use_us == 60'000'000);
  TEST_ASSERT_TRUE(review(*s, first, "alice").error() == error::invalid);  // her own
  TEST_ASSERT_TRUE(review(*s, first, "bob").has_value());
  TEST_ASSERT_EQUAL_STRING("review@8000000 grant=32769 by=bob note=talked to her", last_record(*s));
  uint64_t before = s->sequence();
  TEST_ASSERT_TRUE(review(*s, first, "carol").error() == error::invalid);
  TEST_ASSERT_TRUE(review(*s, 32768, "carol").error() == error::invalid);  // no break-glass
  TEST_ASSERT_TRUE(review(*s, 7, "carol").error() == error::not_found);
  TEST_ASSERT_EQUAL_UINT64(before, s->sequence());
  TEST_ASSERT_TRUE((unreviewed(*s) == std::vector<uint64_t>{second}));
  s.reset();
  s = open_in(dir.path());
  g = s->find(first);
  TEST_ASSERT_TRUE(g && g->reviewed_by == "bob" && g->reviewed.us == 8'000'000);
  TEST_ASSERT_TRUE(check_all(*s) == store::store::check_state::done);
  check_audit(*s);
}

TEST(a_window_is_cut_and_never_stretched) {
  temp_dir dir;
  auto s = open_in(dir.path());
  uint64_t number = add(*s);
  const auto whole = a_grant();
  auto cut = [&](uint64_t which, int64_t until_us, int64_t end_ns) {
    return in_batch(*s, [&] {
      return s->shorten(which, base::utc_time{until_us}, base::boot_time{end_ns}, "first login",
                        base::utc_time{2'000'000});
    });
  };
  TEST_ASSERT_TRUE(cut(number, 62'000'000, 1000).has_value());
  TEST_ASSERT_EQUAL_STRING("shorten@2000000 grant=32768 not_after_us=62000000 why=first login",
                           last_record(*s));
  auto g = s->find(number);
  TEST_ASSERT_TRUE(g && g->not_after.us == 62'000'000 && g->mapped.end.ns == 1000 &&
                   g->mapped.start == whole.mapped.start);
  uint64_t before = s->sequence();
  TEST_ASSERT_TRUE(cut(number, 62'000'000, 1000).has_value());  // again: done already
  TEST_ASSERT_TRUE(cut(number, 62'000'001, 1000).error() == error::invalid);
  TEST_ASSERT_TRUE(cut(number, 61'000'000, 1001).error() == error::invalid);
  TEST_ASSERT_TRUE(cut(number, whole.not_before.us, 1000).error() == error::invalid);  // no window left
  TEST_ASSERT_TRUE(cut(7, 1, 1).error() == error::not_found);
  TEST_ASSERT_EQUAL_UINT64(before, s->sequence());
  end(*s, number);
  TEST_ASSERT_TRUE(cut(number, 61'000'000, 999).error() == error::not_open);
  check_audit(*s);
}

TEST(how_far_the_audit_was_written_out_is_kept) {
  temp_dir dir;
  auto s = open_in(dir.path());
  TEST_ASSERT_EQUAL_UINT64(0, s->exported());
  (void)add(*s);
  (void)add(*s);
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->set_exported(3); }).error() == error::invalid);
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->set_exported(2); }).has_value());
  TEST_ASSERT_EQUAL_UINT64(2, s->exported());
  TEST_ASSERT_TRUE(s->begin().has_value());
  TEST_ASSERT_TRUE(s->set_exported(1).has_value());
  s->rollback();
  TEST_ASSERT_EQUAL_UINT64(2, s->exported());
  s.reset();
  s = open_in(dir.path());
  TEST_ASSERT_EQUAL_UINT64(2, s->exported());
  TEST_ASSERT_EQUAL_UINT64(2, s->sequence());
}

TEST(a_store_keeps_its_name_and_no_other_has_it) {
  temp_dir dir;
  temp_dir other;
  auto name = open_in(dir.path())->uuid();
  TEST_ASSERT_TRUE(name != decltype(name){});
  TEST_ASSERT_TRUE(name == open_in(dir.path())->uuid());
  TEST_ASSERT_TRUE(name != open_in(other.path())->uuid());
}

}  // namespace
}  // namespace grantd::test
