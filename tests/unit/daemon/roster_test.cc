// SPDX-License-Identifier: Apache-2.0
// Who speaks for others: never a person. `daemon` and `bin` are users of every Debian.
#include "daemon/roster.h"

#include <pwd.h>

#include "support/unity.h"

using namespace grantd;

namespace {

policy::policy with_alice_as(const std::string& os_user) {
  auto parsed =
      policy::parse_policy("[person.alice]\nos = \"" + os_user +
                               "\"\n[resource.shell]\nlogin_points = \"pam:sshd\"\npam_access = \"full\"\n",
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
        "[resource.shell]\nlogin_points = \"pam:sshd\"\npam_access = \"full\"\n",
        "policy.toml");
    TEST_ASSERT_TRUE(parsed.has_value());
    const daemon::uid_map map = daemon::load_uids(&*parsed, "", names);
    TEST_ASSERT_TRUE(map.people.empty());
    TEST_ASSERT_EQUAL_INT(1, static_cast<int>(map.complaints.size()));
  }
}

namespace {

policy::policy with_relay(const std::string& person, const std::string& relay) {
  auto parsed = policy::parse_policy("[person.alice]\nos = \"" + person +
                                         "\"\n[resource.shell]\nlogin_points = \"pam:sshd\"\npam_access = "
                                         "\"full\"\n[relay.chatbot]\nos = \"" +
                                         relay + "\"\nmay_ask_for = \"*\"\nresources = \"*\"\nquota = 1\n",
                                     "policy.toml");
  TEST_ASSERT_TRUE(parsed.has_value());
  return std::move(*parsed);
}

}  // namespace

TEST(a_relay_is_known_by_its_uid_and_is_no_person) {
  auto p = std::make_shared<const policy::policy>(with_relay("bin", "daemon"));
  daemon::roster r;
  TEST_ASSERT_TRUE(r.take(p, daemon::load_uids(p.get(), "")).empty());
  TEST_ASSERT_TRUE(r.relay_of(uid_of("daemon")) == "chatbot");
  TEST_ASSERT_TRUE(r.person_of(uid_of("daemon")).empty());
  TEST_ASSERT_TRUE(r.relay_of(uid_of("bin")).empty());
  TEST_ASSERT_TRUE(r.relay_of(0).empty());
}

TEST(a_relay_that_is_ask_too_could_be_anybody_so_ask_is_nobody) {
  const policy::policy p = with_relay("bin", "daemon");
  const daemon::uid_map map = daemon::load_uids(&p, "daemon");
  TEST_ASSERT_FALSE(map.ask.has_value());
  TEST_ASSERT_EQUAL_INT(1, static_cast<int>(map.complaints.size()));
  TEST_ASSERT_TRUE(map.complaints[0].find("relay chatbot") != std::string::npos);
}

TEST(a_relay_is_never_root_and_never_a_uid_of_two_names) {
  const policy::policy root = with_relay("bin", "root");
  TEST_ASSERT_TRUE(daemon::load_uids(&root, "").relays.empty());
  const policy::policy both = with_relay("alice", "hubot");
  for (const char* first : {"alice", "hubot"}) {
    const daemon::name_service names{[](const std::string&) -> std::optional<uid_t> { return uid_t{4711}; },
                                     [&](uid_t) { return std::string(first); }};
    const daemon::uid_map map = daemon::load_uids(&both, "", names);
    TEST_ASSERT_TRUE(map.relays.empty());
    TEST_ASSERT_TRUE(map.people.empty());
  }
}

TEST(a_uid_that_another_user_had_is_no_relay) {
  daemon::roster r;
  daemon::uid_map before;
  before.people[4711] = {"alice", "alice"};
  auto p = std::make_shared<const policy::policy>(with_relay("alice", "hubot"));
  TEST_ASSERT_TRUE(r.take(p, std::move(before)).empty());
  daemon::uid_map now;
  now.relays[4711] = {"hubot", "chatbot"};
  TEST_ASSERT_EQUAL_INT(1, static_cast<int>(r.take(p, std::move(now)).size()));
  TEST_ASSERT_TRUE(r.relay_of(4711).empty());
}
