// SPDX-License-Identifier: Apache-2.0
// The sentences, word for word.
#include "guest/words.h"

#include <cstring>

#include "base/ident.h"
#include "base/names.h"
#include "guest/line.h"
#include "support/unity.h"

namespace {

using namespace grantd;
using decision::reason;

constexpr decision::login_point sshd{decision::point_kind::pam, "sshd", {}};
constexpr int64_t at_1730 = 1'795'365'000;  // 2026-11-22T16:30:00Z, 17:30 +0100

guest::answer answer(reason why, std::string_view resource, int64_t in_s = 0) {
  guest::answer a{};
  a.verdict.why = why;
  a.verdict.grant = 7;
  a.verdict.end_utc_s = at_1730;
  a.verdict.utc_offset_s = 3600;
  a.now.ns = 5000 * base::ns_per_s;
  a.verdict.until.ns = a.now.ns + in_s * base::ns_per_s;
  std::memcpy(a.resource.text, resource.data(), resource.size());
  a.resource.size = static_cast<unsigned>(resource.size());
  return a;
}

std::string denied(const guest::answer& a, const decision::login_point& where = sshd) {
  char out[256];
  guest::say_denied(a, where, out);
  return out;
}

std::string help(const guest::answer& a) {
  char out[256];
  guest::say_help(a, out);
  return out;
}

std::string g7() { return std::string(base::print_id('g', 7).view()); }

}  // namespace

TEST(allowed_says_until_when_and_how_long) {
  char out[256];
  guest::say_allowed(answer(reason::allowed, "orders-db", 58 * 60), out);
  TEST_ASSERT_EQUAL_STRING("access to orders-db until 17:30 +0100 (58 min left)", out);
  guest::say_allowed(answer(reason::allowed, "", 90 * 60), out);
  TEST_ASSERT_EQUAL_STRING("access until 17:30 +0100 (1 h 30 min left)", out);
}

TEST(who_may_only_read_is_told_how_to_ask_for_writing) {
  char out[256];
  guest::say_help_to_write(answer(reason::allowed, "orders-db"), out);
  TEST_ASSERT_EQUAL_STRING(
      "ask for writing, if a rule gives it: grantctl request orders-db --read-write --reason \"...\"", out);
  guest::say_help_to_write(answer(reason::allowed, ""), out);
  TEST_ASSERT_EQUAL_STRING(
      "ask for writing, if a rule gives it: grantctl request RESOURCE --read-write --reason \"...\" "
      "(see: grantctl resources)",
      out);
}

TEST(the_longest_name_leaves_its_hints_whole) {
  const std::string longest(base::max_name, 'r');
  TEST_ASSERT_TRUE(help(answer(reason::no_window, longest)).ends_with(" --reason \"...\""));
  char out[256];
  guest::say_help_to_write(answer(reason::allowed, longest), out);
  TEST_ASSERT_TRUE(std::string_view(out).ends_with(" --reason \"...\""));
}

TEST(no_window_names_the_resource_or_the_login_point) {
  TEST_ASSERT_EQUAL_STRING("no open grant for orders-db", denied(answer(reason::no_window, "orders-db")));
  TEST_ASSERT_EQUAL_STRING("no open grant for the service sshd", denied(answer(reason::no_window, "")));
  TEST_ASSERT_EQUAL_STRING(
      "no open grant for the database \"orders\"",
      denied(answer(reason::no_window, ""), {decision::point_kind::postgres, "main", "orders"}));
  TEST_ASSERT_EQUAL_STRING(
      "no open grant for replication of the cluster main",
      denied(answer(reason::no_window, ""), {decision::point_kind::postgres, "main", {}, true}));
}

TEST(an_end_is_named_for_what_it_was) {
  guest::answer a = answer(reason::ended, "orders-db", -600);
  TEST_ASSERT_EQUAL_STRING("the grant " + g7() + " for orders-db ended at 17:30 +0100", denied(a));
  a.verdict.how = decision::ending::given_back;
  TEST_ASSERT_EQUAL_STRING("the grant " + g7() + " for orders-db was given back at 17:30 +0100", denied(a));
  a = answer(reason::revoked, "orders-db", -600);
  TEST_ASSERT_EQUAL_STRING("the grant " + g7() + " for orders-db was revoked at 17:30 +0100", denied(a));
}

TEST(an_end_seconds_ago_shows_seconds) {
  TEST_ASSERT_EQUAL_STRING("the grant " + g7() + " for orders-db ended at 17:30:00 +0100",
                           denied(answer(reason::ended, "orders-db", -20)));
}

TEST(not_yet_says_when_it_opens) {
  TEST_ASSERT_EQUAL_STRING("the grant " + g7() + " for orders-db opens at 17:30 +0100",
                           denied(answer(reason::not_yet, "orders-db", 3600)));
}

TEST(locked_says_the_message) {
  guest::answer a = answer(reason::locked, "orders-db");
  TEST_ASSERT_EQUAL_STRING("locked", denied(a));
  std::strcpy(a.lock_text, "incident 7");
  TEST_ASSERT_EQUAL_STRING("locked: incident 7", denied(a));
  a.lock_text[0] = '\0';
  a.table_locked = true;
  TEST_ASSERT_EQUAL_STRING("locked: grantd does not trust its store, nobody is let in", denied(a));
}

TEST(an_ended_session_is_told_why) {
  const auto ended = [](const guest::answer& a) {
    char out[256];
    guest::say_ended(a, sshd, out);
    return std::string(out);
  };
  const std::string g = "grant " + g7() + " for orders-db ";
  TEST_ASSERT_EQUAL_STRING(g + "ended at 17:30 +0100", ended(answer(reason::ended, "orders-db", -600)));
  TEST_ASSERT_EQUAL_STRING(g + "was revoked at 17:30 +0100",
                           ended(answer(reason::revoked, "orders-db", -600)));
  guest::answer a = answer(reason::ended, "orders-db", -600);
  a.verdict.how = decision::ending::given_back;
  TEST_ASSERT_EQUAL_STRING(g + "was given back at 17:30 +0100", ended(a));
  a = answer(reason::ended, "", -600);
  a.verdict.grant = 0;
  TEST_ASSERT_EQUAL_STRING("grant for the service sshd ended at 17:30 +0100", ended(a));
  a = answer(reason::locked, "orders-db");
  std::strcpy(a.lock_text, "incident 7");
  TEST_ASSERT_EQUAL_STRING("locked: incident 7", ended(a));
  TEST_ASSERT_EQUAL_STRING("no open grant for orders-db", ended(answer(reason::no_window, "orders-db")));
  for (reason why : {reason::ended, reason::revoked, reason::no_window}) {
    a = answer(why, "orders-db", -60);
    a.narrower_left = true;
    TEST_ASSERT_EQUAL_STRING("only read-only access to orders-db is left: log in again", ended(a));
    char help[256];
    guest::say_help(a, help);
    TEST_ASSERT_EQUAL_STRING("see: grantctl status", help);  // there is one: nothing to ask for
  }
  a.resource.size = 0;
  TEST_ASSERT_EQUAL_STRING("only read-only access to the service sshd is left: log in again", ended(a));
}

TEST(a_warning_says_how_long_and_until_when) {
  const auto warned = [](std::string_view name, int64_t in_s) {
    char out[256];
    guest::say_warning(answer(reason::allowed, name, in_s), out);
    return std::string(out);
  };
  TEST_ASSERT_EQUAL_STRING("access to orders-db ends in 5 min, at 17:30 +0100", warned("orders-db", 300));
  TEST_ASSERT_EQUAL_STRING("access to orders-db ends in 1 min, at 17:30:00 +0100", warned("orders-db", 60));
  TEST_ASSERT_EQUAL_STRING("access ends in 5 min, at 17:30 +0100", warned("", 300));
}

TEST(help_is_the_one_command_that_helps) {
  for (reason why : {reason::no_window, reason::ended, reason::revoked}) {
    TEST_ASSERT_EQUAL_STRING("ask for one: grantctl request orders-db --for 1h --reason \"...\"",
                             help(answer(why, "orders-db")));
    TEST_ASSERT_EQUAL_STRING("see: grantctl resources", help(answer(why, "")));
  }
  TEST_ASSERT_EQUAL_STRING("see: grantctl status", help(answer(reason::not_yet, "orders-db")));
  TEST_ASSERT_EQUAL_STRING("see: grantctl status", help(answer(reason::locked, "orders-db")));
  TEST_ASSERT_EQUAL_STRING("tell the administrator: grantctl status", help(answer(reason::table_bad, "")));
}

TEST(an_answer_of_zeroes_or_extremes_is_still_a_sentence) {
  guest::answer a{};
  TEST_ASSERT_EQUAL_STRING("no open grant for the service sshd", denied(a));
  for (reason why : {reason::ended, reason::not_yet, reason::allowed}) {
    a = answer(why, "orders-db");
    a.verdict.end_utc_s = INT64_MAX;
    a.verdict.until.ns = INT64_MIN;
    TEST_ASSERT_FALSE(denied(a).empty());
    char out[256];
    guest::say_allowed(a, out);
    TEST_ASSERT_TRUE(out[0] != '\0');
  }
}

TEST(a_small_buffer_cuts_at_a_characters_border) {
  guest::answer a = answer(reason::locked, "");
  std::strcpy(a.lock_text, "\xc3\xa4\xc3\xa4");
  char out[12] = "xxxxxxxxxxx";
  guest::say_denied(a, sshd, std::span<char>(out, 12));
  TEST_ASSERT_EQUAL_STRING("locked: \xc3\xa4", out);
  guest::say_denied(a, sshd, std::span<char>(out, 1));
  TEST_ASSERT_EQUAL_STRING("", out);
  guest::say_denied(a, sshd, {});
}

TEST(cut_never_splits_a_character) {
  TEST_ASSERT_EQUAL_STRING("a", guest::cut("a\xe2\x82\xac", 3));
  TEST_ASSERT_EQUAL_STRING("a\xe2\x82\xac", guest::cut("a\xe2\x82\xac", 4));
  TEST_ASSERT_EQUAL_STRING("", guest::cut("\x80\x80\x80", 2));
}
