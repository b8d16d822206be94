// SPDX-License-Identifier: Apache-2.0
// A world with rules: who asks, who approves, and their keys.
#pragma once

#include "support/sshsig_maker.h"
#include "world.h"

namespace grantd::test {

// alice asks; bob and carol approve; dave has the right "grant"; bot is a person like any other, with a key.
inline const signing_key alice_key = make_key(1, false);
inline const signing_key alice_second_key = make_key(2, false);
inline const signing_key bob_key = make_key(3, false);
inline const signing_key bob_token = make_key(4, true);
inline const signing_key carol_key = make_key(5, false);
inline const signing_key bot_key = make_key(6, false);
inline const signing_key strangers_key = make_key(7, false);

inline std::string rules(const std::string& more = "") {
  return "[person.alice]\npg = \"alice\"\nkeys = [\"" + key_line(alice_key) + "\", \"" +
         key_line(alice_second_key) + "\"]\n[person.bob]\npg = \"bob\"\nkeys = [\"" + key_line(bob_key) +
         "\", \"" + key_line(bob_token) + "\"]\n[person.carol]\npg = \"carol\"\nkeys = \"" +
         key_line(carol_key) + "\"\n[person.bot]\npg = \"bot\"\nkeys = \"" + key_line(bot_key) +
         R"("
[person.dave]
pg = "dave"
rights = ["grant"]
[group.dba]
members = ["bob", "carol"]
[resource.orders-db]
login_points = ["pg:main/orders"]
access = "read-write"
[resource.replica]
login_points = ["pg:main/replica"]
[rule.replica]
who = "*"
resource = "replica"
approvals = 0
quota = 3
[rule.orders]
who = ["alice", "bot"]
resource = "orders-db"
max = "2h"
approvals = { count = 1, by = ["group:dba"] }
[rule.orders-write]
who = "alice"
resource = "orders-db"
access = "read-write"
approvals = { count = 2, by = ["group:dba", "alice"] }
[rule.orders-emergency]
who = "alice"
resource = "orders-db"
access = "read-write"
approvals = 0
break_glass = true
reason = "required"
max = "30m"
notify = ["group:dba"]
)" + more;
}

// Hers by herself, counted from the first login.
inline constexpr char night_shift[] = R"([resource.night]
login_points = ["pg:main/night"]
[rule.night]
who = "alice"
resource = "night"
approvals = 0
max = "2h"
start = "first-use"
)";

class asking : public world {
 public:
  explicit asking(const std::string& more = "") : policy(rules(more)) { load(policy.c_str()); }
  void again(bool another_boot = false) { restart(policy.c_str(), another_boot); }

  // Asks as that person; the id of the request. `more`: further members, with their comma.
  std::string request(const std::string& person = "alice", const std::string& resource = "orders-db",
                      const std::string& more = "") {
    auto r = ask(person, "Request", R"({"resource":")" + resource + "\"" + more + "}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    return member(*r.parameters.find("request"), "id");
  }
  std::string text(const std::string& id, const std::string& more = "") {
    auto r = ask("bob", "ApprovalText", R"({"id":")" + id + "\"" + more + "}");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    return member(r.parameters, "text");
  }
  // `carrier` hands in what `key` signed: the text of `id`, unless another is given.
  daemon::reply approve(const std::string& carrier, const std::string& id, const signing_key& key,
                        const std::string& more = "", const making& m = {}) {
    return approve_text(carrier, id, key, text(id), more, m);
  }
  daemon::reply approve_text(const std::string& carrier, const std::string& id, const signing_key& key,
                             const std::string& signed_text, const std::string& more = "",
                             const making& m = {}) {
    std::string quoted;
    daemon::json::value(armour(make_blob(key, signed_text, m))).print_to(quoted);
    return ask(carrier, "Approve", R"({"id":")" + id + R"(","signature":)" + quoted + more + "}");
  }
  std::string state(const std::string& id) {
    auto r = root("ShowRequest", R"({"id":")" + id + "\"}");
    return r.ok() ? member(*r.parameters.find("request"), "state") : short_error(r);
  }
  size_t grants() { return core->grants().open().size(); }

  std::string policy;
};

}  // namespace grantd::test
