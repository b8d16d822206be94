// SPDX-License-Identifier: Apache-2.0
// grantctl complete: what it asks grantd for a value, and what of the answer it dares to offer.
#include <chrono>

#include "fake_grantd.h"
#include "stage.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

const std::string people =
    answer(R"({"people":[{"name":"alice","email":"alice@example.com"},{"name":"bob"}]})");
const std::string resources =
    answer(R"({"resources":[{"name":"orders-db","description":"the orders"},{"name":"web"}]})");
const std::string locks = answer(R"({"locks":[{"id":"k-1000v","all":true,"message":"moved"}]})");
const std::string requests =
    answer(R"({"requests":[{"id":"r-8m3x","person":"alice","resource":"orders-db","reason":"OPS-1"}]})");
const std::string grants =
    answer(R"({"grants":[{"id":"g-7k2m","person":"alice","resource":"web","reason":"x"},)"
           R"({"id":"g-8k2m","person":"bob","resource":"web","break_glass":true},)"
           R"({"id":"g-9k2m","person":"bob","resource":"web","break_glass":true,"reviewed_by":"carol"}]})");
const std::string own = answer(R"({"person":"alice","grants":[{"id":"g-7k2m","resource":"web"}]})");
const std::string interface = answer(
    R"({"description":"interface org.grantd.Access\n\nmethod Grant(a: string) -> ()\nmethod List() -> ()\n"})");

fake_grantd::script everything() {
  return by_method({{"People", people},
                    {"Resources", resources},
                    {"Locks", locks},
                    {"Requests", requests},
                    {"List", grants},
                    {"Status", own},
                    {"GetInterfaceDescription", interface}});
}

struct offer {
  std::string out;
  std::vector<std::string> asked;
};

// With the fake's socket in the environment. Whatever happens, it is done and says nothing.
offer offered(fake_grantd::script script, std::vector<std::string> words, stage s = {}) {
  fake_grantd daemon(std::move(script));
  s.environment.emplace("GRANTD_SOCKET", daemon.path());
  words.insert(words.begin(), "complete");
  outcome o = s.run(words);
  TEST_ASSERT_EQUAL_INT64(0, o.code);
  TEST_ASSERT_EQUAL_STRING("", o.err);
  return {o.out, daemon.messages()};
}

void offers(const std::vector<std::string>& words, const std::string& lines) {
  TEST_ASSERT_EQUAL_STRING(lines, offered(everything(), words).out);
}

void asks(const std::vector<std::string>& words, const std::string& parameters) {
  offer o = offered(everything(), words);
  TEST_ASSERT_EQUAL_INT64(1, static_cast<int64_t>(o.asked.size()));
  TEST_ASSERT_TRUE_MESSAGE(contains(o.asked.front(), parameters), o.asked.front());
}

// What is offered when grantd says that a person is called so (a JSON string's inside).
std::string offered_name(const std::string& name) {
  return offered(by_method({{"People", answer(R"({"people":[{"name":")" + name + R"("}]})")}}), {"grant", ""})
      .out;
}

}  // namespace

TEST(complete_offers_what_grantd_knows) {
  offers({"grant", ""}, "alice\talice@example.com\nbob\n");
  offers({"grant", "alice", ""}, "orders-db\tthe orders\nweb\n");
  offers({"grant", "alice", "o"}, "orders-db\tthe orders\n");
  offers({"grant", "alice", "web", ""}, "");
  offers({"--output", "json", "request", "--for", "1h", ""}, "orders-db\tthe orders\nweb\n");
  offers({"list", "--person", "b"}, "bob\n");
  offers({"list", "--person=b"}, "--person=bob\n");
  offers({"list", "--person", "=", "b"}, "bob\n");  // as bash has it
  offers({"list", "--resource", "w"}, "web\n");
  offers({"grant", "--", "b"}, "bob\n");
  offers({"lock", ""}, "alice\talice@example.com\nbob\norders-db\tthe orders\nweb\n");
  offers({"unlock", "k"}, "k-1000v\tmoved\n");
  offers({"explain", "o"}, "orders-db\tthe orders\n");
  offers({"revoke", ""}, "g-7k2m\talice web x\ng-8k2m\tbob web\ng-9k2m\tbob web\n");
  offers({"review", ""}, "g-8k2m\tbob web\n");
  offers({"show", "r"}, "r-8m3x\talice orders-db OPS-1\n");
  offers({"call", "G"}, "Grant\n");
}

TEST(complete_knows_both_names_of_an_option) {
  for (const char* name : {"-d", "--duration"})
    offers({"admin", "users", "grant-temporary", name, "1h", ""}, "orders-db\tthe orders\nweb\n");
  offers({"admin", "users", "grant-temporary", "--d"}, "--duration\t1h, 90m; else the resource's default\n");
}

TEST(complete_asks_for_what_the_command_can_take) {
  asks({"approve", ""}, R"("mine_to_approve":true)");
  asks({"deny", ""}, R"("mine_to_approve":true)");
  asks({"cancel", ""}, R"(Requests","parameters":{})");
  asks({"audit", "approval", ""}, R"("all":true,"limit":100)");
  asks({"review", ""}, R"(List","parameters":{"all":true,"limit":100)");
  asks({"give-back", ""}, "Access.Status");
  asks({"extend", ""}, "Access.Status");
  asks({"revoke", ""}, R"(List","parameters":{})");
}

TEST(complete_asks_nothing_for_what_it_knows) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{""},
                                             {"audit", "verify", "-"},
                                             {"list", "-o", ""},
                                             {"audit", "--event", ""},
                                             {"request", "--reason", ""}})
    TEST_ASSERT_TRUE(offered(everything(), words).asked.empty());
}

// A shell puts it on the command line as it is, and runs it at the next Enter.
TEST(complete_offers_no_name_that_means_something_to_a_shell) {
  TEST_ASSERT_EQUAL_STRING("mallory\n", offered_name("mallory"));
  for (const char* name :
       {"$(touch x)", "`id`",          "a b",    "a;b",      "a|b",     "a&b",     "-x",
        "--reason",   "~root",         "*",      "a'b",      R"(a\"b)", R"(a\\b)", R"(a\nb)",
        R"(a\tb)",    R"(\u001b[31m)", ":files", "\xc3\xa4", "a/b",     ""})
    TEST_ASSERT_EQUAL_STRING("", offered_name(name));
  TEST_ASSERT_EQUAL_STRING("", offered_name(std::string(129, 'a')));
}

TEST(complete_shows_nothing_that_steers_a_terminal) {
  offer o = offered(by_method({{"Resources", answer(R"({"resources":[{"name":"web","description":)"
                                                    R"("a\n:files\t\u001b[31m\u202e"}]})")}}),
                    {"request", ""});
  TEST_ASSERT_EQUAL_STRING("web\ta\\n:files\\t\\x1b[31m\\u202e\n", o.out);
}

TEST(complete_is_silent_about_answers_that_are_none) {
  for (const char* reply : {"", "garbage", "[]", R"({"parameters":[]})", R"({"parameters":{"people":{}}})",
                            R"({"parameters":{"people":[1,null,[],{"name":1}]}})",
                            R"({"error":"org.grantd.Access.NotAllowed","parameters":{"message":"no"}})"}) {
    std::string bytes = std::string(reply) + '\0';
    TEST_ASSERT_EQUAL_STRING("", offered([&](const std::string&) { return bytes; }, {"grant", ""}).out);
  }
  TEST_ASSERT_EQUAL_STRING("", offered([](const std::string&) { return std::nullopt; }, {"grant", ""}).out);
}

TEST(complete_does_not_wait_for_a_grantd_that_is_silent) {
  const auto before = std::chrono::steady_clock::now();
  TEST_ASSERT_EQUAL_STRING("", offered([](const std::string&) { return ""; }, {"lock", ""}).out);
  TEST_ASSERT_TRUE(std::chrono::steady_clock::now() - before < std::chrono::seconds(9));  // not two times 5
}

TEST(complete_asks_nobody_over_ssh) {
  stage s;
  s.environment["GRANTD_HOST"] = "ssh://ask@db1";
  s.environment["GRANTD_SSH"] = "/bin/false";
  offer o = offered(everything(), {"grant", ""}, s);
  TEST_ASSERT_EQUAL_STRING("", o.out);
  TEST_ASSERT_TRUE(o.asked.empty());
  o = offered(everything(), {"--host", "ssh://ask@db1", "grant", ""});
  TEST_ASSERT_EQUAL_STRING("", o.out);
  TEST_ASSERT_TRUE(o.asked.empty());
}

TEST(complete_asks_the_socket_that_is_on_the_line) {
  fake_grantd other(everything());
  stage s;
  s.environment["GRANTD_HOST"] = "ssh://ask@db1";
  offer o = offered(by_method({}), {"--socket", other.path(), "grant", "a"}, s);
  TEST_ASSERT_EQUAL_STRING("alice\talice@example.com\n", o.out);
  TEST_ASSERT_TRUE(o.asked.empty());
}
