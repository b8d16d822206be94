// SPDX-License-Identifier: Apache-2.0
// What a new policy takes away ends; what it leaves or adds changes no grant that was given.
#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr char others[] =
    "[person.bob]\npg = \"bob\"\n[resource.shell]\nlogin_points = \"pam:sshd\"\npam_access = \"full\"\n";

std::string policy_of(const std::string& alice, const std::string& orders) {
  return std::string(others) + "[person.alice]\n" + alice + "\n[resource.orders-db]\n" + orders + "\n";
}

// alice's grant by the first policy, then the second one: does she still get in?
bool stays(const std::string& before, const std::string& after) {
  world w;
  w.load(before.c_str());
  std::string id = w.grant();
  w.root("Grant", R"({"person":"bob","resource":"orders-db"})");
  TEST_ASSERT_TRUE(w.allowed());
  w.load(after.c_str());
  TEST_ASSERT_EQUAL_STRING("", w.core->people().error());
  w.turn();
  bool in = w.allowed();
  TEST_ASSERT_EQUAL_STRING(in ? "open" : "revoked", w.state_of(id));
  w.restart(after.c_str());
  TEST_ASSERT_EQUAL_INT(in, w.allowed());
  return in;
}

constexpr char points[] = "login_points = [\"pg:main/orders\"]";

}  // namespace

TEST(a_policy_that_takes_a_right_away_ends_the_grant) {
  const std::string one = policy_of("pg = \"alice\"", points);
  TEST_ASSERT_FALSE(stays(one, policy_of("pg = \"alice2\"", points)));  // the account
  TEST_ASSERT_FALSE(stays(one, policy_of("pg = \"alice\"", "login_points = [\"pg:main/other\"]")));
  TEST_ASSERT_FALSE(stays(one, policy_of("pg = \"alice\"", "login_points = [\"replication:main/orders\"]")));
  const std::string all = policy_of("pg = \"alice\"", "login_points = [\"pg:main/*\"]");
  TEST_ASSERT_FALSE(stays(all, one));  // every database, then one
  const std::string write = policy_of("pg = \"alice\"", std::string(points) + "\naccess = \"read-write\"");
  TEST_ASSERT_FALSE(stays(write, one));  // read-write, then read-only
  const std::string two = policy_of("pg = [\"alice\", \"alice2\"]", points);
  TEST_ASSERT_FALSE(stays(two, one));  // one of two accounts
  auto role = [](const char* name) {
    return policy_of("pg = \"alice\"\nos = \"alice\"", std::string(points) + "\nroles = \"" + name + "\"");
  };
  TEST_ASSERT_FALSE(stays(role("app"), role("other")));
}

TEST(a_policy_that_leaves_or_adds_a_right_ends_nothing_and_widens_nothing) {
  const std::string one = policy_of("pg = \"alice\"", points);
  TEST_ASSERT_TRUE(stays(one, one + "# again\n"));
  TEST_ASSERT_TRUE(stays(one, policy_of("pg = \"alice\"", "login_points = [\"pg:main/*\"]")));
  TEST_ASSERT_TRUE(stays(one, policy_of("pg = \"alice\"", std::string(points) + "\nmax = \"1m\"")));
  world w;
  w.load(one.c_str());
  w.grant();
  w.load(
      policy_of("pg = [\"alice\", \"alice2\"]", std::string(points) + "\naccess = \"read-write\"").c_str());
  w.turn();
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_INT(decision::access::read_only, w.lookup().given);
  TEST_ASSERT_FALSE(w.allowed("alice2"));
}

TEST(a_policy_cut_short_ends_nothing) {
  world w;
  w.grant();
  for (const char* cut : {"[person.bob]\npg = \"bob\"\n",
                          "[resource.shell]\nlogin_points = [\"pam:sshd\"]\npam_access = \"full\"\n"}) {
    w.load(cut);
    w.turn();
    TEST_ASSERT_TRUE(w.core->people().error().find("cut short") != std::string::npos);
    TEST_ASSERT_TRUE(w.allowed());
  }
}
