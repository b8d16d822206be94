// SPDX-License-Identifier: Apache-2.0
// grantctl request and its neighbours: what is asked, what is said next, and how a wait ends.
#include <atomic>

#include "requests_data.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

void asks(const std::vector<std::string>& args, std::string_view message) {
  asked a = ask(by_method({}), args);
  TEST_ASSERT_TRUE(!a.messages.empty());
  TEST_ASSERT_EQUAL_STRING(message, a.messages.front());
}

// Answers ShowRequest with each of `states` in turn, the last one for ever; Watch with `watched`.
fake_grantd::script following(std::vector<std::string> states,
                              std::function<std::optional<std::string>(int)> watched) {
  auto shown = std::make_shared<std::atomic<size_t>>(0);
  auto watches = std::make_shared<std::atomic<int>>(0);
  return [=](const std::string& message) -> std::optional<std::string> {
    if (contains(message, ".Request\"")) return answer("{\"request\":" + request_of("pending") + "}");
    if (contains(message, ".ShowRequest\"")) {
      size_t n = std::min((*shown)++, states.size() - 1);
      return answer("{\"request\":" + states[n] + "}");
    }
    if (contains(message, ".Watch\"")) return watched((*watches)++);
    if (contains(message, ".Show\"")) return answer("{\"grant\":" + grant_of("open") + "}");
    return error("NoSuchRequest", "?");
  };
}

const std::string nul(1, '\0');
std::string event_of(const std::string& state) {
  return R"({"parameters":{"event":"approve","request":)" + request_of(state) + R"(},"continues":true})" +
         nul;
}

const std::vector<std::string> waiting = {"request", "orders-db", "--wait"};

}  // namespace

TEST(request_commands_send_the_methods_of_the_protocol) {
  asks({"request", "orders-db"},
       R"({"method":"org.grantd.Access.Request","parameters":{"resource":"orders-db"}})");
  asks({"request", "orders-db", "--for", "1h", "--reason", "OPS-12", "--role", "app", "--read-write", "--at",
        "14:00"},
       R"({"method":"org.grantd.Access.Request","parameters":{"resource":"orders-db","for_us":3600000000,)"
       R"("reason":"OPS-12","role":"app","read_write":true,"from_us":1795352400000000}})");
  asks(
      {"request", "web", "--break-glass", "--reason", "down"},
      R"({"method":"org.grantd.Access.Request","parameters":{"resource":"web","reason":"down","break_glass":true}})");
  asks(
      {"extend", "g-7k2m", "--for", "30m", "--reason", "x"},
      R"({"method":"org.grantd.Access.Request","parameters":{"extends":"g-7k2m","for_us":1800000000,"reason":"x"}})");
  asks({"cancel", "r-7k2m"}, R"({"method":"org.grantd.Access.Cancel","parameters":{"id":"r-7k2m"}})");
  asks({"deny", "r-7k2m", "--reason", "no"},
       R"({"method":"org.grantd.Access.Deny","parameters":{"id":"r-7k2m","reason":"no"}})");
  asks({"review", "g-7k2m", "--note", "fine"},
       R"({"method":"org.grantd.Access.Review","parameters":{"id":"g-7k2m","note":"fine"}})");
  asks({"requests", "--all", "--person", "alice", "--resource", "web", "--to-approve", "--limit", "3"},
       R"({"method":"org.grantd.Access.Requests","parameters":{"person":"alice","resource":"web","all":true,)"
       R"("mine_to_approve":true,"limit":3}})");
  asks({"show", "r-7k2m"}, R"({"method":"org.grantd.Access.ShowRequest","parameters":{"id":"r-7k2m"}})");
}

TEST(a_request_says_its_id_who_is_asked_and_when_it_ends_by_itself) {
  asked a = ask(by_method({{"Request", answer("{\"request\":" + request_of("pending") + "}")}}),
                {"request", "orders-db", "--for", "1h"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING(
      "r-7k2m: asked; needs 1 of bob, carol; ends by itself at 17:30 +0100 if nobody answers\n",
      a.result.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "grantctl approve r-7k2m"), a.result.err);
}

TEST(a_request_that_opens_at_once_says_until_when) {
  asked a = ask(by_method({{"Request", answer("{\"request\":" + request_of("granted") +
                                              ",\"grant\":" + grant_of("open") + "}")}}),
                {"request", "orders-db"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("open: g-7k2m until 17:30 +0100, 4 h 30 min left\n", a.result.out);
  TEST_ASSERT_EQUAL_STRING("", a.result.err);
}

TEST(what_was_asked_before_is_not_told_as_new) {
  auto again = [](const std::string& answered) {
    return ask(by_method({{"Request", answer("{" + answered + ",\"repeated\":true}")}}), {"request", "web"})
        .result;
  };
  outcome open = again("\"request\":" + request_of("granted") + ",\"grant\":" + grant_of("open"));
  TEST_ASSERT_EQUAL_INT(0, open.code);
  TEST_ASSERT_EQUAL_STRING("already open: g-7k2m until 17:30 +0100, 4 h 30 min left\n", open.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(open.err, "help: grantctl extend g-7k2m --for DURATION\n"), open.err);
  outcome waits = again("\"request\":" + request_of("pending"));
  TEST_ASSERT_EQUAL_INT(0, waits.code);
  TEST_ASSERT_TRUE_MESSAGE(waits.out.starts_with("r-7k2m: asked before; needs 1 of bob, carol; "), waits.out);
}

TEST(break_glass_needs_a_reason_and_says_loudly_who_is_told) {
  outcome o = run_at("/nonexistent/api.sock", {"request", "web", "--break-glass"});
  TEST_ASSERT_EQUAL_INT(2, o.code);
  TEST_ASSERT_TRUE(contains(o.err, "--break-glass needs --reason"));
  asked a = ask(
      by_method({{"Request", answer("{\"request\":" +
                                    request_of("granted", R"("break_glass":true,"notify":["bob","carol"],)") +
                                    ",\"grant\":" + grant_of("open", R"("break_glass":true,)") + "}")}}),
      {"request", "web", "--break-glass", "--reason", "down"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("BREAK-GLASS open: g-7k2m until 17:30 +0100, 4 h 30 min left\n", a.result.out);
  TEST_ASSERT_TRUE_MESSAGE(
      contains(a.result.err,
               "BREAK-GLASS: bob, carol are told now, and g-7k2m stays flagged until one of them"),
      a.result.err);
}

TEST(who_is_told_of_ones_own_break_glass_is_the_others) {
  asked a = ask(
      by_method({{"Request", answer("{\"request\":" + request_of("granted", R"("notify":["alice","bob"],)") +
                                    ",\"grant\":" + grant_of("open", R"("break_glass":true,)") + "}")}}),
      {"request", "web", "--break-glass", "--reason", "down"});
  TEST_ASSERT_TRUE_MESSAGE(
      contains(a.result.err,
               "BREAK-GLASS: bob is told now, and g-7k2m stays flagged until they have signed it off"),
      a.result.err);
}

TEST(a_wait_that_ends_open_is_done) {
  asked a =
      ask(following({request_of("pending"), request_of("granted")}, [](int) { return event_of("granted"); }),
          waiting);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "\nopen: g-7k2m until 17:30 +0100"), a.result.out);
  TEST_ASSERT_EQUAL_STRING("grantctl: r-7k2m: needs 1 of bob, carol\n", a.result.err);
}

TEST(an_answer_that_came_before_the_watch_is_not_missed) {
  asked a = ask(following({request_of("granted")}, [](int) { return ""; }), waiting);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
}

TEST(an_answer_between_the_first_look_and_the_watch_is_not_missed) {
  asked a = ask(following({request_of("pending"), request_of("granted")}, [](int) { return ""; }), waiting);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
}

TEST(a_wait_that_may_not_watch_looks_now_and_then) {
  asked a = ask(following({request_of("pending"), request_of("granted")},
                          [](int) { return error("Busy", "uid 1000 watches 16 times already"); }),
                waiting);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
}

TEST(a_wait_that_ends_otherwise_is_a_no_with_the_reason) {
  for (const auto& [state, more, words] : std::vector<std::array<std::string, 3>>{
           {"denied", R"("ended_by":"bob","ended_reason":"use the replica",)",
            "denied by bob: use the replica"},
           {"lapsed", "", "lapsed: nobody answered in time"},
           {"cancelled", R"("ended_by":"alice",)", "cancelled by alice"}}) {
    asked a = ask(following({request_of(state, more)}, [](int) { return ""; }), waiting);
    TEST_ASSERT_EQUAL_INT(1, a.result.code);
    TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "r-7k2m for orders-db: " + words), a.result.err);
    TEST_ASSERT_TRUE(contains(a.result.err, "help: grantctl show r-7k2m\n"));
  }
}

TEST(a_wait_survives_a_grantd_that_restarts) {
  auto hang_up_once = [](int n) {
    return n == 0 ? std::nullopt : std::optional<std::string>(event_of("granted"));
  };
  stage s;
  s.restart_patience_us = 5'000'000;
  asked a =
      ask(following({request_of("pending"), request_of("pending"), request_of("granted")}, hang_up_once),
          waiting, s);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  int watches = 0;
  for (const std::string& m : a.messages) watches += contains(m, ".Watch\"");
  TEST_ASSERT_EQUAL_INT(2, watches);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "grantd is away, trying again"), a.result.err);
}

TEST(a_wait_for_a_grantd_that_stays_away_is_unreachable) {
  auto gone = [](const std::string& message) -> std::optional<std::string> {
    if (contains(message, ".Request\"")) return answer("{\"request\":" + request_of("pending") + "}");
    return std::nullopt;
  };
  TEST_ASSERT_EQUAL_INT(3, ask(gone, waiting).result.code);
}

TEST(a_refusal_during_a_wait_ends_it) {
  auto lost = [](const std::string& message) -> std::optional<std::string> {
    if (contains(message, ".Request\"")) return answer("{\"request\":" + request_of("pending") + "}");
    return error("NoSuchRequest", "there is no r-7k2m");
  };
  TEST_ASSERT_EQUAL_INT(1, ask(lost, waiting).result.code);
}

TEST(a_terminal_sees_one_line_rewritten_and_a_file_sees_none_of_it) {
  terminal t;
  stage s;
  s.err_fd = t.inside();
  s.environment["TERM"] = "xterm";
  s.environment["NO_COLOR"] = "1";
  asked a =
      ask(following({request_of("pending"), request_of("granted")}, [](int) { return event_of("granted"); }),
          waiting, s);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  std::string seen = t.seen();
  TEST_ASSERT_TRUE_MESSAGE(contains(seen, "\r\033[Kr-7k2m: needs 1 of bob, carol, 4 h 30 min left"), seen);
  TEST_ASSERT_TRUE(seen.ends_with("\r\033[K"));
  TEST_ASSERT_FALSE(contains(seen, "\033[3"));
}

TEST(a_wait_as_json_is_one_document_of_the_end) {
  auto args = waiting;
  args.insert(args.end(), {"-o", "json"});
  asked a = ask(following({request_of("denied")}, [](int) { return ""; }), args);
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(a.result.out.starts_with(R"({"request":{"id":"r-7k2m")"), a.result.out);
  TEST_ASSERT_TRUE(contains(a.result.out, R"("state":"denied")"));
  TEST_ASSERT_TRUE(a.result.out.find('\n') + 1 == a.result.out.size());
}

TEST(extend_without_a_grant_takes_the_only_open_one) {
  auto status = [](const std::string& grants) {
    return by_method({{"Status", answer(R"({"person":"alice","grants":[)" + grants + R"(],"daemon":{}})")}});
  };
  asked a =
      ask(status(grant_of("open") + "," + grant_of("waiting", "", "g-8m3x")), {"extend", "--for", "30m"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.messages.back(), R"("extends":"g-7k2m","for_us":1800000000)"),
                           a.messages.back());
  a = ask(status(grant_of("open")), {"extend", "--for", "until 18:30"});  // it ends at 17:30
  TEST_ASSERT_TRUE_MESSAGE(contains(a.messages.back(), R"("for_us":3600000000)"), a.messages.back());
  std::string odd = grant_of("open");  // ends are not on whole seconds, what is asked for is
  odd.replace(odd.find("000000", odd.find("not_after_us")), 6, "000001");
  a = ask(status(odd), {"extend", "--for", "until 18:30"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.messages.back(), R"("for_us":3600000000)"), a.messages.back());
  a = ask(status(grant_of("open") + "," + grant_of("open", "", "g-8m3x")), {"extend", "--for", "30m"});
  TEST_ASSERT_EQUAL_INT(2, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "g-7k2m (orders-db), g-8m3x (orders-db); say which"),
                           a.result.err);
  TEST_ASSERT_TRUE(contains(a.result.err, "help: grantctl extend g-7k2m --for 30m\n"));
  TEST_ASSERT_EQUAL_INT(1, ask(status(""), {"extend", "--for", "30m"}).result.code);
  TEST_ASSERT_EQUAL_INT(2, ask(status(grant_of("open")), {"extend", "--for", "until 17:00"}).result.code);
}

TEST(reading_may_be_said_and_not_together_with_writing) {
  const auto script = by_method({{"Request", answer("{\"request\":" + request_of("pending") + "}")}});
  asked a = ask(script, {"request", "orders-db", "--read-only"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING(R"({"method":"org.grantd.Access.Request","parameters":{"resource":"orders-db"}})",
                           a.messages.back());
  a = ask(script, {"request", "orders-db", "--read-only", "--read-write"});
  TEST_ASSERT_EQUAL_INT(2, a.result.code);
  TEST_ASSERT_TRUE(a.messages.empty());
}

TEST(the_help_for_break_glass_keeps_the_writing) {
  asked a = ask(by_method({}), {"request", "orders-db", "--break-glass", "--read-write"});
  TEST_ASSERT_EQUAL_INT(2, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(
      contains(a.result.err,
               "help: grantctl request orders-db --break-glass --read-write --reason \"...\"\n"),
      a.result.err);
}

TEST(the_length_of_a_window_of_first_use_is_no_time) {
  std::string one = grant_of("open");
  one.insert(one.find("\"state\""), R"("first_use_us":7200000000,)");
  const std::string shown = answer("{\"grant\":" + one + "}");
  asked a = ask(by_method({{"Show", shown}}), {"show", "g-7k2m"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "lasts         2 h from the first login on\n"),
                           a.result.out);
  a = ask(by_method({{"Show", shown}}), {"show", "g-7k2m", "-o", "json"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, R"("first_use_s":7200)"), a.result.out);
}

TEST(a_granted_request_says_what_became_of_its_grant) {
  for (auto [how, shown] :
       {std::pair{"given-back", "granted: g-7k2m, given back"}, {"revoked", "granted: g-7k2m, revoked"}}) {
    const std::string one = request_of("granted", R"("grant_ended":")" + std::string(how) + "\",");
    asked a = ask(by_method({{"Requests", answer("{\"requests\":[" + one + "]}")}}), {"requests", "--all"});
    TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, shown), a.result.out);
  }
}

TEST(until_a_time_is_asked_for_as_it_was_said) {
  const std::string waits = request_of("pending", R"("until_us":1795365000000000,)");
  asked a = ask(by_method({{"Request", answer("{\"request\":" + waits + "}")},
                           {"Requests", answer("{\"requests\":[" + waits + "]}")},
                           {"ShowRequest", answer("{\"request\":" + waits + "}")}}),
                {"request", "orders-db", "--for", "until 17:30"});
  TEST_ASSERT_EQUAL_STRING(
      R"({"method":"org.grantd.Access.Request","parameters":{"resource":"orders-db","until_us":1795365000000000}})",
      a.messages.back());
  a = ask(by_method({{"Requests", answer("{\"requests\":[" + waits + "]}")}}), {"requests"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "read-only  until 17:30 +0100  needs 1"), a.result.out);
  a = ask(by_method({{"ShowRequest", answer("{\"request\":" + waits + "}")}}), {"show", "r-7k2m"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "until         17:30 +0100\n"), a.result.out);
}

TEST(requests_are_a_table_and_a_document) {
  std::string all =
      answer("{\"requests\":[" + request_of("pending") + "," +
             request_of("denied", R"("ended_by":"bob","ended_reason":"no","role":"app",)") + "]}");
  asked a = ask(by_method({{"Requests", all}}), {"requests"});
  TEST_ASSERT_EQUAL_STRING(
      "ID      PERSON  RESOURCE          ACCESS     FOR  OUTCOME                LAPSES       REASON\n"
      "r-7k2m  alice   orders-db         read-only  1h   needs 1 of bob, carol  17:30 +0100  OPS-12\n"
      "r-7k2m  alice   orders-db as app  read-only  1h   denied by bob: no      -            OPS-12\n",
      a.result.out);
  a = ask(by_method({{"Requests", all}}), {"requests", "-o", "json"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, R"("lapses":"2026-11-22T16:30:00Z","left_s":16200)"),
                           a.result.out);
  std::string half = request_of("pending", R"("approvers":["carol"],)");
  half.replace(half.find("\"needs\":1"), 9, "\"needs\":2");
  half.replace(half.find("\"approved_by\":[]"), 16, R"("approved_by":["bob"])");
  a = ask(by_method({{"Requests", answer("{\"requests\":[" + half + "]}")}}), {"requests"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "  needs 1 more of carol (bob has approved)  "),
                           a.result.out);
  a = ask(by_method({{"Requests", answer(R"({"requests":[]})")}}), {"requests", "--to-approve"});
  TEST_ASSERT_EQUAL_STRING("grantctl: no request waits for you\n", a.result.err);
}

TEST(an_extension_looks_like_one_wherever_requests_are_listed) {
  const std::string one = request_of("pending", R"("extends":"g-7k2m",)");
  const std::string all = "{\"requests\":[" + one + "]}";
  asked a = ask(by_method({{"Requests", answer(all)}}), {"requests"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "  1h, extends g-7k2m  needs 1 of bob, carol  "),
                           a.result.out);
  a = ask(by_method({{"Deny", answer("{\"request\":" + one + "}")}}), {"deny", "r-7k2m"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, " for 1h, extends g-7k2m: needs "), a.result.out);
}

TEST(show_of_a_request_has_its_approvals) {
  asked a = ask(
      by_method(
          {{"ShowRequest",
            answer(
                "{\"request\":" +
                request_of(
                    "pending",
                    R"("approvals":[{"person":"bob","at_us":1795348800000000,"for_us":1800000000,"signature":"x"}],)") +
                "}")}}),
      {"show", "r-7k2m"});
  for (const char* part : {"state         pending: needs 1 of bob, carol\n", "start         at approval\n",
                           "approved      13:00:00 +0100, by bob, for 30m, signed\n",
                           "lapses        17:30 +0100, 4 h 30 min left\n"}) {
    TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, part), a.result.out);
  }
}

TEST(bytes_are_exactly_what_is_signed) {
  asked a = ask(by_method({{"ApprovalText", text_answer()}}), {"show", "r-7k2m", "--bytes"});
  TEST_ASSERT_EQUAL_STRING(approval_text, a.result.out);
  TEST_ASSERT_EQUAL_STRING("", a.result.err);
  TEST_ASSERT_EQUAL_INT(2, ask(by_method({}), {"show", "g-7k2m", "--bytes"}).result.code);
}

TEST(a_text_to_sign_that_is_not_this_approval_is_refused) {
  std::string other = approval_text;
  other.replace(other.find("r-7k2m"), 6, "r-8m3x");
  std::string unterminated = approval_text.substr(0, approval_text.size() - 1);
  std::string later = approval_text;
  later.replace(later.find("version 1"), 9, "version 2");
  for (const std::string& text :
       {other, unterminated, later, approval_text + "\033[2J\n", std::string("x\n"), std::string()}) {
    asked a = ask(by_method({{"ApprovalText", text_answer(text)}}), {"show", "r-7k2m", "--bytes"});
    TEST_ASSERT_TRUE_MESSAGE(a.result.code == 3, text);
    TEST_ASSERT_EQUAL_STRING("", a.result.out);
  }
}

TEST(status_has_requests_what_waits_for_you_and_break_glass_in_red) {
  terminal t;
  stage s;
  s.out_fd = t.inside();
  s.environment["TERM"] = "xterm";
  auto script = by_method(
      {{"Status",
        answer(
            R"({"person":"alice","grants":[)" + grant_of("open", R"("break_glass":true,)") +
            R"(],"requests":[)" + request_of("pending") + R"(],"to_approve":2,"unreviewed":1,)" +
            R"("daemon":{"version":"0.1.0","started_us":1795345200000000,"sequence":1,"windows":0,"clock_behind":false}})")}});
  TEST_ASSERT_EQUAL_INT(0, ask(script, {"status"}, s).result.code);
  std::string seen = t.seen();
  for (const char* part :
       {"\033[31mBREAK-GLASS open\033[0m", "r-7k2m   orders-db  1h   needs 1 of bob, carol",
        "2 requests wait for you to approve: grantctl requests --to-approve",
        "\033[31mBREAK-GLASS: 1 grant is signed off by nobody: grantctl list --all\033[0m"}) {
    TEST_ASSERT_TRUE_MESSAGE(contains(seen, part), seen);
  }
}

TEST(who_may_sign_a_break_glass_off_is_told_the_command) {
  auto status = [](const std::string& more) {
    return ask(by_method({{"Status", answer(R"({"person":"bob","grants":[],"to_review":[)" +
                                            grant_of("open", R"("break_glass":true,)") + "]" + more +
                                            R"(,"daemon":{"version":"0.1.0","started_us":1795345200000000,)"
                                            R"("sequence":1,"windows":0,"clock_behind":false}})")}}),
               {"status"})
        .result.out;
  };
  const std::string one =
      "BREAK-GLASS: g-7k2m of alice on orders-db is signed off by nobody: grantctl review g-7k2m\n";
  for (const char* more : {"", R"(,"unreviewed":1)"}) {
    const std::string seen = status(more);
    TEST_ASSERT_TRUE_MESSAGE(contains(seen, one) && !contains(seen, "list --all"), seen);
  }
  const std::string seen = status(R"(,"unreviewed":3)");
  TEST_ASSERT_TRUE_MESSAGE(
      contains(seen, one + "BREAK-GLASS: 2 more are signed off by nobody: grantctl list --all\n"), seen);
}

TEST(an_approval_that_is_no_longer_good_is_not_counted) {
  auto shown = [](const std::string& more) {
    return ask(by_method({{"Requests", answer("{\"requests\":[" + request_of("pending", more) + "]}")}}),
               {"requests"})
        .result.out;
  };
  std::string seen = shown(R"("approved_by":["bob"],"uncounted":["bob"],"missing":2,)");
  TEST_ASSERT_TRUE_MESSAGE(contains(seen, "needs 2 of bob, carol (approved, but not counted now: bob)"),
                           seen);
  seen = shown(R"("approved_by":["bob","dave"],"uncounted":["bob"],"missing":1,)");
  TEST_ASSERT_TRUE_MESSAGE(
      contains(seen, "needs 1 more of bob, carol (dave has approved) (approved, but not counted now: bob)"),
      seen);
}

TEST(break_glass_is_said_in_every_listing_until_it_is_signed_off) {
  std::string flagged = grant_of("open", R"("break_glass":true,)");
  std::string reviewed = grant_of("open", R"("break_glass":true,"reviewed_by":"bob",)");
  for (const auto& [method, args] :
       std::vector<std::pair<std::string, std::vector<std::string>>>{{"List", {"list"}},
                                                                     {"Show", {"show", "g-7k2m"}},
                                                                     {"Revoke", {"revoke", "g-7k2m"}},
                                                                     {"Watch", {"watch"}}}) {
    auto reply = [](const std::string& g) {
      return answer(R"({"event":"grant","grant":)" + g + R"(,"grants":[)" + g + "]}");
    };
    TEST_ASSERT_TRUE_MESSAGE(
        contains(ask(by_method({{method, reply(flagged)}}), args).result.out, "BREAK-GLASS"), method);
    TEST_ASSERT_FALSE(contains(ask(by_method({{method, reply(reviewed)}}), args).result.out, "BREAK-GLASS"));
  }
}

TEST(a_watch_runs_its_command_for_each_event_and_outlives_its_failure) {
  temp_dir d;
  std::string events = event_of("pending") + event_of("granted");
  events.replace(events.rfind("true}"), 4, "false");
  asked a = ask(by_method({{"Watch", events}}),
                {"watch", "--run", "cat >> " + (d / "seen") + "; echo hook >> " + (d / "seen") + "; exit 7"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  std::string seen = contents(d / "seen");
  TEST_ASSERT_TRUE_MESSAGE(seen.starts_with(R"({"event":"approve","request":{"id":"r-7k2m")"), seen);
  TEST_ASSERT_TRUE_MESSAGE(seen.ends_with("}\nhook\n") && contains(seen, "}\nhook\n{"), seen);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "--run ended with 7 for {"), a.result.err);
}

TEST(the_text_of_a_request_cannot_move_the_terminal) {
  std::string bad = R"("approvers":["\u001b[2J"],"ended_reason":"\u009b1m","reason2":"","rule":"\u202e",)";
  for (const std::vector<std::string>& args : {std::vector<std::string>{"requests"},
                                               {"show", "r-7k2m"},
                                               {"request", "x"},
                                               {"deny", "r-7k2m"},
                                               {"watch"}}) {
    for (const char* state : {"pending", "denied"}) {
      std::string r = request_of(state, bad);
      std::string reply = answer(R"({"event":"x","request":)" + r + R"(,"requests":[)" + r + "]}");
      asked a = ask([&](const std::string&) { return reply; }, args);
      for (const std::string& text : {a.result.out, a.result.err}) {
        TEST_ASSERT_FALSE(contains(text, "\033"));
        TEST_ASSERT_FALSE(contains(text, "\u009b"));
        TEST_ASSERT_FALSE(contains(text, "\u202e"));
      }
    }
  }
}

TEST(commands_below_a_command_do_not_take_its_options) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{"audit", "verify", "--limit", "3"},
                                               {"audit", "--limit", "3", "verify"},
                                               {"audit", "frob"},
                                               {"extend"},
                                               {"approve"},
                                               {"request"}}) {
    outcome o = run_at("/nonexistent/api.sock", args);
    TEST_ASSERT_TRUE_MESSAGE(o.code == 2, args.back() + ": " + o.err);
    TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "\nhelp: grantctl " + args.front()), o.err);
  }
}

TEST(an_empty_listing_of_a_name_that_nobody_has_says_so) {
  const auto script =
      by_method({{"List", answer(R"({"grants":[]})")},
                 {"Requests", answer(R"({"requests":[]})")},
                 {"Sessions", answer(R"({"sessions":[]})")},
                 {"People", answer(R"({"people":[{"name":"alice","email":"alice@example.com"}]})")},
                 {"Resources", answer(R"({"resources":[{"name":"replica"}]})")}});
  for (const char* what : {"list", "requests", "sessions"}) {
    for (const std::vector<std::string>& format : {std::vector<std::string>{}, {"-o", "json"}}) {
      std::vector<std::string> args{what, "--person", "alise"};
      args.insert(args.end(), format.begin(), format.end());
      asked a = ask(script, args);
      TEST_ASSERT_EQUAL_INT(1, a.result.code);
      TEST_ASSERT_EQUAL_STRING("", a.result.out);
      TEST_ASSERT_EQUAL_STRING(
          "grantctl: nothing is found, and the policy has no person \"alise\" (did you mean \"alice\"?)\n"
          "help: grantctl people\n",
          a.result.err);
    }
    for (const char* known : {"alice", "alice@example.com"})
      TEST_ASSERT_EQUAL_INT(0, ask(script, {what, "--person", known}).result.code);
  }
  asked a = ask(script, {"list", "--resource", "replca"});
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: nothing is found, and the policy has no resource \"replca\" (did you mean \"replica\"?)\n"
      "help: grantctl resources\n",
      a.result.err);
}
