// SPDX-License-Identifier: Apache-2.0
// The numbers that policy/ repeats because it may not include their owners: they must be the owners' own.
#include "decision/decide.h"
#include "policy/policy.h"
#include "support/unity.h"
#include "table/format.h"

using namespace grantd;

TEST(what_policy_lets_through_fits_the_window_table) {
  TEST_ASSERT_EQUAL_UINT64(table::max_strings, policy::max_scope_strings);
  TEST_ASSERT_EQUAL_UINT64(decision::max_windows_per_account, policy::max_scopes_per_account);
}

TEST(classes_and_kinds_have_the_numbers_of_a_decision) {
  policy::person who;
  who.os = {"o"};
  who.pg = {"p"};
  who.dn = {"d"};
  who.krb = {"k"};
  policy::resource what;
  what.login_points = {{policy::login_point::kind::postgres, "m", "d", false, false}};
  const decision::identity_class expected[] = {decision::identity_class::pg, decision::identity_class::os,
                                               decision::identity_class::dn, decision::identity_class::krb};
  auto scopes = scopes_of(who, what);
  TEST_ASSERT_EQUAL_UINT64(std::size(expected), scopes.size());
  for (size_t i = 0; i < scopes.size(); ++i) TEST_ASSERT_EQUAL_INT(expected[i], scopes[i].proved_by);
  TEST_ASSERT_EQUAL_INT(decision::point_kind::pam, policy::login_point::kind::pam);
  TEST_ASSERT_EQUAL_INT(decision::point_kind::postgres, policy::login_point::kind::postgres);
}
