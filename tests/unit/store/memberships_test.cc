// SPDX-License-Identifier: Apache-2.0
// Memberships: one row each, audited when given and when taken back; scopes that carry a role.
#include "store/blob.h"
#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

std::vector<std::string> rows(store::store& s) {
  std::vector<std::string> out;
  TEST_ASSERT_TRUE(s.each_membership([&](store::membership&& m) {
                      out.push_back(m.system + "/" + m.account + "/" + m.role + (m.given ? "+" : "?"));
                      return true;
                    }).has_value());
  return out;
}

std::string events(store::store& s) {
  std::string out;
  const auto records = s.audit(0, 100);
  TEST_ASSERT_TRUE(records.has_value());
  for (const auto& r : *records) {
    out += r.event + ":";
    for (const auto& [key, value] : r.fields) out += " " + key + "=" + value;
    out += "\n";
  }
  return out;
}

const store::membership alices{"main", "alice", "reader", false};

}  // namespace

TEST(a_membership_is_one_row_that_is_audited_when_it_is_given_and_taken_back) {
  temp_dir dir;
  auto s = open_in(dir.path());
  auto given = alices;
  given.given = true;
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->set_membership(alices, {}); }).has_value());
  TEST_ASSERT_EQUAL_STRING("", events(*s));
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->set_membership(given, {}); }).has_value());
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->set_membership(given, {}); }).has_value());
  TEST_ASSERT_EQUAL_STRING("member: system=main account=alice role=reader\n", events(*s));
  s.reset();
  s = open_in(dir.path());
  TEST_ASSERT_TRUE(rows(*s) == std::vector<std::string>{"main/alice/reader+"});
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->set_membership(alices, {}); }).has_value());
  TEST_ASSERT_TRUE(rows(*s) == std::vector<std::string>{"main/alice/reader?"});
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->end_membership(alices, {}); }).has_value());
  TEST_ASSERT_TRUE(rows(*s).empty());
  TEST_ASSERT_EQUAL_STRING(
      "member: system=main account=alice role=reader\nmember-end: system=main account=alice role=reader\n",
      events(*s));
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->end_membership(alices, {}); }).error() ==
                   store::error::not_found);
  check_audit(*s);
}

TEST(a_membership_without_names_is_refused) {
  temp_dir dir;
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(in_batch(*s, [&] { return s->set_membership({"main", "", "reader"}, {}); }).error() ==
                   store::error::invalid);
}

TEST(a_scope_keeps_its_role_and_one_without_is_stored_as_ever) {
  policy::scope s{
      2, "alice", {policy::login_point::kind::postgres, "main", "orders", false, false}, "alice", false};
  const std::vector<policy::scope> plain{s};
  s.member_of = "reader";
  const std::vector<policy::scope> both{plain[0], s};
  auto old = store::encode_scopes(plain);
  auto fresh = store::encode_scopes(both);
  TEST_ASSERT_EQUAL_INT(1, old->front());
  TEST_ASSERT_EQUAL_INT(2, fresh->front());
  TEST_ASSERT_TRUE(store::decode_scopes(*old) == plain);
  TEST_ASSERT_TRUE(store::decode_scopes(*fresh) == both);
  fresh->push_back(0);
  TEST_ASSERT_FALSE(store::decode_scopes(*fresh).has_value());
  TEST_ASSERT_EQUAL_STRING("pg:alice at pg:main/orders as alice, read-only", store::print_scope(plain[0]));
  TEST_ASSERT_EQUAL_STRING("pg:alice at pg:main/orders as alice, read-only, member of reader",
                           store::print_scope(s));
}

TEST(a_shell_is_never_called_read_only) {
  const policy::scope s{1, "alice", {policy::login_point::kind::pam, "sshd", "", false, false}, "", false};
  TEST_ASSERT_EQUAL_STRING("os:alice at pam:sshd, full", store::print_scope(s));
}

}  // namespace grantd::test
