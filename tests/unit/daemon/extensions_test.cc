// SPDX-License-Identifier: Apache-2.0
// Extensions: how far they go, and what ends them with what they extend.
#include "asking.h"
#include "base/ident.h"
#include "base/timestamp.h"

using namespace grantd;
using namespace grantd::test;

TEST(an_extension_goes_on_from_the_end_and_keeps_to_the_rules_maximum) {
  asking w;
  std::string id = w.request("alice", "replica", R"(,"for_us":3600000000)");
  auto first = w.root("ShowRequest", R"({"id":")" + id + "\"}");
  std::string grant = member(*first.parameters.find("request"), "grant");
  w.clock.pass(1800);
  auto r = w.ask("alice", "Request", R"({"extends":")" + grant + R"(","for_us":3600000000})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_INT64(1800'000'000 + 3600'000'000, number(*r.parameters.find("grant"), "left_us"));
  TEST_ASSERT_EQUAL_STRING(grant, member(*r.parameters.find("request"), "extends"));
  auto longer = w.ask("alice", "Request", R"({"extends":")" + grant + R"(","for_us":28800000000})");
  TEST_ASSERT_EQUAL_STRING("TooLong", short_error(longer));
  TEST_ASSERT_EQUAL_STRING("grantctl extend " + grant + " --for 7h30m", member(longer.parameters, "help"));
  auto fits = w.ask("alice", "Request", R"({"extends":")" + grant + R"(","for_us":27000000000})");
  TEST_ASSERT_EQUAL_STRING("", short_error(fits));
  const std::string whole = member(*fits.parameters.find("grant"), "id");
  auto more = w.ask("alice", "Request", R"({"extends":")" + whole + R"(","for_us":60000000})");
  TEST_ASSERT_EQUAL_STRING("TooLong", short_error(more));
  TEST_ASSERT_EQUAL_STRING("when it has ended: grantctl request replica", member(more.parameters, "help"));
}

TEST(an_extension_goes_no_further_than_asked_and_not_after_a_revocation) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"for_us":600000000)");
  auto opened = w.approve("bob", id, bob_key);
  std::string grant = member(*opened.parameters.find("grant"), "id");
  auto extend = [&] {
    auto r = w.ask("alice", "Request", R"({"extends":")" + grant + R"(","for_us":600000000})");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    return member(*r.parameters.find("request"), "id");
  };
  std::string more = extend();
  w.clock.pass(300);
  auto r = w.approve("carol", more, carol_key);
  TEST_ASSERT_EQUAL_INT64(900'000'000, number(*r.parameters.find("grant"), "left_us"));
  std::string once_more = extend();
  const std::string text = w.text(once_more);
  (void)w.root("Revoke", R"({"person":"alice","reason":"suspicious"})");
  TEST_ASSERT_FALSE(w.approve_text("carol", once_more, carol_key, text).ok());
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(who_approves_an_extension_signs_that_it_is_one_and_when_it_ends) {
  asking w;
  const std::string first = w.request("alice", "orders-db", R"(,"for_us":600000000)");
  auto unlike = [&](const std::string& text, std::string_view line) { return text.find(line) == text.npos; };
  TEST_ASSERT_TRUE(unlike(w.text(first), "\nextends: ") && unlike(w.text(first), "\nuntil: "));
  const std::string grant = member(*w.approve("bob", first, bob_key).parameters.find("grant"), "id");
  auto r = w.ask("alice", "Request", R"({"extends":")" + grant + R"(","for_us":600000000})");
  const auto& asked = *r.parameters.find("request");
  TEST_ASSERT_EQUAL_INT64(number(asked, "made_us") + 1200'000'000, number(asked, "until_us"));
  const std::string text = w.text(member(asked, "id"));
  TEST_ASSERT_FALSE(unlike(text, "\nextends: " + grant + "\n"));
  const base::utc_time end{number(asked, "until_us")};
  TEST_ASSERT_FALSE(unlike(text, "\nuntil: " + std::string(base::print_timestamp(end).view()) + "\n"));
}

TEST(an_extension_that_can_open_nothing_any_more_waits_for_nobody) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"for_us":600000000)");
  auto opened = w.approve("bob", id, bob_key);
  const std::string grant = member(*opened.parameters.find("grant"), "id");
  auto extend = [&] {
    auto r = w.ask("alice", "Request", R"({"extends":")" + grant + R"(","for_us":600000000})");
    return member(*r.parameters.find("request"), "id");
  };
  auto waits = [&] {
    return w.ask("carol", "Requests", R"({"mine_to_approve":true})")
        .parameters.find("requests")
        ->items()
        ->size();
  };
  const std::string over = extend();
  TEST_ASSERT_EQUAL_INT(1, waits());
  w.clock.pass(1199);
  w.turn();
  TEST_ASSERT_EQUAL_INT(1, waits());  // the last second of what was asked for
  w.clock.pass(1);
  w.turn();
  TEST_ASSERT_EQUAL_INT(0, waits());
  auto r = w.ask("alice", "ShowRequest", R"({"id":")" + over + "\"}");
  TEST_ASSERT_EQUAL_STRING("lapsed", member(*r.parameters.find("request"), "state"));
}

TEST(an_extension_of_what_was_taken_away_lapses_at_once) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"for_us":600000000)");
  auto opened = w.approve("bob", id, bob_key);
  const std::string grant = member(*opened.parameters.find("grant"), "id");
  auto r = w.ask("alice", "Request", R"({"extends":")" + grant + R"(","for_us":600000000})");
  const std::string more = member(*r.parameters.find("request"), "id");
  const std::string other = w.request("alice", "orders-db", R"(,"reason":"of its own")");
  (void)w.root("Revoke", R"({"id":")" + grant + R"(","reason":"suspicious"})");
  r = w.ask("alice", "ShowRequest", R"({"id":")" + more + "\"}");
  const auto& shown = *r.parameters.find("request");
  TEST_ASSERT_EQUAL_STRING("lapsed", member(shown, "state"));
  TEST_ASSERT_EQUAL_STRING("what it extends, " + grant + ", was revoked", member(shown, "ended_reason"));
  TEST_ASSERT_EQUAL_STRING("pending", w.state(other));
  TEST_ASSERT_EQUAL_INT(1, number(w.ask("carol", "Status").parameters, "to_approve"));
  // What was granted says what became of it, too.
  r = w.ask("alice", "ShowRequest", R"({"id":")" + id + "\"}");
  TEST_ASSERT_EQUAL_STRING("revoked", member(*r.parameters.find("request"), "grant_ended"));
}
