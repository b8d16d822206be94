// SPDX-License-Identifier: Apache-2.0
// What a good policy means: every key, defaults, looking things up, and that nothing around it matters.
#include "policy/policy.h"

#include <clocale>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "keys.h"
#include "mistakes.h"
#include "policy/login_point.h"

using namespace grantd;

namespace {

const policy::policy& parse(const std::string& text) {
  static std::expected<policy::policy, policy::mistakes> last;
  last = policy::parse_policy(test::whole(text), "policy.toml");
  return test::accepted(last);
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr int64_t hour = 3'600'000'000;

}  // namespace

TEST(every_key_of_a_person_is_read) {
  const auto& p = parse(
      "[person.alice]\nemail = \"a@b.c\"\nos = \"alice\"\npg = [\"a\", \"B c\"]\ndn = \"CN=alice,O=x\"\n"
      "krb = [\"alice@R\"]\nkeys = [\"" +
      std::string(test::ed25519) + " c o\"]\nrights = [\"grant\"]\n");
  const policy::person* a = p.find_person("alice");
  TEST_ASSERT_TRUE(a != nullptr);
  TEST_ASSERT_EQUAL_STRING("alice", a->name);
  TEST_ASSERT_EQUAL_STRING("a@b.c", a->email);
  TEST_ASSERT_TRUE(a->os == std::vector<std::string>{"alice"});
  TEST_ASSERT_TRUE((a->pg == std::vector<std::string>{"a", "B c"}));
  TEST_ASSERT_TRUE(a->dn == std::vector<std::string>{"CN=alice,O=x"});
  TEST_ASSERT_TRUE(a->krb == std::vector<std::string>{"alice@R"});
  TEST_ASSERT_TRUE(a->keys == std::vector<std::string>{std::string(test::ed25519) + " c o"});
  TEST_ASSERT_TRUE(a->may_grant && a->may_see);
}

TEST(a_person_has_no_right_that_is_not_written) {
  const auto& p = parse("[person.a]\n[person.b]\nrights = \"see\"\n[person.c]\nrights = []\n");
  for (const char* name : {"a", "c"})
    TEST_ASSERT_FALSE(p.find_person(name)->may_see || p.find_person(name)->may_grant);
  TEST_ASSERT_TRUE(p.find_person("b")->may_see);
  TEST_ASSERT_FALSE(p.find_person("b")->may_grant);
}

TEST(every_key_of_a_resource_is_read) {
  const auto& p = parse(
      "[resource.db]\ndescription = \"d\"\nlogin_points = [\"pg:m/d\", \"pam:sshd\"]\npam_access = "
      "\"full\"\nroles = [\"app\"]\n"
      "access = \"read-write\"\ndefault = \"90m\"\nmax = \"1d\"\n");
  const policy::resource* r = p.find_resource("db");
  TEST_ASSERT_TRUE(r != nullptr);
  TEST_ASSERT_EQUAL_STRING("d", r->description);
  TEST_ASSERT_EQUAL_UINT64(2, r->login_points.size());
  TEST_ASSERT_TRUE(r->roles == std::vector<std::string>{"app"});
  TEST_ASSERT_TRUE(r->read_write);
  TEST_ASSERT_EQUAL_INT64(hour * 3 / 2, r->default_us);
  TEST_ASSERT_EQUAL_INT64(24 * hour, r->max_us);
}

TEST(what_is_absent_is_the_safe_one) {
  auto durations = [](const std::string& lines) {
    const policy::resource& r =
        *parse("[resource.db]\nlogin_points = \"pg:m/x\"\n" + lines).find_resource("db");
    TEST_ASSERT_FALSE(r.read_write);
    return std::pair(r.default_us / 60'000'000, r.max_us / 60'000'000);
  };
  TEST_ASSERT_TRUE((durations("") == std::pair<int64_t, int64_t>(60, 480)));
  TEST_ASSERT_TRUE((durations("max = \"30m\"\n") == std::pair<int64_t, int64_t>(30, 30)));
  TEST_ASSERT_TRUE((durations("default = \"9h\"\n") == std::pair<int64_t, int64_t>(540, 540)));
  TEST_ASSERT_TRUE((durations("access = \"read-only\"\n") == std::pair<int64_t, int64_t>(60, 480)));
}

TEST(people_are_found_by_name_address_and_os_user) {
  const auto& p =
      parse("[person.alice]\nemail = \"a@b\"\nos = [\"al\", \"alice2\"]\n[person.bob]\npg = \"al\"\n");
  TEST_ASSERT_EQUAL_STRING("alice", p.find_person("a@b")->name);
  TEST_ASSERT_EQUAL_STRING("alice", p.person_of_os_user("alice2")->name);
  TEST_ASSERT_EQUAL_STRING("alice", p.person_of_os_user("al")->name);
  for (const char* nobody : {"", "Alice", "alice ", "A@b", "al"})
    TEST_ASSERT_TRUE(p.find_person(nobody) == nullptr);
  for (const char* nobody : {"", "alice", "bob", "AL"})
    TEST_ASSERT_TRUE(p.person_of_os_user(nobody) == nullptr);
  TEST_ASSERT_TRUE(p.find_person(std::string_view("alice\0x", 7)) == nullptr);
  TEST_ASSERT_TRUE(p.find_resource("alice") == nullptr);
  TEST_ASSERT_TRUE(p.find_resource("") == nullptr);
}

TEST(login_points_print_as_they_are_written) {
  for (const char* text : {"pam:sshd", "pg:main/orders", "pg:main/*", "replication:main",
                           "replication:main/orders", "pg:Main/Großes Lager", "pg:a:b/c:d"}) {
    auto p = policy::parse_login_point(text);
    TEST_ASSERT_TRUE(p.has_value());
    TEST_ASSERT_EQUAL_STRING(text, print(*p));
    TEST_ASSERT_TRUE(*policy::parse_login_point(print(*p)) == *p);
  }
  auto any = policy::parse_login_point("pg:main/*");
  TEST_ASSERT_TRUE(any->any_database && any->database.empty() && !any->replication);
  auto physical = policy::parse_login_point("replication:main");
  TEST_ASSERT_TRUE(!physical->any_database && physical->database.empty() && physical->replication);
}

TEST(a_byte_order_mark_and_crlf_change_nothing) {
  const std::string plain = "[person.alice]\nos = \"alice\"\n";
  std::string other = "\xef\xbb\xbf[person.alice]\r\nos = \"alice\"\r\n";
  TEST_ASSERT_EQUAL_STRING("alice", parse(plain).person_of_os_user("alice")->name);
  TEST_ASSERT_EQUAL_STRING("alice", parse(other).person_of_os_user("alice")->name);
  test::refused_at(policy::parse_policy("\xef\xbb\xbf[person.alice]\r\nos = 3\r\n", "f"), 2, 6, {"a number"});
}

TEST(dotted_keys_and_inline_tables_are_the_same_policy) {
  const auto& p = parse("person.alice.os = \"alice\"\nperson.bob = { os = \"bob\" }\n");
  TEST_ASSERT_EQUAL_STRING("alice", p.person_of_os_user("alice")->name);
  TEST_ASSERT_EQUAL_STRING("bob", p.person_of_os_user("bob")->name);
}

TEST(the_example_is_a_good_policy_and_each_of_its_people_can_reach_something) {
  const auto& p = parse(read(EXAMPLES "/policy.toml"));
  TEST_ASSERT_EQUAL_UINT64(3, p.people.size());
  TEST_ASSERT_EQUAL_UINT64(3, p.resources.size());
  for (const auto& [name, who] : p.people) {
    size_t scopes = 0;
    for (const auto& [resource, what] : p.resources) scopes += scopes_of(who, what).size();
    TEST_ASSERT_TRUE_MESSAGE(scopes > 0, name);
  }
  TEST_ASSERT_TRUE(p.find_person("carol")->may_grant);
}

TEST(locale_and_time_zone_change_nothing) {
  const std::string text = read(EXAMPLES "/policy.toml");
  auto scopes = [&] {
    std::string out;
    const auto& p = parse(text);
    for (const auto& [n, who] : p.people) {
      for (const auto& [m, what] : p.resources) {
        out += std::to_string(what.default_us) + " ";
        for (const auto& s : scopes_of(who, what)) out += s.account + print(s.where) + s.role + "\n";
      }
    }
    return out + test::all_of(
                     policy::parse_policy("[person.I]\nos = 3\n[resource.x]\nmax = \"1,5h\"\n", "f").error());
  };
  const std::string before = scopes();
  setenv("TZ", ":/dev/zero", 1);
  // Whichever of these the machine has: a comma for the point, dots between thousands, another i for I.
  bool any = false;
  for (const char* locale : {"tr_TR.UTF-8", "de_DE.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    any = true;
    TEST_ASSERT_EQUAL_STRING(before, scopes());
  }
  std::setlocale(LC_ALL, "C");
  unsetenv("TZ");
  TEST_ASSERT_TRUE(any);
}
