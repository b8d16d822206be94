// SPDX-License-Identifier: Apache-2.0
// A request is approved by its own rule only: found by the model test, when a policy took a person out of the
// rule with one approval and left them the one with two.
#include "unit/daemon/asking.h"

using namespace grantd;
using namespace grantd::test;

namespace {

// The usual rules, in which "orders" no longer speaks of alice; "orders-write" still does.
std::string without_alice(std::string policy) {
  const std::string who = R"(who = ["alice", "bot"])";
  policy.replace(policy.find(who), who.size(), R"(who = "bot")");
  return policy;
}

}  // namespace

TEST(a_rule_that_no_longer_speaks_of_the_person_approves_nothing) {
  asking w;
  const std::string id = w.request();
  const std::string signed_text = w.text(id);
  w.policy = without_alice(w.policy);
  w.load(w.policy.c_str());
  w.turn();
  TEST_ASSERT_EQUAL_STRING("denied", w.state(id));  // though orders-write would let her ask
  TEST_ASSERT_EQUAL_STRING("NotPending", short_error(w.approve_text("bob", id, bob_key, signed_text)));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
  TEST_ASSERT_FALSE(w.allowed());
  w.again();
  TEST_ASSERT_EQUAL_STRING("NotPending", short_error(w.approve_text("carol", id, carol_key, signed_text)));
  // Asked again it takes the approvals of the rule that is left.
  const std::string again = w.request();
  TEST_ASSERT_TRUE(id != again);
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("bob", again, bob_key)));
  TEST_ASSERT_FALSE(w.allowed());
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("carol", again, carol_key)));
  TEST_ASSERT_TRUE(w.allowed());
}
