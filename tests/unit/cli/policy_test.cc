// SPDX-License-Identifier: Apache-2.0
// grantctl policy: what a file is told before it is in force, and whom a reload puts out.
#include <fstream>

#include "requests_data.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

const std::string people = R"(
[person.alice]
pg = ["alice"]
[person.bob]
pg = ["bob"]
[resource.orders-db]
login_points = ["pg:main/orders"]
[rule.read]
who = ["alice"]
resource = ["orders-db"]
approvals = 0
)";

std::string with_case(const std::string& sentence) {
  return people + "[[expect]]\ncase = \"" + sentence + "\"\n";
}

struct files {
  temp_dir directory;
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory / name) << text;
  }
};

outcome test(const std::vector<std::string>& more) {
  std::vector<std::string> args{"policy", "test"};
  args.insert(args.end(), more.begin(), more.end());
  return run_at("/nonexistent/api.sock", args);  // nobody is asked
}

}  // namespace

TEST(a_policy_whose_cases_hold_is_good) {
  files f;
  f.write("p.toml", with_case("alice on orders-db for 1h -> opens at once"));
  outcome o = test({f.directory / "p.toml"});
  TEST_ASSERT_TRUE_MESSAGE(o.code == 0, o.out + o.err);
  TEST_ASSERT_EQUAL_STRING("good: 1 rule, 1 case as written\n", o.out);
}

TEST(each_case_that_comes_out_otherwise_is_named_with_its_line) {
  files f;
  f.write("p.toml", with_case("alice on orders-db -> refused") +
                        "[[expect]]\ncase = \"bob on orders-db -> opens at once\"\n");
  outcome o = test({f.directory / "p.toml"});
  TEST_ASSERT_EQUAL_INT(1, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.out, (f.directory / "p.toml") + ":13"), o.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.out, (f.directory / "p.toml") + ":15"), o.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "2 of 2 cases did not come out as written"), o.err);
  o = test({f.directory / "p.toml", "-o", "json"});
  TEST_ASSERT_EQUAL_INT(1, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.out, R"("ok":false,"rules":1,"cases":2,"unmet":[{"file":)"), o.out);
}

TEST(every_mistake_is_named_and_counted) {
  files f;
  f.write("p.toml", people + "[rule.other]\nwhoo = [\"alice\"]\nresourc = 1\n");
  outcome o = test({f.directory / "p.toml"});
  TEST_ASSERT_EQUAL_INT(1, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.out, "whoo") && contains(o.out, "resourc"), o.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "mistakes: grantd would not take this policy"), o.err);
  o = test({f.directory / "p.toml", "-o", "json"});
  TEST_ASSERT_TRUE_MESSAGE(contains(o.out, R"({"ok":false,"mistakes":[{"file":)"), o.out);
}

TEST(several_files_and_a_directory_are_one_policy) {
  files f;
  f.write("p.toml", people);
  (void)std::filesystem::create_directory(f.directory / "policy.d");
  f.write("policy.d/cases.toml", "[[expect]]\ncase = \"alice on orders-db -> opens at once\"\n");
  f.write("policy.d/ignored.txt", "not toml");
  outcome o = test({f.directory / "p.toml", f.directory / "policy.d"});
  TEST_ASSERT_TRUE_MESSAGE(o.code == 0, o.out + o.err);
  TEST_ASSERT_EQUAL_STRING("good: 1 rule, 1 case as written\n", o.out);
  TEST_ASSERT_EQUAL_INT(2, test({f.directory / "absent.toml"}).code);
}

TEST(a_reload_names_whom_it_puts_out) {
  std::string reply =
      answer("{\"ends\":[" + grant_of("open") + "],\"lapses\":[" + request_of("pending") + "],\"ok\":true}");
  asked a = ask(by_method({{"ReloadPolicy", reply}}), {"policy", "reload", "--dry-run"});
  TEST_ASSERT_EQUAL_STRING(R"({"method":"org.grantd.Access.ReloadPolicy","parameters":{"dry_run":true}})",
                           a.messages.front());
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING(
      "would end g-7k2m alice orders-db read-only until 17:30 +0100, 4 h 30 min left\n"
      "would lapse r-7k2m alice orders-db read-only for 1h: needs 1 of bob, carol\n",
      a.result.out);
  a = ask(by_method({{"ReloadPolicy", reply}}), {"policy", "reload"});
  TEST_ASSERT_EQUAL_STRING(R"({"method":"org.grantd.Access.ReloadPolicy","parameters":{}})",
                           a.messages.front());
  TEST_ASSERT_TRUE(a.result.out.starts_with("ended g-7k2m"));
}

TEST(a_reload_with_mistakes_is_a_no_and_changes_nothing) {
  asked a =
      ask(by_method({{"ReloadPolicy",
                      answer(R"({"ends":[],"lapses":[],"ok":false,"message":"p.toml:3: x\np.toml:4: y"})")}}),
          {"policy", "reload"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: p.toml:3: x\ngrantctl: p.toml:4: y\n"
      "grantctl: this policy cannot be taken over, the old one stays in force\nhelp: grantd -t\n",
      a.result.err);
}
