// SPDX-License-Identifier: Apache-2.0
// lock, unlock, locks: what they ask of grantd, what they show, and their exit codes.
#include "fake_grantd.h"
#include "stage.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

// Until 17:30 at +0100; it is 13:00 there.
std::string lock_object(const std::string& whom, const std::string& more = "") {
  return R"({"id":"k-7k2m",)" + whom +
         R"(,"message":"laptop stolen","from_us":1795345200000000,"until_us":1795365000000000,)"
         R"("left_us":16200000000,"made_by":"root")" +
         more + "}";
}
const std::string of_alice = lock_object(R"("person":"alice")");

struct asked {
  outcome result;
  std::vector<std::string> messages;
};

asked ask(fake_grantd::script script, std::vector<std::string> args) {
  fake_grantd daemon(std::move(script));
  outcome o = run_at(daemon.path(), std::move(args));
  return {o, daemon.messages()};
}

void asks(const std::vector<std::string>& args, std::string_view message) {
  asked a = ask(by_method({}), args);
  TEST_ASSERT_TRUE(!a.messages.empty());
  TEST_ASSERT_EQUAL_STRING(message, a.messages.front());
}

}  // namespace

TEST(lock_and_unlock_send_the_method_of_the_protocol) {
  asks(
      {"lock", "alice", "--for", "2h", "--message", "laptop stolen"},
      R"({"method":"org.grantd.Access.Lock","parameters":{"name":"alice","for_us":7200000000,"message":"laptop stolen"}})");
  asks(
      {"lock", "--person", "alice", "--for", "2h", "--message", "x"},
      R"({"method":"org.grantd.Access.Lock","parameters":{"person":"alice","for_us":7200000000,"message":"x"}})");
  asks(
      {"lock", "--resource", "web", "--for", "2h", "--message", "x"},
      R"({"method":"org.grantd.Access.Lock","parameters":{"resource":"web","for_us":7200000000,"message":"x"}})");
  asks({"lock", "--all", "--for", "90m", "--message", "x"},
       R"({"method":"org.grantd.Access.Lock","parameters":{"all":true,"for_us":5400000000,"message":"x"}})");
  asks({"unlock", "k-7k2m"}, R"({"method":"org.grantd.Access.Unlock","parameters":{"id":"k-7k2m"}})");
  asks({"unlock", "alice"}, R"({"method":"org.grantd.Access.Unlock","parameters":{"name":"alice"}})");
  asks({"unlock", "--person", "alice"},
       R"({"method":"org.grantd.Access.Unlock","parameters":{"person":"alice"}})");
  asks({"unlock", "--all"}, R"({"method":"org.grantd.Access.Unlock","parameters":{"all":true}})");
}

TEST(a_lock_needs_a_length_a_message_and_one_name) {
  for (const std::vector<std::string>& args : {
           std::vector<std::string>{"lock", "alice", "--for", "2h"},
           {"lock", "alice", "--message", "x"},
           {"lock", "--for", "2h", "--message", "x"},
           {"lock", "alice", "--all", "--for", "2h", "--message", "x"},
           {"lock", "alice", "--for", "until 17:30", "--message", "x"},
           {"unlock"},
           {"unlock", "alice", "--all"},
       }) {
    asked a = ask(by_method({}), args);
    TEST_ASSERT_EQUAL_INT(2, a.result.code);
    TEST_ASSERT_TRUE(a.messages.empty());
  }
}

TEST(what_is_locked_is_shown_with_its_end_and_the_grants_beneath_it) {
  asked a =
      ask(by_method({{"Lock", answer("{\"lock\":" + lock_object(R"("person":"alice")", R"(,"covers":2)") +
                                     R"(,"durable":true})")}}),
          {"lock", "alice", "--for", "2h", "--message", "laptop stolen"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("k-7k2m person alice until 17:30 +0100, 4 h 30 min left: laptop stolen\n",
                           a.result.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "2 open grants go on beneath it"), a.result.err);
}

TEST(a_lock_that_is_not_on_disk_yet_has_the_exit_code_5) {
  asked a = ask(by_method({{"Lock", error("NotDurable", "in force, but not on disk yet")}}),
                {"lock", "alice", "--for", "2h", "--message", "x"});
  TEST_ASSERT_EQUAL_INT(5, a.result.code);
  a = ask(by_method({{"Unlock", error("NoSuchLock", "alice is not locked", "grantctl locks")}}),
          {"unlock", "alice"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.err, "alice is not locked"));
}

TEST(locks_are_a_table_or_a_document) {
  const std::string two = answer("{\"locks\":[" + lock_object(R"("all":true)") + "," + of_alice + "]}");
  asked a = ask(by_method({{"Locks", two}}), {"locks"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING(
      "ID      KIND    LOCKED     UNTIL                               BY    MESSAGE\n"
      "k-7k2m  all     everybody  until 17:30 +0100, 4 h 30 min left  root  laptop stolen\n"
      "k-7k2m  person  alice      until 17:30 +0100, 4 h 30 min left  root  laptop stolen\n",
      a.result.out);
  a = ask(by_method({{"Locks", two}}), {"locks", "-o", "json"});
  TEST_ASSERT_TRUE(contains(a.result.out, R"("left_s":16200)"));
  a = ask(by_method({{"Locks", answer(R"({"locks":[]})")}}), {"locks"});
  TEST_ASSERT_EQUAL_STRING("", a.result.out);
  TEST_ASSERT_TRUE(contains(a.result.err, "no lock is in force"));
}

TEST(unlock_says_what_it_ended) {
  asked a = ask(by_method({{"Unlock", answer("{\"locks\":[" + of_alice + R"(],"durable":true})")}}),
                {"unlock", "alice"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("k-7k2m alice unlocked\n", a.result.out);
}

TEST(a_lock_is_told_by_grant_and_status) {
  asked a = ask(
      by_method(
          {{"Grant",
            answer(R"({"grant":{"id":"g-7k2m","person":"alice","resource":"orders-db","access":"read-only",)"
                   R"("not_before_us":1795345200000000,"not_after_us":1795365000000000,"left_us":1,)"
                   R"("state":"open"},"warning":"alice is locked for 1 h more"})")}}),
      {"grant", "alice", "orders-db"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.err, "alice is locked for 1 h more"));
  TEST_ASSERT_TRUE(contains(a.result.err, "help: grantctl locks"));
  a = ask(
      by_method({{"Status", answer(R"({"person":"alice","grants":[],"locks":[)" + of_alice +
                                   R"(],"daemon":{"version":"0.1.0","pid":1,"started_us":1795345200000000,)"
                                   R"("sequence":12,"windows":3,"clock_behind":false,"not_durable":0}})")}}),
      {"status"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.err,
                            "locked: k-7k2m person alice until 17:30 +0100, 4 h 30 min left: laptop stolen"));
}
