// SPDX-License-Identifier: Apache-2.0
// Requests from asking to the window: by rule, by approval, and every way in which they open nothing.
#include "asking.h"
#include "base/ident.h"

using namespace grantd;
using namespace grantd::test;

TEST(a_self_service_request_opens_at_once) {
  asking w;
  auto r = w.ask("alice", "Request", R"({"resource":"replica","for_us":600000000})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_STRING("granted", member(*r.parameters.find("request"), "state"));
  TEST_ASSERT_EQUAL_STRING("replica", member(*r.parameters.find("request"), "rule"));
  TEST_ASSERT_EQUAL_STRING(member(*r.parameters.find("request"), "id"),
                           member(*r.parameters.find("grant"), "request"));
  TEST_ASSERT_EQUAL_INT64(600'000'000, number(*r.parameters.find("grant"), "left_us"));
  TEST_ASSERT_EQUAL_STRING("read-only", member(*r.parameters.find("grant"), "access"));
}

TEST(a_grant_opens_what_the_resource_allows_unless_less_is_said) {
  asking w;
  auto access = [&](const std::string& more) {
    auto r = w.root("Grant", R"({"person":"alice","resource":"orders-db")" + more + "}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    return member(*r.parameters.find("grant"), "access");
  };
  TEST_ASSERT_EQUAL_STRING("read-only", access(R"(,"read_only":true)"));
  TEST_ASSERT_EQUAL_INT(decision::access::read_only, w.lookup().given);
  TEST_ASSERT_EQUAL_STRING("read-write", access(""));
  TEST_ASSERT_EQUAL_INT(decision::access::read_write, w.lookup().given);
  // What is offered instead opens no more than what was asked for.
  auto longer = w.root("Grant", R"({"person":"alice","resource":"orders-db","read_only":true,"for_us":)" +
                                    std::to_string(int64_t{100} * 3600 * base::us_per_s) + "}");
  TEST_ASSERT_EQUAL_STRING("grantctl grant alice orders-db --read-only --for 8h",
                           member(longer.parameters, "help"));
}

TEST(a_request_waits_for_an_approval_which_opens_it) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"for_us":3600000000,"reason":"OPS-12")");
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  TEST_ASSERT_FALSE(w.allowed());
  w.clock.pass(60);
  auto r = w.approve("bob", id, bob_key);
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_STRING("granted", w.state(id));
  TEST_ASSERT_TRUE(w.allowed());
  // The window starts at the approval.
  TEST_ASSERT_EQUAL_INT64(3'600'000'000, number(*r.parameters.find("grant"), "left_us"));
  TEST_ASSERT_EQUAL_STRING("OPS-12", member(*r.parameters.find("grant"), "reason"));
}

TEST(asking_twice_for_the_same_is_asking_once) {
  asking w;
  std::string id = w.request();
  TEST_ASSERT_EQUAL_STRING(id, w.request());
  TEST_ASSERT_TRUE(id != w.request("alice", "orders-db", R"(,"reason":"another")"));
}

// What differs is another request; and what was taken away is asked for anew.
TEST(asking_for_what_is_open_is_answered_with_it_and_takes_no_quota) {
  asking w;
  const std::string hour = R"({"resource":"replica","reason":"OPS-1","for_us":3600000000)";
  auto first = w.ask("alice", "Request", hour + "}");
  TEST_ASSERT_TRUE(first.parameters.find("repeated") == nullptr);
  w.clock.pass(600);
  const uint64_t recorded = w.core->truth().sequence();
  for (const std::string& again : {hour, hour, std::string(R"({"resource":"replica","reason":"OPS-1")")}) {
    auto r = w.ask("alice", "Request", again + "}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    TEST_ASSERT_TRUE(*r.parameters.find("repeated")->boolean());
    for (const char* what : {"request", "grant"}) {
      TEST_ASSERT_EQUAL_STRING(member(*first.parameters.find(what), "id"),
                               member(*r.parameters.find(what), "id"));
    }
    TEST_ASSERT_EQUAL_INT64(3000'000'000, number(*r.parameters.find("grant"), "left_us"));
  }
  TEST_ASSERT_EQUAL_INT64(recorded, w.core->truth().sequence());
  TEST_ASSERT_EQUAL_INT(1, w.grants());
  auto opens = [&](const std::string& person, const std::string& more) {
    auto r = w.ask(person, "Request", R"({"resource":"replica")" + more + "}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    TEST_ASSERT_TRUE(r.parameters.find("repeated") == nullptr);
  };
  opens("bob", R"(,"reason":"OPS-1","for_us":3600000000)");
  opens("alice", R"(,"reason":"OPS-1","for_us":3601000000)");
  opens("alice", R"(,"reason":"OPS-2","for_us":60000000)");
  // The three of the day are had: what is open is answered all the same.
  TEST_ASSERT_EQUAL_STRING("Quota", short_error(w.ask("alice", "Request", R"({"resource":"replica"})")));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("alice", "Request", hour + "}")));
  (void)w.ask("alice", "GiveBack");
  TEST_ASSERT_EQUAL_STRING("Quota", short_error(w.ask("alice", "Request", hour + "}")));
}

TEST(what_was_approved_for_less_is_asked_for_anew) {
  asking w;
  const std::string hour = R"(,"for_us":3600000000)";
  const std::string id = w.request("alice", "orders-db", hour);
  TEST_ASSERT_TRUE(
      w.ask("alice", "Request", R"({"resource":"orders-db")" + hour + "}").parameters.find("repeated") !=
      nullptr);
  TEST_ASSERT_EQUAL_STRING(
      "", short_error(w.approve_text("bob", id, bob_key, w.text(id, R"(,"for_us":1800000000)"),
                                     R"(,"for_us":1800000000)")));
  TEST_ASSERT_EQUAL_STRING(id, w.request("alice", "orders-db", R"(,"for_us":1800000000)"));
  TEST_ASSERT_TRUE(id != w.request("alice", "orders-db", hour));
  TEST_ASSERT_TRUE(id != w.request("alice", "orders-db", R"(,"for_us":1800000000,"read_write":true)"));
}

TEST(a_pending_request_survives_a_restart_and_another_boot) {
  asking w;
  std::string id = w.request("alice", "orders-db", R"(,"read_write":true)");
  w.approve("bob", id, bob_key);
  w.again();
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  w.again(true);
  TEST_ASSERT_EQUAL_STRING("", short_error(w.approve("carol", id, carol_key)));
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(a_request_nobody_answers_lapses_and_cannot_be_approved_then) {
  asking w;
  std::string id = w.request();
  std::string text = w.text(id);
  w.clock.pass(8 * 3600 - 1);
  w.turn();
  TEST_ASSERT_EQUAL_STRING("pending", w.state(id));
  w.clock.pass(1);
  TEST_ASSERT_EQUAL_STRING("NotPending", short_error(w.approve_text("bob", id, bob_key, text)));
  TEST_ASSERT_EQUAL_STRING("lapsed", w.state(id));
  w.again();
  TEST_ASSERT_EQUAL_STRING("lapsed", w.state(id));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_clock_set_back_does_not_keep_a_request_alive) {
  asking w;
  std::string id = w.request();
  w.clock.pass(7 * 3600);
  w.clock.step(-7 * 3600);
  w.clock.pass(3600);
  w.turn();
  TEST_ASSERT_EQUAL_STRING("lapsed", w.state(id));
}

TEST(an_approver_denies_and_the_requester_cancels_and_both_are_final) {
  asking w("[person.erin]\npg = \"erin\"\nrights = [\"see\"]\n");
  std::string denied = w.request("alice", "orders-db", R"(,"reason":"a")");
  std::string cancelled = w.request("alice", "orders-db", R"(,"reason":"b")");
  std::string text = w.text(denied);
  std::string other = w.text(cancelled);
  TEST_ASSERT_EQUAL_STRING("NotApprover", short_error(w.ask("alice", "Deny", R"({"id":")" + denied + "\"}")));
  TEST_ASSERT_EQUAL_STRING(
      "", short_error(w.ask("carol", "Deny", R"({"id":")" + denied + R"(","reason":"not today"})")));
  auto others =
      w.ask("bob", "Cancel", R"({"id":")" + cancelled + "\"}");  // he sees it, so it is not denied to be
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(others));
  TEST_ASSERT_EQUAL_STRING("grantctl deny " + cancelled, member(others.parameters, "help"));
  others = w.ask("erin", "Cancel", R"({"id":")" + cancelled + "\"}");  // nor denies it
  TEST_ASSERT_EQUAL_STRING("grantctl show " + cancelled, member(others.parameters, "help"));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("alice", "Cancel", R"({"id":")" + cancelled + "\"}")));
  auto carried = w.approve_text("bot", denied, bob_key, text);  // who carries it may not look at it
  TEST_ASSERT_EQUAL_STRING("grantctl requests", member(carried.parameters, "help"));
  TEST_ASSERT_EQUAL_STRING("NotPending", short_error(w.approve_text("bob", denied, bob_key, text)));
  TEST_ASSERT_EQUAL_STRING("NotPending", short_error(w.approve_text("bob", cancelled, bob_key, other)));
  TEST_ASSERT_EQUAL_INT(0, w.grants());
}

TEST(a_quota_counts_over_a_restart_and_ends_with_the_day) {
  asking w;
  for (int i = 0; i < 3; ++i)
    (void)w.request("bob", "replica", R"(,"for_us":1000000,"reason":")" + std::to_string(i) + "\"");
  w.again();
  auto r = w.ask("bob", "Request", R"({"resource":"replica"})");
  TEST_ASSERT_EQUAL_STRING("Quota", short_error(r));
  w.clock.pass(86400 + 1);
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("bob", "Request", R"({"resource":"replica"})")));
}

TEST(a_used_up_quota_says_when_there_is_room_again) {
  asking w;  // it is 22:13:20 UTC
  for (const char* reason : {"1", "2", "3"}) {
    (void)w.request("bob", "replica", R"(,"for_us":1000000,"reason":")" + std::string(reason) + "\"");
    w.clock.pass(1800);
  }
  w.core->set_utc_offset(3600);
  const std::string next = "; the next at 23:13 +0100 (in 22 h 30 min)";
  auto message = [&] {
    return member(w.ask("bob", "Request", R"({"resource":"replica"})").parameters, "message");
  };
  TEST_ASSERT_EQUAL_STRING("bob has had all 3 windows that rule replica gives in 24 hours" + next, message());
  const std::string why =
      member(w.ask("bob", "Explain", R"({"person":"bob","resource":"replica"})").parameters, "why");
  TEST_ASSERT_TRUE_MESSAGE(why.ends_with(next), why);
  w.clock.pass(81000 - 1);
  TEST_ASSERT_TRUE_MESSAGE(message().ends_with("; the next at 23:13:20 +0100 (in 1 s)"), message());
  w.clock.pass(1);
  (void)w.request("bob", "replica");
}

TEST(a_mistyped_person_is_told_the_nearest_one_by_whoever_may_know_who_there_is) {
  asking w;
  auto message = [&](const std::string& who, const std::string& method, const std::string& parameters) {
    auto r = w.ask(who, method, parameters);
    TEST_ASSERT_FALSE(r.ok());
    return member(r.parameters, "message");
  };
  const std::string did_you_mean = " aliec (did you mean \"alice\"?)";
  for (const auto& [method, parameters] : std::vector<std::pair<std::string, std::string>>{
           {"Grant", R"({"person":"aliec","resource":"orders-db"})"},
           {"Explain", R"({"person":"aliec","resource":"orders-db"})"},
           {"Revoke", R"({"person":"aliec"})"},
           {"Lock", R"({"person":"aliec","for_us":1000000,"message":"x"})"},
           {"Lock", R"({"name":"aliec","for_us":1000000,"message":"x"})"},
           {"Unlock", R"({"person":"aliec"})"}}) {
    const std::string said = message("dave", method, parameters);
    TEST_ASSERT_TRUE_MESSAGE(said.ends_with(did_you_mean), method + ": " + said);
  }
  for (const char* parameters : {R"({"resource":"order-db"})", R"({"name":"order-db"})"}) {
    const std::string said = message("dave", "Unlock", parameters);
    TEST_ASSERT_TRUE_MESSAGE(said.ends_with(" order-db (did you mean \"orders-db\"?)"), said);
  }
  // Others learn nothing of who there is.
  const std::string said = message("bot", "Explain", R"({"person":"aliec","resource":"orders-db"})");
  TEST_ASSERT_TRUE_MESSAGE(said.find("alice") == said.npos, said);
}

TEST(a_denied_or_unruled_request_names_the_reason) {
  asking w(
      "[rule.brake]\nwho = \"bot\"\nresource = \"orders-db\"\ndeny = true\nmessage = \"bots use the "
      "replica\"\n");
  auto denied = w.ask("bot", "Request", R"({"resource":"orders-db"})");
  TEST_ASSERT_EQUAL_STRING("Denied", short_error(denied));
  TEST_ASSERT_TRUE(member(denied.parameters, "message").find("bots use the replica") != std::string::npos);
  TEST_ASSERT_EQUAL_STRING("NoRule", short_error(w.ask("bob", "Request", R"({"resource":"orders-db"})")));
  auto longer = w.ask("alice", "Request", R"({"resource":"orders-db","for_us":86400000000})");
  TEST_ASSERT_EQUAL_STRING("TooLong", short_error(longer));
  // The command that helps is what was typed, but for what was wrong with it.
  auto help = [&](const std::string& typed) {
    return member(w.ask("alice", "Request", "{" + typed + "}").parameters, "help");
  };
  TEST_ASSERT_EQUAL_STRING("grantctl request orders-db --for 8h --reason 'OPS-12, again'",
                           help(R"("resource":"orders-db","for_us":86400000000,"reason":"OPS-12, again")"));
  TEST_ASSERT_EQUAL_STRING(
      "grantctl request orders-db --read-write --break-glass --for 10m --reason TEXT",
      help(R"("resource":"orders-db","for_us":600000000,"read_write":true,"break_glass":true)"));
  // What a shell would read otherwise is left out.
  TEST_ASSERT_EQUAL_STRING("grantctl request orders-db --for 8h",
                           help(R"("resource":"orders-db","for_us":86400000000,"reason":"it's")"));
  TEST_ASSERT_EQUAL_STRING("NoSuchResource",
                           short_error(w.ask("alice", "Request", R"({"resource":"nothing"})")));
  TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.root("Request", R"({"resource":"replica"})")));
}

TEST(break_glass_opens_at_once_only_when_asked_for_and_with_a_reason) {
  asking w;
  TEST_ASSERT_EQUAL_STRING("pending", w.state(w.request("alice", "orders-db", R"(,"read_write":true)")));
  TEST_ASSERT_EQUAL_STRING(
      "ReasonNeeded", short_error(w.ask("alice", "Request",
                                        R"({"resource":"orders-db","read_write":true,"break_glass":true})")));
  auto r = w.ask("alice", "Request",
                 R"({"resource":"orders-db","read_write":true,"break_glass":true,"reason":"fire"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_TRUE(r.parameters.find("grant")->find("break_glass") != nullptr);
  TEST_ASSERT_EQUAL_STRING(
      "NoRule",
      short_error(w.ask("bob", "Request", R"({"resource":"orders-db","break_glass":true,"reason":"x"})")));
}

TEST(break_glass_stays_flagged_until_somebody_else_signs_it_off) {
  asking w;
  auto opened = w.ask("alice", "Request", R"({"resource":"orders-db","break_glass":true,"reason":"fire"})");
  std::string id = member(*opened.parameters.find("grant"), "id");
  const std::string of = R"({"id":")" + id + "\"}";
  TEST_ASSERT_EQUAL_INT64(1, number(w.root("Status").parameters, "unreviewed"));
  TEST_ASSERT_EQUAL_STRING("NotApprover", short_error(w.ask("alice", "Review", of)));
  TEST_ASSERT_EQUAL_STRING("NoSuchGrant", short_error(w.ask("bot", "Review", of)));
  TEST_ASSERT_EQUAL_STRING("NoSuchGrant",
                           short_error(w.ask("bob", "Review", R"({"id":")" + w.grant() + "\"}")));
  TEST_ASSERT_EQUAL_STRING(id, member(*w.ask("bob", "Show", of).parameters.find("grant"), "id"));
  TEST_ASSERT_EQUAL_STRING("NoSuchGrant", short_error(w.ask("bot", "Show", of)));
  w.clock.pass(3600);  // it has ended; the flag stays
  w.turn();
  TEST_ASSERT_EQUAL_INT64(1, number(w.root("Status").parameters, "unreviewed"));
  auto r = w.ask("bob", "Review", R"({"id":")" + id + R"(","note":"seen"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_STRING("bob", member(*r.parameters.find("grant"), "reviewed_by"));
  TEST_ASSERT_EQUAL_INT64(0, number(w.root("Status").parameters, "unreviewed"));
  TEST_ASSERT_EQUAL_STRING("NotPending", short_error(w.ask("carol", "Review", of)));
}

TEST(who_may_sign_a_break_glass_off_is_shown_it_in_status) {
  asking w(R"([rule.replica-emergency]
who = "dave"
resource = "replica"
approvals = 0
break_glass = true
reason = "required"
notify = "bob"
)");
  auto opened = w.ask("alice", "Request", R"({"resource":"orders-db","break_glass":true,"reason":"fire"})");
  const std::string id = member(*opened.parameters.find("grant"), "id");
  auto shown = [&](const std::string& who) {
    auto r = w.ask(who, "Status");
    const auto* list = r.parameters.find("to_review");
    return list == nullptr || list->items()->empty() ? "" : member(list->items()->front(), "id");
  };
  for (const char* who : {"bob", "carol", "dave"}) TEST_ASSERT_EQUAL_STRING(id, shown(who));
  for (const char* who : {"alice", "bot"}) TEST_ASSERT_EQUAL_STRING("", shown(who));
  (void)w.ask("bob", "Review", R"({"id":")" + id + "\"}");
  TEST_ASSERT_EQUAL_STRING("", shown("carol"));
  // dave has the right "grant", but this one is his own.
  auto own = w.ask("dave", "Request", R"({"resource":"replica","break_glass":true,"reason":"fire"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(own));
  TEST_ASSERT_EQUAL_STRING("", shown("dave"));
  TEST_ASSERT_EQUAL_STRING(member(*own.parameters.find("grant"), "id"), shown("bob"));
  TEST_ASSERT_EQUAL_STRING("", shown("carol"));
}

TEST(the_first_login_starts_a_window_of_first_use) {
  asking w(night_shift);
  auto r = w.ask("alice", "Request", R"({"resource":"night","for_us":600000000})");
  const auto& grant = *r.parameters.find("grant");
  TEST_ASSERT_EQUAL_INT64(600'000'000 + int64_t{8} * 3600'000'000, number(grant, "left_us"));
  auto extend = [&] {
    return w.ask("alice", "Request", R"({"extends":")" + member(grant, "id") + R"(","for_us":60000000})");
  };
  TEST_ASSERT_EQUAL_STRING("NotPending", short_error(extend()));  // of hours that nobody asked for
  w.clock.pass(3600);
  w.turn();
  auto login = [&] {
    w.core->logged_in({{decision::identity_class::pg, "alice"},
                       {decision::point_kind::postgres, "main", "night", false},
                       w.clock.now.boot});
  };
  login();
  w.turn();
  auto left = [&] {
    auto shown = w.root("Show", R"({"id":")" + member(grant, "id") + "\"}");
    return number(*shown.parameters.find("grant"), "left_us");
  };
  TEST_ASSERT_EQUAL_INT64(600'000'000, left());
  auto longer = extend();
  TEST_ASSERT_EQUAL_STRING("", short_error(longer));
  TEST_ASSERT_EQUAL_INT64(660'000'000, number(*longer.parameters.find("grant"), "left_us"));
  w.clock.pass(300);
  login();  // a later one moves nothing
  w.turn();
  TEST_ASSERT_EQUAL_INT64(300'000'000, left());
  w.again();
  TEST_ASSERT_EQUAL_INT64(300'000'000, left());
  w.clock.pass(300);
  w.turn();
  TEST_ASSERT_EQUAL_STRING("expired", w.state_of(member(grant, "id")));
}

TEST(a_person_has_no_more_than_twenty_requests_waiting) {
  asking w;
  for (int i = 0; i < 20; ++i)
    (void)w.request("alice", "orders-db", R"(,"reason":"n)" + std::to_string(i) + "\"");
  TEST_ASSERT_EQUAL_STRING("TooMany", short_error(w.ask("alice", "Request", R"({"resource":"orders-db"})")));
  (void)w.request("bot");
}

TEST(the_requester_hears_in_status_what_became_of_it) {
  asking w;
  std::string id = w.request();
  (void)w.ask("carol", "Deny", R"({"id":")" + id + R"(","reason":"not today"})");
  auto r = w.ask("alice", "Status");
  const auto& own = r.parameters.find("requests")->items()->front();
  TEST_ASSERT_EQUAL_STRING("denied", member(own, "state"));
  TEST_ASSERT_EQUAL_STRING("not today", member(own, "ended_reason"));
  (void)w.request();
  TEST_ASSERT_EQUAL_INT64(1, number(w.ask("bob", "Status").parameters, "to_approve"));
  TEST_ASSERT_EQUAL_INT64(0, number(w.ask("bot", "Status").parameters, "to_approve"));
}

TEST(nobody_makes_the_store_grow_without_end_by_asking) {
  asking w;
  w.words_at_once = 60;
  w.again();
  for (int i = 0; i < 60; ++i) {
    auto r = w.ask("alice", "Request", R"({"resource":"orders-db","reason":"n)" + std::to_string(i) + "\"}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    (void)w.ask("alice", "Cancel", R"({"id":")" + member(*r.parameters.find("request"), "id") + "\"}");
  }
  uint64_t before = w.core->truth().sequence();
  TEST_ASSERT_EQUAL_STRING("TooMany", short_error(w.ask("alice", "Request", R"({"resource":"orders-db"})")));
  TEST_ASSERT_EQUAL_INT64(before, w.core->truth().sequence());
  w.clock.pass(60);
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("alice", "Request", R"({"resource":"orders-db"})")));
}

TEST(an_ended_request_is_shown_to_nobody_whom_it_does_not_concern) {
  asking w;
  std::string id = w.request();
  (void)w.ask("alice", "Cancel", R"({"id":")" + id + "\"}");
  auto stranger = w.ask("bot", "Deny", R"({"id":")" + id + "\"}");
  TEST_ASSERT_EQUAL_STRING("NoSuchRequest", short_error(stranger));
  TEST_ASSERT_TRUE(stranger.parameters.find("request") == nullptr);
  auto approver = w.ask("bob", "Deny", R"({"id":")" + id + "\"}");
  TEST_ASSERT_TRUE(approver.parameters.find("request") != nullptr);
}

TEST(a_login_by_another_grant_starts_a_window_of_first_use_too) {
  asking w(R"([resource.night]
login_points = ["pg:main/night"]
[rule.night]
who = "alice"
resource = "night"
approvals = 0
start = "first-use"
)");
  auto first = w.ask("alice", "Request", R"({"resource":"night","for_us":600000000})");
  const std::string id = member(*first.parameters.find("grant"), "id");
  // A longer window covers the login, and is the one that is reported.
  (void)w.root("Grant", R"({"person":"alice","resource":"night","for_us":28800000000})");
  w.core->logged_in({{decision::identity_class::pg, "alice"},
                     {decision::point_kind::postgres, "main", "night", false},
                     w.clock.now.boot});
  w.turn();
  auto shown = w.root("Show", R"({"id":")" + id + "\"}");
  TEST_ASSERT_EQUAL_INT64(600'000'000, number(*shown.parameters.find("grant"), "left_us"));
  // Elsewhere, or somebody else: not a use of it.
  auto second = w.ask("alice", "Request", R"({"resource":"night","for_us":60000000,"reason":"more"})");
  for (const char* who : {"alice", "bob"}) {
    w.core->logged_in({{decision::identity_class::pg, who},
                       {decision::point_kind::postgres, "main", who[0] == 'a' ? "orders" : "night", false},
                       w.clock.now.boot});
  }
  w.turn();
  TEST_ASSERT_TRUE(number(*second.parameters.find("grant"), "left_us") > 3600'000'000);
}

TEST(a_quota_counts_by_when_windows_begin) {
  asking w;
  const int64_t at = w.clock.now.utc.us + int64_t{5} * 86400'000'000;
  for (int i = 0; i < 3; ++i) {
    (void)w.request("bob", "replica", R"(,"from_us":)" + std::to_string(at + i * 3600'000'000));
    w.clock.pass(86400);
  }
  auto r = w.ask("bob", "Request", R"({"resource":"replica","from_us":)" + std::to_string(at + 1) + "}");
  TEST_ASSERT_EQUAL_STRING("Quota", short_error(r));
}

TEST(a_request_made_under_a_lock_names_it) {
  asking w;
  const auto warning = [&] {
    auto r = w.ask("alice", "Request", R"({"resource":"orders-db"})");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    (void)w.ask("alice", "Cancel", R"({"id":")" + member(*r.parameters.find("request"), "id") + "\"}");
    const auto* said = r.parameters.find("warning");
    return said == nullptr ? std::string() : *said->text();
  };
  TEST_ASSERT_EQUAL_STRING("", warning());
  for (const char* whom : {R"("resource":"orders-db")", R"("person":"alice")", R"("all":true)"}) {
    (void)w.root("Lock", "{" + std::string(whom) + R"(,"for_us":3600000000,"message":"moved"})");
    TEST_ASSERT_TRUE_MESSAGE(warning().find(" is locked for 1 h more (k-") != std::string::npos, whom);
    (void)w.root("Unlock", "{" + std::string(whom) + "}");
  }
  (void)w.root("Lock", R"({"person":"bob","for_us":3600000000,"message":"moved"})");
  TEST_ASSERT_EQUAL_STRING("", warning());
}

TEST(a_mistyped_id_is_named) {
  asking w;
  for (const char* method : {"GiveBack", "Show", "Review"}) {
    auto r = w.ask("alice", method, R"({"id":"g-9999"})");
    TEST_ASSERT_EQUAL_STRING("\"g-9999\" is no id of a grant: mistyped? (they look like g-7k2m)",
                             member(r.parameters, "message"));
  }
}

TEST(limits_hold_within_one_turn) {
  asking w;
  for (int i = 0; i < 40; ++i) {
    daemon::ask a;
    a.from = static_cast<daemon::ticket>(i + 1);
    a.person = "alice";
    a.resource = "orders-db";
    a.reason = i < 10 ? "the same" : std::to_string(i);
    a.by = "alice";
    w.core->submit(a);
  }
  size_t taken = 0;
  for (const auto& f : w.core->turn()) taken += f.answer.ok() ? 1 : 0;
  TEST_ASSERT_EQUAL_INT(20, w.core->pending().all().size());
  TEST_ASSERT_EQUAL_INT(29, taken);  // ten of one, and nineteen
}
