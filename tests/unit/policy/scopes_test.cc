// SPDX-License-Identifier: Apache-2.0
// What a grant opens: exactly the documented scopes, and never anything of somebody else's.
#include <algorithm>
#include <random>
#include <set>

#include "mistakes.h"
#include "policy/login_point.h"
#include "policy/policy.h"

using namespace grantd;

namespace {

policy::resource resource(std::initializer_list<const char*> points) {
  policy::resource r;
  r.name = "db";
  for (const char* p : points) r.login_points.push_back(*policy::parse_login_point(p));
  return r;
}

struct accounts {
  std::vector<std::string> os = {}, pg = {}, dn = {}, krb = {};
};

policy::person person(accounts a) {
  policy::person p;
  p.name = "a";
  p.os = a.os;
  p.pg = a.pg;
  p.dn = a.dn;
  p.krb = a.krb;
  return p;
}

std::string text(const std::vector<policy::scope>& scopes) {
  static constexpr const char* classes[] = {"?", "os", "pg", "dn", "krb"};
  std::string out;
  for (const policy::scope& s : scopes) {
    out += std::string(classes[s.proved_by]) + ":" + s.account + " " + print(s.where) + " " + s.role +
           (s.read_write ? " rw\n" : "\n");
  }
  return out;
}

}  // namespace

TEST(a_pam_point_is_opened_for_os_users_without_a_role) {
  const policy::person p = person({.os = {"a", "b"}, .pg = {"r"}, .dn = {"d"}, .krb = {"k"}});
  TEST_ASSERT_EQUAL_STRING("os:a pam:sshd \nos:b pam:sshd \n", text(scopes_of(p, resource({"pam:sshd"}))));
}

TEST(a_database_is_opened_for_roles_as_themselves) {
  const policy::person p = person({.pg = {"r", "s"}});
  policy::resource what = resource({"pg:m/d"});
  what.roles = {"app"};  // a role that proved itself needs no other
  what.read_write = true;
  TEST_ASSERT_EQUAL_STRING("pg:r pg:m/d r rw\npg:s pg:m/d s rw\n", text(scopes_of(p, what)));
}

TEST(other_identities_may_use_the_persons_own_and_the_shared_roles) {
  const policy::person p = person({.os = {"o"}, .pg = {"r"}, .dn = {"d"}, .krb = {"k"}});
  policy::resource what = resource({"pg:m/*"});
  what.roles = {"app", "r"};
  TEST_ASSERT_EQUAL_STRING(
      "pg:r pg:m/* r\nos:o pg:m/* r\nos:o pg:m/* app\ndn:d pg:m/* r\ndn:d pg:m/* app\nkrb:k pg:m/* r\nkrb:k "
      "pg:m/* app\n",
      text(scopes_of(p, what)));
}

TEST(a_person_without_a_fitting_account_gets_nothing) {
  TEST_ASSERT_TRUE(scopes_of(person({.pg = {"r"}}), resource({"pam:sshd"})).empty());
  TEST_ASSERT_TRUE(scopes_of(person({.os = {"o"}}), resource({"pg:m/d"})).empty());
  TEST_ASSERT_TRUE(scopes_of(person({}), resource({"pg:m/d", "pam:sshd"})).empty());
}

TEST(replication_is_kept_apart) {
  const policy::person p = person({.pg = {"r"}});
  auto scopes = scopes_of(p, resource({"replication:m", "pg:m/d"}));
  TEST_ASSERT_EQUAL_STRING("pg:r replication:m r\npg:r pg:m/d r\n", text(scopes));
  TEST_ASSERT_TRUE(scopes[0].where.replication && !scopes[1].where.replication);
}

// 300 random policies over few names, so that the parser sees many clashes. Of those it takes: no account and
// no role of one person ever appears in a scope of another, no scope stands twice, and all fit a record.
TEST(no_account_of_any_person_appears_for_another) {
  std::mt19937_64 random(test::seed());
  auto upto = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  unsigned taken = 0;
  unsigned refused = 0;
  for (unsigned round = 0; round < 300; ++round) {
    std::string file;
    const unsigned names = 4 + upto(60);
    for (unsigned i = 0; i < 4; ++i) {
      file += "[person.p" + std::to_string(i) + "]\n";
      for (const char* kind : {"os", "pg", "dn", "krb"}) {
        file += std::string(kind) + " = [";
        for (unsigned k = upto(3); k > 0; --k) file += "\"n" + std::to_string(upto(names)) + "\", ";
        file += "]\n";
      }
    }
    file +=
        "[resource.r]\nlogin_points = [\"pam:sshd\", \"pg:m/*\", \"replication:m\"]\npam_access = "
        "\"full\"\nroles = [\"n" +
        std::to_string(upto(names)) + "\"]\n";
    auto got = policy::parse_policy(file, "f");
    if (!got) {
      TEST_ASSERT_TRUE(!got.error().empty());
      ++refused;
      continue;
    }
    ++taken;
    const policy::resource& what = *got->find_resource("r");
    std::set<std::pair<uint8_t, std::string>> others;
    std::set<std::string> others_roles;
    for (const auto& [name, who] : got->people) {
      std::set<std::pair<uint8_t, std::string>> own;
      std::set<std::string> own_roles;
      auto scopes = scopes_of(who, what);
      for (const policy::scope& s : scopes) {
        own.emplace(s.proved_by, s.account);
        if (s.role != what.roles[0]) own_roles.insert(s.role);
        size_t size = s.account.size() + s.where.place.size() + s.where.database.size() + s.role.size();
        TEST_ASSERT_TRUE(size <= policy::max_scope_strings);
        TEST_ASSERT_EQUAL_INT64(1, std::ranges::count(scopes, s));
      }
      own_roles.erase("");
      for (const auto& account : own) TEST_ASSERT_TRUE_MESSAGE(others.insert(account).second, file);
      for (const auto& role : own_roles) TEST_ASSERT_TRUE_MESSAGE(others_roles.insert(role).second, file);
    }
  }
  TEST_ASSERT_TRUE(taken > 0 && refused > 0);
}

TEST(a_role_for_the_window_stands_at_database_points_only_and_never_at_replication) {
  const policy::person p = person({.os = {"a"}, .pg = {"r"}});
  policy::resource what = resource({"pam:sshd", "pg:m/d", "replication:m"});
  for (const policy::scope& s : scopes_of(p, what)) TEST_ASSERT_EQUAL_STRING("", s.member_of);
  what.member_of = "reader";
  int with = 0;
  for (const policy::scope& s : scopes_of(p, what)) {
    const bool database = s.where.where == policy::login_point::kind::postgres && !s.where.replication;
    TEST_ASSERT_EQUAL_STRING(database ? "reader" : "", s.member_of);
    with += database ? 1 : 0;
  }
  TEST_ASSERT_EQUAL_INT(2, with);  // pg:r as itself, os:a as r
}
