// SPDX-License-Identifier: Apache-2.0
// Who speaks for others: never a person. `daemon` and `bin` are users of every Debian.
#include "daemon/roster.h"

#include <pwd.h>

#include "support/unity.h"

using namespace grantd;

namespace {

policy::policy with_alice_as(const std::string& os_user) {
  auto parsed = policy::parse_policy(
      "[person.alice]\nos = \"" + os_user + "\"\n[resource.shell]\nlogin_points = \"pam:sshd\"\n",
      "policy.toml");
  TEST_ASSERT_TRUE(parsed.has_value());
  return std::move(*parsed);
}

uid_t uid_of(const char* user) {
  const passwd* p = getpwnam(user);
  TEST_ASSERT_TRUE(p != nullptr);
  return p->pw_uid;
}

}  // namespace

TEST(ask_is_the_user_it_names) {
  const policy::policy p = with_alice_as("bin");
  const daemon::uid_map map = daemon::load_uids(&p, "daemon");
  TEST_ASSERT_TRUE(map.ask == uid_of("daemon"));
  TEST_ASSERT_TRUE(map.complaints.empty());
}

TEST(an_empty_name_switches_ask_off) {
  const policy::policy p = with_alice_as("bin");
  const daemon::uid_map map = daemon::load_uids(&p, "");
  TEST_ASSERT_FALSE(map.ask.has_value());
  TEST_ASSERT_TRUE(map.complaints.empty());
}

TEST(a_person_who_is_ask_too_is_reported_and_speaks_for_nobody_else) {
  const policy::policy p = with_alice_as("daemon");
  const daemon::uid_map map = daemon::load_uids(&p, "daemon");
  TEST_ASSERT_FALSE(map.ask.has_value());
  TEST_ASSERT_EQUAL_INT(1, static_cast<int>(map.complaints.size()));
  TEST_ASSERT_TRUE(map.complaints[0].find("alice") != std::string::npos);
  TEST_ASSERT_TRUE(map.people.at(uid_of("daemon")).person == "alice");
}

TEST(a_uid_of_two_names_speaks_for_nobody_whichever_comes_first) {
  for (const char* first : {"alice", "bob"}) {
    const daemon::name_service names{[](const std::string&) -> std::optional<uid_t> { return uid_t{4711}; },
                                     [&](uid_t) { return std::string(first); }};
    auto parsed = policy::parse_policy(
        "[person.alice]\nos = \"alice\"\n[person.bob]\nos = \"bob\"\n"
        "[resource.shell]\nlogin_points = \"pam:sshd\"\n",
        "policy.toml");
    TEST_ASSERT_TRUE(parsed.has_value());
    const daemon::uid_map map = daemon::load_uids(&*parsed, "", names);
    TEST_ASSERT_TRUE(map.people.empty());
    TEST_ASSERT_EQUAL_INT(1, static_cast<int>(map.complaints.size()));
  }
}
