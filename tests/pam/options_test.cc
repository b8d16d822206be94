// SPDX-License-Identifier: Apache-2.0
// What the PAM line means: understood, or refused and stricter.
#include "options.h"

#include <string>
#include <vector>

#include "support/unity.h"

namespace {

using grantd::pam::options;

options read(std::vector<const char*> arguments) {
  return grantd::pam::read_options(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

TEST(without_options_the_gate_is_enforced_at_the_usual_places) {
  options o = read({});
  TEST_ASSERT_EQUAL_STRING("/run/grantd/windows", o.table);
  TEST_ASSERT_EQUAL_STRING("/run/grantd/report.sock", o.report);
  TEST_ASSERT_EQUAL_STRING("/run/grantd-reaper/session.sock", o.session);
  TEST_ASSERT_TRUE(o.service == nullptr);
  TEST_ASSERT_FALSE(o.audit);
  TEST_ASSERT_FALSE(o.debug);
  TEST_ASSERT_EQUAL_INT(0, o.refused_count);
}

TEST(every_option_is_understood) {
  options o = read({"table=/a", "report=/b", "session=/c", "service=ssh", "service_user=app",
                    "exempt_user=root", "mode=audit", "debug"});
  TEST_ASSERT_EQUAL_STRING("/a", o.table);
  TEST_ASSERT_EQUAL_STRING("/b", o.report);
  TEST_ASSERT_EQUAL_STRING("/c", o.session);
  TEST_ASSERT_EQUAL_STRING("ssh", o.service);
  TEST_ASSERT_TRUE(o.service_users.has("app"));
  TEST_ASSERT_TRUE(o.exempt_users.has("root"));
  TEST_ASSERT_TRUE(o.audit);
  TEST_ASSERT_TRUE(o.debug);
  TEST_ASSERT_EQUAL_INT(0, o.refused_count);
}

TEST(users_accumulate_and_are_compared_whole) {
  options o = read({"service_user=app", "service_user=backup"});
  TEST_ASSERT_TRUE(o.service_users.has("app"));
  TEST_ASSERT_TRUE(o.service_users.has("backup"));
  for (const char* other : {"ap", "appl", "App", "", "app,backup"})
    TEST_ASSERT_FALSE(o.service_users.has(other));
  TEST_ASSERT_FALSE(o.exempt_users.has("app"));
}

TEST(one_user_too_many_is_refused_not_let_in) {
  std::vector<std::string> names;
  std::vector<const char*> arguments;
  for (unsigned i = 0; i <= grantd::pam::max_users; ++i) names.push_back("exempt_user=u" + std::to_string(i));
  for (const std::string& n : names) arguments.push_back(n.c_str());
  options o = read(arguments);
  TEST_ASSERT_TRUE(o.exempt_users.has("u63"));
  TEST_ASSERT_FALSE(o.exempt_users.has("u64"));
  TEST_ASSERT_EQUAL_INT(1, o.refused_count);
  TEST_ASSERT_EQUAL_STRING("exempt_user=u64", o.refused[0]);
}

TEST(a_user_that_is_no_name_is_refused) {
  for (const char* bad :
       {"service_user=", "exempt_user=-1", "exempt_user=a/b", "service_user= app", "exempt_user=\x01"}) {
    options o = read({bad});
    TEST_ASSERT_EQUAL_INT(1, o.refused_count);
    TEST_ASSERT_EQUAL_INT(0, o.service_users.count + o.exempt_users.count);
  }
}

TEST(only_a_clear_audit_is_audit) {
  TEST_ASSERT_TRUE(read({"mode=audit"}).audit);
  TEST_ASSERT_TRUE(read({"mode=audit", "mode=audit"}).audit);
  for (std::vector<const char*> arguments :
       std::vector<std::vector<const char*>>{{"mode=enforce"},
                                             {"mode="},
                                             {"mode=Audit"},
                                             {"mode=audit "},
                                             {"mode"},
                                             {"audit"},
                                             {"mode=audit", "mode=enforce"},
                                             {"mode=enforce", "mode=audit"},
                                             {"mode=off", "mode=audit"}}) {
    TEST_ASSERT_FALSE(read(arguments).audit);
  }
}

TEST(an_unparsable_mode_is_refused_and_enforces) {
  options o = read({"mode=auditt"});
  TEST_ASSERT_EQUAL_INT(1, o.refused_count);
  TEST_ASSERT_FALSE(o.audit);
}

TEST(a_path_that_is_not_absolute_is_no_file) {
  options o = read({"table=windows", "report=../report.sock", "session=session.sock"});
  TEST_ASSERT_EQUAL_STRING("", o.table);
  TEST_ASSERT_EQUAL_STRING("", o.report);
  TEST_ASSERT_EQUAL_STRING("", o.session);
  TEST_ASSERT_EQUAL_INT(3, o.refused_count);
}

TEST(unknown_options_are_refused_and_bounded) {
  options o = read({"tabel=/x", "Debug", "debug=1", "", "use_first_pass"});
  TEST_ASSERT_EQUAL_INT(5, o.refused_count);
  TEST_ASSERT_FALSE(o.debug);
  TEST_ASSERT_EQUAL_STRING("/run/grantd/windows", o.table);
  o = read(std::vector<const char*>(100, "nonsense"));
  TEST_ASSERT_EQUAL_INT(grantd::pam::max_refused, o.refused_count);
}

TEST(a_service_that_is_no_name_is_kept_to_be_denied) {
  options o = read({"service=a/b"});
  TEST_ASSERT_EQUAL_STRING("a/b", o.service);
  TEST_ASSERT_EQUAL_INT(1, o.refused_count);
}
