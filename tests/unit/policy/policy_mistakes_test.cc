// SPDX-License-Identifier: Apache-2.0
// Every mistake a policy can hold: where it is reported, and in which words.
#include "keys.h"
#include "mistakes.h"
#include "policy/policy.h"

using namespace grantd;
using test::refused_at;

namespace {

auto parse(const std::string& text) { return policy::parse_policy(test::whole(text), "policy.toml"); }

// A line of [person.alice], which is line 2.
auto alice(const std::string& line) { return parse("[person.alice]\n" + line + "\n"); }

// A line of [resource.db], which is line 3.
auto db(const std::string& line) {
  return parse("[resource.db]\nlogin_points = \"pg:main/db\"\n" + line + "\n");
}

// The login points of [resource.db], on line 2; a string begins at column 17.
auto points(const std::string& value) { return parse("[resource.db]\nlogin_points = [" + value + "]\n"); }

std::string name(size_t size, char c = 'n') { return std::string(size, c); }

}  // namespace

TEST(a_policy_without_people_or_without_resources_is_a_mistake) {
  for (const char* text : {"", "\n", "# nothing\n", "[person]\n", "[person]\n[resource]\n",
                           "[resource.db]\nlogin_points = \"pg:m/x\"\n"}) {
    refused_at(policy::parse_policy(text, "policy.toml"), 0, 0, {"empty", "[person.NAME]"});
  }
  refused_at(policy::parse_policy("[person.alice]\nos = \"alice\"\n", "policy.toml"), 0, 0,
             {"empty", "[resource.NAME]", "cut short"});
}

TEST(a_person_called_as_the_audit_calls_grantd_itself_is_refused) {
  for (std::string_view taken : policy::reserved_names) {
    refused_at(parse("[person." + std::string(taken) + "]\n"), 1, 9, {"the audit", "another name"});
  }
  test::accepted(parse("[person.rooty]\n"));
}

TEST(a_file_over_the_cap_is_refused_unread) {
  refused_at(policy::parse_policy(std::string(policy::max_policy_bytes + 1, '#'), "policy.toml"), 0, 0,
             {"too large", "4194305", "4194304"});
  std::string fits = test::whole("") + "#";
  fits.append(policy::max_policy_bytes - fits.size(), '#');
  test::accepted(policy::parse_policy(fits, "policy.toml"));
}

TEST(a_syntax_error_has_line_and_column) {
  refused_at(parse("[person.alice]\nos = \n"), 2, 6, {"not TOML"});
  refused_at(parse("[person.alice\n"), 1, 14, {"not TOML"});
  refused_at(parse("[person.alice]\nos = \"a\"\nos = \"b\"\n"), 3, 6, {"not TOML", "os"});
}

// toml++ names the last character before the bad byte.
TEST(invalid_utf8_has_a_place) {
  refused_at(parse("[person.alice]\nos = \"\xff\"\n"), 2, 6, {"not TOML", "utf-8"});
  refused_at(parse("[person.alice]\n# \xc3\n"), 2, 2, {"not TOML"});
}

TEST(utf16_is_named) {
  refused_at(parse(std::string("\xff\xfe[\0", 4)), 1, 1, {"UTF-16", "save the file as UTF-8"});
  refused_at(parse(std::string("\xfe\xff\0[", 4)), 1, 1, {"UTF-16"});
}

TEST(nesting_without_end_is_refused_before_it_is_built) {
  std::string dots = "a";
  for (unsigned i = 0; i < 200'000; ++i) dots += ".a";
  refused_at(parse(dots + " = 1\n"), 1, 32, {"nested too deeply"});
  refused_at(parse("x = " + std::string(100'000, '[')), 1, 21, {"nested too deeply"});
}

TEST(unknown_keys_get_the_nearest_known_one) {
  refused_at(alice("emial = \"a@b\""), 2, 1, {"\"emial\"", "[person.alice]", "did you mean \"email\"?"});
  refused_at(alice("email_address = 1"), 2, 1, {"known: email, os, pg, dn, krb, chat, keys, rights"});
  refused_at(db("acces = \"read-only\""), 3, 1, {"did you mean \"access\"?"});
  refused_at(parse("[persn.alice]\n"), 1, 2, {"did you mean \"person\"?"});
  refused_at(parse("[zebra.x]\n"), 1, 2, {"known: person, resource, group, rule, relay, expect"});
}

TEST(a_key_that_is_not_printable_is_shown_escaped) {
  refused_at(alice("\"a\\u0000\\u001b[31m\" = 1"), 2, 1, {"a\\x00\\x1b[31m"});
}

TEST(wrong_types_are_named) {
  refused_at(alice("email = 3"), 2, 9, {"email", "a number", "write a string"});
  refused_at(alice("email = [\"a@b\"]"), 2, 9, {"an array"});
  refused_at(alice("os = true"), 2, 6, {"true or false"});
  refused_at(alice("os = 1979-05-27"), 2, 6, {"a date"});
  refused_at(alice("os = [\"alice\", 3]"), 2, 16, {"holds a number"});
  refused_at(alice("os = [[\"alice\"]]"), 2, 7, {"holds an array"});
  refused_at(db("access = {}"), 3, 10, {"a table"});
  refused_at(parse("person = 3\n"), 1, 10, {"person is a number", "[person.NAME]"});
  refused_at(parse("[[person]]\n"), 1, 1, {"person is an array", "[person.NAME]"});
  refused_at(parse("[person]\nalice = \"x\"\n"), 2, 1, {"alice", "a string"});
}

TEST(names_that_are_not_plain_are_refused) {
  refused_at(parse("[person.Alice]\n"), 1, 9, {"\"Alice\"", "did you mean \"alice\"?"});
  refused_at(parse("[person.\"-a\"]\n"), 1, 9, {"a-z, 0-9"});
  refused_at(parse("[person.\"\"]\n"), 1, 9, {"not a plain name"});
  refused_at(parse("[person." + name(64) + "]\n"), 1, 9, {"not a plain name"});
  refused_at(parse("[person.\"alice\\u0000\"]\n"), 1, 9, {"alice\\x00"});
  refused_at(parse("[resource.\"orders db\"]\nlogin_points = \"pg:m/x\"\n"), 1, 11, {"orders db"});
  test::accepted(parse("[person." + name(63) + "]\n"));
}

TEST(accounts_that_no_login_can_have_are_refused) {
  refused_at(alice("os = \"\""), 2, 6, {"os", "cannot be an OS user"});
  refused_at(alice("os = \"-1\""), 2, 6, {"\"-1\""});
  refused_at(alice("pg = [\"a\", \"b/c\"]"), 2, 12, {"\"b/c\"", "cannot be a database role"});
  refused_at(alice("pg = \"" + name(64) + "\""), 2, 6, {"1 to 63 bytes"});
  refused_at(alice("dn = \"" + name(129) + "\""), 2, 6, {"a certificate's subject", "1 to 128 bytes"});
  refused_at(alice("krb = \" alice@REALM\""), 2, 7, {"a Kerberos principal"});
  test::accepted(alice("os = \"" + name(63) + "\"\ndn = \"" + name(128) + "\"\nkrb = \"host/a@REALM\""));
}

TEST(a_shell_is_marked_as_what_read_only_does_not_hold) {
  const std::string shell = "[resource.web]\nlogin_points = [\"pg:m/d\", \"pam:sshd\"]\n";
  for (const char* access : {"", "access = \"read-only\"\n", "access = \"read-write\"\n"})
    refused_at(parse(shell + access), 1, 11,
               {"pam:sshd", "read-only means nothing", "pam_access = \"full\""});
  test::accepted(parse(shell + "pam_access = \"full\"\n"));
  refused_at(parse(shell + "pam_access = \"read-only\"\n"), 3, 14, {"\"read-only\"", "full"});
  refused_at(db("pam_access = \"full\""), 3, 14, {"it has none"});
}

TEST(control_bytes_are_refused_and_never_printed) {
  refused_at(alice("os = \"al\\u0000ice\""), 2, 6, {"control byte", "al\\x00ice"});
  refused_at(alice("email = \"a\\n@b\""), 2, 9, {"control byte"});
  refused_at(alice("pg = [\"a\", \"b\\u007f\"]"), 2, 12, {"control byte"});
  refused_at(alice("pg = \"a\\u0085\""), 2, 6, {"control byte"});
  refused_at(db("description = \"\"\"two\nlines\"\"\""), 3, 15, {"control byte"});
  refused_at(points("\"pg:main/\\u001b[2J\""), 2, 17, {"control byte"});
}

TEST(an_email_that_is_no_address_is_refused) {
  for (const char* bad : {"alice", "@b", "a@", "a@b@c", "a b@c", "<a@b>"}) {
    refused_at(alice("email = \"" + std::string(bad) + "\""), 2, 9,
               {"is not an address", "alice@example.com"});
  }
}

TEST(unknown_rights_are_refused) {
  refused_at(alice("rights = [\"see\", \"grnt\"]"), 2, 18, {"\"grnt\"", "did you mean \"grant\"?"});
}

TEST(one_account_of_two_people_is_named_in_both_places) {
  refused_at(parse("[person.alice]\nos = \"x\"\n[person.bob]\nos = [\"b\", \"x\"]\n"), 4, 12,
             {"os:x", "\"bob\"", "\"alice\"", "policy.toml:2:6"});
  for (const char* kind : {"pg", "dn", "krb"}) {
    std::string line = std::string(kind) + " = \"x\"\n";
    refused_at(parse("[person.alice]\n" + line + "[person.bob]\n" + line), 4, 6 + (kind[0] == 'k'),
               {"alice", "bob"});
  }
  test::accepted(parse("[person.alice]\nos = \"x\"\n[person.bob]\npg = \"x\"\n"));
}

TEST(one_account_twice_for_a_person_is_refused) {
  refused_at(alice("os = [\"a\", \"a\"]"), 2, 12, {"stands twice", "policy.toml:2:7"});
}

TEST(one_email_of_two_people_is_refused_whatever_its_case) {
  refused_at(parse("[person.alice]\nemail = \"a@b\"\n[person.bob]\nemail = \"A@B\"\n"), 4, 9,
             {"alice", "bob"});
}

TEST(one_key_of_two_people_is_refused_whatever_its_comment) {
  std::string key = test::ed25519;
  refused_at(parse("[person.alice]\nkeys = \"" + key + " laptop\"\n[person.bob]\nkeys = \"" + key + "\"\n"),
             4, 8, {"ssh-ed25519 key", "alice", "bob", "policy.toml:2:8"});
}

TEST(key_lines_that_are_no_public_keys_are_refused) {
  std::string key = test::ed25519;
  refused_at(alice("keys = \"ssh-ed25519 AAAA\""), 2, 8, {"a key of [person.alice] is damaged"});
  refused_at(alice("keys = [\"" + key + "\", 'command=\"x\" " + key + "']"), 2,
             13 + static_cast<unsigned>(key.size()), {"options are not allowed"});
  refused_at(alice("keys = \"" + key + "\\n" + key + "\""), 2, 8, {"control byte"});
}

TEST(login_points_that_are_unclear_are_refused) {
  refused_at(points("\"sshd\""), 2, 17, {"pam:SERVICE"});
  refused_at(points("\"pm:sshd\""), 2, 17, {"did you mean \"pam\"?"});
  refused_at(points("\"pam:\""), 2, 17, {"PAM service"});
  refused_at(points("\"pam:a/b\""), 2, 17, {"PAM service"});
  refused_at(points("\"pam:SSHD\""), 2, 17, {"did you mean \"pam:sshd\"?"});
  refused_at(points("\"pg:main\""), 2, 17, {"the database is missing", "pg:main/*"});
  refused_at(points("\"pg:/orders\""), 2, 17, {"cluster"});
  refused_at(points("\"pg:main/\""), 2, 17, {"database"});
  refused_at(points("\"pg:main/a/b\""), 2, 17, {"database"});
  refused_at(points("\"pg:*\""), 2, 17, {"the database is missing"});
  refused_at(points("\"replication:main/*\""), 2, 17, {"replication:main"});
  refused_at(points("\"replication:\""), 2, 17, {"cluster"});
  refused_at(points("\"pg:main/" + name(64) + "\""), 2, 17, {"database"});
  refused_at(points(""), 2, 16, {"empty"});
  refused_at(parse("[resource.db]\n"), 1, 11, {"[resource.db]", "no login_points"});
}

TEST(one_login_point_of_two_resources_is_named_in_both_places) {
  refused_at(parse("[resource.a]\nlogin_points = \"pg:m/x\"\n[resource.b]\nlogin_points = \"pg:m/x\"\n"), 4,
             16, {"pg:m/x", "\"a\"", "[resource.b]", "policy.toml:2:16"});
  refused_at(points("\"pg:m/abc\", \"pg:m/abc\""), 2, 29, {"stands twice", "policy.toml:2:17"});
  test::accepted(parse("[resource.a]\nlogin_points = \"pg:m/x\"\n[resource.b]\nlogin_points = \"pg:m/*\"\n"));
}

TEST(durations_need_a_unit_and_an_order) {
  refused_at(db("default = \"90\""), 3, 11, {"no unit", "\"90m\""});
  refused_at(db("default = 90"), 3, 11, {"no unit", "\"90m\""});
  refused_at(db("max = \"soon\""), 3, 7, {"not a duration", "1h30m"});
  refused_at(db("max = \"367d\""), 3, 7, {"at most 366d"});
  refused_at(db("max = \"0s\""), 3, 7, {"more than 0"});
  refused_at(db("max = 1.5"), 3, 7, {"a fraction"});
  refused_at(db("max = \"8h\"\ndefault = \"9h\""), 4, 11, {"longer than its max", "9h > 8h"});
}

TEST(an_unknown_access_is_refused) {
  refused_at(db("access = \"readonly\""), 3, 10, {"did you mean \"read-only\"?"});
}

TEST(a_description_is_one_short_line) {
  refused_at(db("description = \"" + name(201) + "\""), 3, 15, {"201", "200"});
}

TEST(shared_roles_are_names_once_and_nobodys_own) {
  refused_at(db("roles = \"a/b\""), 3, 9, {"a/b", "database role"});
  refused_at(db("roles = [\"a\", \"a\"]"), 3, 15, {"stands twice"});
  refused_at(db("roles = \"bob\"\n[person.bob]\npg = \"bob\""), 3, 9, {"\"bob\"'s own", "policy.toml:5:6"});
}

TEST(names_too_long_for_a_window_together_are_refused) {
  // 63 twice (account and role) and 4 + 7 of the login point are 137: one more than fits.
  auto with = [](size_t database) {
    return parse("[resource.db]\nlogin_points = \"pg:main/" + name(database) + "\"\n[person.alice]\npg = \"" +
                 name(63) + "\"\n");
  };
  test::accepted(with(6));
  refused_at(with(7), 4, 6, {"pg:nnn", "\"alice\"", "\"db\"", "pg:main/nnnnnnn", "137", "136"});
  // A DN as a shared role, and a person's own role.
  refused_at(parse("[person.alice]\ndn = \"" + name(128) +
                   "\"\n[resource.db]\nlogin_points = \"pg:main/d\"\nroles = " + "\"abcd\"\n"),
             2, 6, {"dn:nnn", "as role \"abcd\"", "137"});
  refused_at(parse("[person.alice]\nos = \"" + name(63) + "\"\npg = \"" + name(63, 'r') +
                   "\"\n[resource.db]\n" + "login_points = \"pg:mainn/dddddd\"\n"),
             3, 6, {"pg:rrr", "137"});
}

TEST(a_login_point_too_long_for_its_hint_is_refused) {
  auto with = [](size_t database) {
    return parse("[resource." + name(63) + "]\nlogin_points = \"pg:" + name(63) + "/" + name(database) +
                 "\"\n");
  };
  test::accepted(with(10));
  refused_at(with(11), 2, 16, {"137", "136"});
}

TEST(more_windows_than_an_account_may_have_are_refused) {
  auto with = [](unsigned count) {
    std::string text = "[person.alice]\npg = \"alice\"\n[resource.db]\nlogin_points = [";
    for (unsigned i = 0; i < count; ++i) text += "\"pg:main/d" + std::to_string(i) + "\",";
    return parse(text + "]\n");
  };
  test::accepted(with(32));
  refused_at(with(33), 3, 11, {"33 windows", "\"alice\"", "32"});
  // Every shared role is a window of its own for who is known as an OS user.
  std::string roles;
  for (unsigned i = 0; i < 33; ++i) roles += "\"r" + std::to_string(i) + "\",";
  refused_at(db("roles = [" + roles + "]\n[person.alice]\nos = \"alice\""), 1, 11, {"33 windows"});
  test::accepted(db("roles = [" + roles + "]\n[person.alice]\npg = \"alice\""));
}

TEST(all_mistakes_are_told_in_the_order_of_the_file) {
  auto got =
      parse("[resource.db]\naccess = \"x\"\n[person.Bob]\n[person.alice]\nemial = \"\"\nos = [\"\", 3]\n");
  TEST_ASSERT_FALSE(got.has_value());
  std::string places;
  for (const auto& m : got.error()) places += std::to_string(m.line) + ":" + std::to_string(m.column) + " ";
  TEST_ASSERT_EQUAL_STRING("1:11 2:10 3:9 5:1 6:7 6:11 ", places);
}

TEST(mistakes_past_two_hundred_are_counted) {
  std::string text = "[person.alice]\n";
  for (unsigned i = 0; i < 250; ++i) text += "k" + std::to_string(i) + " = 1\n";
  auto got = parse(text);
  TEST_ASSERT_FALSE(got.has_value());
  TEST_ASSERT_EQUAL_UINT64(201, got.error().size());
  TEST_ASSERT_EQUAL_STRING("policy.toml: and 50 more mistakes", print(got.error().back()));
}

TEST(a_mistake_prints_as_compilers_do) {
  TEST_ASSERT_EQUAL_STRING("policy.toml:12:3: what", print(policy::mistake{"policy.toml", 12, 3, "what"}));
  TEST_ASSERT_EQUAL_STRING("policy.toml: what", print(policy::mistake{"policy.toml", 0, 0, "what"}));
}

TEST(a_role_for_the_window_is_plain_of_a_database_and_nobody_elses) {
  refused_at(parse("[resource.db]\nlogin_points = \"pg:m/d\"\nmember_of = \"Reader\"\n"), 3, 13,
             {"\"Reader\"", "lower case"});
  // It would look like something else in what approvers sign.
  refused_at(parse("[resource.db]\nlogin_points = \"pg:m/d\"\nmember_of = \"a, read-only\"\n"), 3, 13,
             {"lower case"});
  refused_at(parse("[resource.db]\nlogin_points = \"pg:m/d\"\nroles = \"app\"\nmember_of = \"reader\"\n"), 4,
             13, {"shared role"});
  refused_at(parse("[resource.db]\nlogin_points = [\"pam:sshd\", \"replication:m\"]\nmember_of = \"reader\"\n"
                   "pam_access = \"full\"\n"),
             3, 13, {"none of its login points is a database"});
  refused_at(
      parse("[person.bob]\npg = \"bob\"\n[resource.db]\nlogin_points = \"pg:m/d\"\nmember_of = \"bob\"\n"), 5,
      13, {"person \"bob\"'s own"});
}
