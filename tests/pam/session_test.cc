// SPDX-License-Identifier: Apache-2.0
// The session phase, row by row of pam_grantd.cc's truth table: what the reaper is told, and what its answer
// means. The table says nothing here but in mode=audit.
#include "base/ident.h"
#include "pam/pam_host.h"
#include "support/unity.h"

namespace {

using namespace grantd;
using test::fake_reaper;
using test::frame_of;
using test::module_log;
using test::pam_host;
using test::table_fixture;
using wire::registration_answer;
using wire::registration_kind;
using wire::registration_result;

registration_answer covered() {
  return {.result = registration_result::covered,
          .given = 2,
          .grant = 42,
          .until_ns = 3'540'000'000'000,
          .now_ns = 0,
          .end_utc_s = 1'800'000'000,
          .utc_offset_s = 3600,
          .resource = "orders-db"};
}

registration_answer revoked() {
  registration_answer a = covered();
  a.result = registration_result::denied;
  a.reason = static_cast<uint8_t>(decision::reason::revoked);
  a.how = static_cast<uint8_t>(decision::ending::revoked);
  a.until_ns = 0;
  return a;
}

// What the reaper was sent, decoded; throws when that was no frame. Views into `frame`.
wire::registration told(const test::frame& frame) {
  const auto r = wire::decode_registration(frame);
  if (!r) throw std::runtime_error("the module sent what is no frame");
  return *r;
}

void expect_log(std::string_view part) {
  TEST_ASSERT_TRUE_MESSAGE(module_log().find(part) != std::string::npos, module_log());
}

}  // namespace

// --- allowed if ---

TEST(the_reaper_registered_it_and_found_a_window_open_for_it) {
  table_fixture t;
  pam_host host{t};
  host.reaper.answer_by(fake_reaper::always(frame_of(covered())));
  host.rhost = "192.0.2.7";
  host.tty = "ssh";
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session());
  const std::string said = host.heard_one(PAM_TEXT_INFO);
  TEST_ASSERT_TRUE_MESSAGE(
      said.starts_with("access to orders-db until ") && said.ends_with(" +0100 (59 min left)"), said);
  const auto heard = host.reaper.heard();
  TEST_ASSERT_EQUAL_INT(1, heard.size());
  const wire::registration r = told(heard[0]);
  TEST_ASSERT_TRUE(r.kind == registration_kind::open);
  TEST_ASSERT_EQUAL_STRING("sshd", r.service);
  TEST_ASSERT_EQUAL_STRING("alice", r.user);
  TEST_ASSERT_EQUAL_STRING("192.0.2.7", r.remote);
  TEST_ASSERT_EQUAL_STRING("ssh", r.tty);
}

TEST(the_reaper_says_that_it_is_nested) {
  table_fixture t;  // not even published: the reaper's word counts
  pam_host host{t, "", "sudo"};
  host.reaper.answer_by(
      fake_reaper::always(frame_of(registration_answer{.result = registration_result::nested})));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session());
  TEST_ASSERT_TRUE(host.heard.empty());
  TEST_ASSERT_EQUAL_STRING("", module_log());
}

TEST(a_listed_account_is_let_in_and_not_registered) {
  table_fixture t;
  pam_host host{t, "service_user=app exempt_user=root"};
  host.reaper.answer_by(fake_reaper::always(frame_of(revoked())));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session("app"));
  TEST_ASSERT_EQUAL_STRING("", module_log());
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session("root"));
  expect_log("alert break-glass account let in without a grant: root");
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session("app"));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session("root"));
  TEST_ASSERT_EQUAL_INT(0, host.reaper.heard().size());
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session("bob"));  // it would have been heard
  TEST_ASSERT_EQUAL_INT(1, host.reaper.heard().size());
}

TEST(in_mode_audit_nothing_is_registered_and_the_table_is_looked_up) {
  table_fixture t;
  t.records = {test::pam_window("alice", "sshd", -60, 3590)};
  t.publish();
  pam_host host{t, "mode=audit"};
  host.reaper.answer_by(fake_reaper::always(frame_of(revoked())));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session("bob"));
  expect_log("notice would be denied (mode=audit): bob: no open grant for orders-db");
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session());
  TEST_ASSERT_TRUE(host.heard_one(PAM_TEXT_INFO).starts_with("access to orders-db until "));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session());
  TEST_ASSERT_EQUAL_INT(0, host.reaper.heard().size());
}

// --- denied if ---

TEST(the_reaper_found_no_window_open_for_it) {
  table_fixture t;
  t.records = {test::pam_window("alice", "sshd", -60, 3590)};  // a table read here would let in
  t.publish();
  pam_host host{t};
  host.reaper.answer_by(fake_reaper::always(frame_of(revoked())));
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session());
  const std::string said = host.heard_one(PAM_ERROR_MSG);
  TEST_ASSERT_TRUE_MESSAGE(
      said.starts_with("the grant " + std::string(base::print_id('g', 42).view()) +
                       " for orders-db was revoked at ") &&
          said.ends_with(" +0100; ask for one: grantctl request orders-db --for 1h --reason \"...\""),
      said);
  expect_log("notice denied: alice: the grant ");
}

TEST(the_reaper_tells_of_a_lock) {
  table_fixture t;
  pam_host host{t};
  registration_answer a = revoked();
  a.reason = static_cast<uint8_t>(decision::reason::locked);
  a.text = "incident 7: %s%n";
  host.reaper.answer_by(fake_reaper::always(frame_of(a)));
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session());
  TEST_ASSERT_EQUAL_STRING("locked: incident 7: %s%n; see: grantctl status", host.heard_one(PAM_ERROR_MSG));
}

TEST(the_reaper_cannot_register_it) {
  table_fixture t;
  t.records = {test::pam_window("alice", "sshd", -60, 3590)};
  t.publish();
  pam_host host{t};
  host.reaper.answer_by(fake_reaper::always(frame_of(
      registration_answer{.result = registration_result::failed, .text = "it is in no cgroup of its own"})));
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session());
  TEST_ASSERT_EQUAL_STRING(
      "the session could not be registered: it is in no cgroup of its own; tell the administrator: "
      "systemctl status grantd-reaper",
      host.heard_one(PAM_ERROR_MSG));
  TEST_ASSERT_EQUAL_STRING(
      "err denied: alice: the session could not be registered: it is in no cgroup of its own\n",
      module_log());
}

TEST(the_user_or_the_service_is_no_name_and_nobody_is_asked) {
  table_fixture t;
  pam_host host{t};
  host.reaper.answer_by(fake_reaper::always(frame_of(covered())));
  const std::string huge(100000, 'a');
  for (const char* user : {static_cast<const char*>(nullptr), "", "-x", "al\x01ice", "a/b", huge.c_str()}) {
    TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session(user));
    TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session(user));
  }
  TEST_ASSERT_EQUAL_INT(0, host.reaper.heard().size());
  pam_host nameless{t, "service=a/b"};
  nameless.reaper.answer_by(fake_reaper::always(frame_of(covered())));
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, nameless.open_session());
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, nameless.close_session());
  TEST_ASSERT_EQUAL_INT(0, nameless.reaper.heard().size());
}

// --- the rest ---

TEST(close_tells_the_reaper_and_succeeds_whatever_it_says) {
  table_fixture t;
  pam_host host{t, "service=login"};
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session());
  host.reaper.answer_by(fake_reaper::always(frame_of(revoked())));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session());
  host.reaper.answer_by(fake_reaper::always({}));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session());
  TEST_ASSERT_TRUE(host.heard.empty());
  const auto heard = host.reaper.heard();
  TEST_ASSERT_EQUAL_INT(3, heard.size());
  for (const test::frame& f : heard) {
    TEST_ASSERT_TRUE(told(f).kind == registration_kind::close);
    TEST_ASSERT_EQUAL_STRING("alice", told(f).user);
    TEST_ASSERT_EQUAL_STRING("login", told(f).service);
  }
}

TEST(what_strangers_write_stays_within_the_frame) {
  table_fixture t;
  pam_host host{t};
  host.reaper.answer_by(fake_reaper::always(frame_of(covered())));
  const std::string longest(63, 'x'), endless(1000, 'h'), umlauts = "x" + std::string(62, 'y') + "\xc3\xa4";
  struct expected {
    const char* given;
    std::string_view sent;
  };
  const expected cases[] = {{nullptr, ""},
                            {"", ""},
                            {"evil\nroot: let in", ""},
                            {"\x1b[2J", ""},
                            {"\xff\xfe", ""},
                            {"%s%n", "%s%n"},
                            {longest.c_str(), longest},
                            {endless.c_str(), std::string_view(endless).substr(0, 63)},
                            {umlauts.c_str(), std::string_view(umlauts).substr(0, 63)}};
  for (const expected& c : cases) {
    host.rhost = host.tty = c.given;
    TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session());
    const test::frame last = host.reaper.heard().back();
    TEST_ASSERT_TRUE(last.size() <= wire::max_registration);
    TEST_ASSERT_EQUAL_STRING(c.sent, told(last).remote);
    TEST_ASSERT_EQUAL_STRING(c.sent, told(last).tty);
  }
  TEST_ASSERT_EQUAL_INT(std::size(cases), host.reaper.heard().size());
}

TEST(silent_is_silent_and_still_registers) {
  table_fixture t;
  pam_host host{t};
  for (const registration_answer& a : {covered(), revoked(), {.result = registration_result::failed}}) {
    host.reaper.answer_by(fake_reaper::always(frame_of(a)));
    TEST_ASSERT_EQUAL_INT(a.result == registration_result::covered ? PAM_SUCCESS : PAM_SESSION_ERR,
                          host.open_session("alice", PAM_SILENT));
    TEST_ASSERT_TRUE(host.heard.empty());
  }
  TEST_ASSERT_EQUAL_INT(3, host.reaper.heard().size());
}
