// SPDX-License-Identifier: Apache-2.0
// A reaper that is not there, not root's, silent, or says what it should not: nobody is let in. The table
// would let everybody in.
#include <unistd.h>

#include "base/clock.h"
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
using wire::registration_result;

constexpr std::string_view help = "; tell the administrator: systemctl status grantd-reaper";

struct open_table : table_fixture {
  open_table() {
    records = {test::pam_window("alice", "sshd", -60, 3590)};
    publish();
  }
};

void expect_refused(pam_host& host, std::string_view why) {
  test::syslog_lines().clear();
  TEST_ASSERT_EQUAL_INT(PAM_SESSION_ERR, host.open_session());
  const std::string said = "the session could not be registered: grantd-reaper: " + std::string(why);
  TEST_ASSERT_EQUAL_STRING(said + std::string(help), host.heard_one(PAM_ERROR_MSG));
  TEST_ASSERT_TRUE_MESSAGE(module_log().ends_with("err denied: alice: " + said + "\n"), module_log());
}

test::frame good() {
  return frame_of(
      registration_answer{.result = registration_result::covered, .until_ns = 1, .resource = "orders-db"});
}

}  // namespace

TEST(the_answer_that_is_spoilt_below_lets_in) {
  open_table t;
  pam_host host{t};
  host.reaper.answer_by(fake_reaper::always(good()));
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.open_session());
}

TEST(no_reaper_at_all) {
  open_table t;
  pam_host host{t};
  TEST_ASSERT_EQUAL_INT(0, unlink(host.reaper.path().c_str()));
  expect_refused(host, "nobody listens there");
}

TEST(a_socket_whose_server_died) {
  open_table t;
  const test::temp_dir place;
  const std::string left = place / "left.sock";
  {
    fake_reaper dead(fake_reaper::always(good()), 0, 16, false);
    TEST_ASSERT_EQUAL_INT(0, rename(dead.path().c_str(), left.c_str()));
  }
  TEST_ASSERT_EQUAL_INT(0, access(left.c_str(), F_OK));
  pam_host host{t, "session=" + left};
  expect_refused(host, "nobody listens there");
}

TEST(a_path_that_is_none) {
  open_table t;
  const std::string endless = "/" + std::string(200, 'x');
  for (const std::string& path : {std::string("session.sock"), std::string(), endless}) {
    pam_host host{t, "session=" + path};
    expect_refused(host, "its path is no path of a socket");
  }
}

TEST(a_server_that_is_not_roots_is_told_nothing) {
  open_table t;
  fake_reaper strangers(fake_reaper::always(good()), 65534);
  pam_host host{t, "session=" + strangers.path()};
  expect_refused(host, "it does not run as root");
  TEST_ASSERT_EQUAL_INT(0, strangers.heard().size());
}

TEST(an_answer_that_is_none) {
  open_table t;
  pam_host host{t};
  test::frame cut = good(), trailing = good();
  const test::frame head(cut.begin(), cut.begin() + 12);
  cut.pop_back();
  trailing.push_back(0);
  for (const test::frame& f :
       {cut, trailing, test::frame(1, 0), test::frame(64, 0xff), test::frame(4000, 'g'), head}) {
    const size_t before = host.reaper.heard().size();
    host.reaper.answer_by(fake_reaper::always(f));
    expect_refused(host, "it answered something else");
    TEST_ASSERT_EQUAL_INT(before + 1, host.reaper.heard().size());
  }
}

TEST(an_answer_to_another_question) {
  open_table t;
  pam_host host{t};
  registration_answer faulty{.result = registration_result::covered, .fault = 3};
  registration_answer locked{.result = registration_result::covered, .table_locked = true};
  registration_answer reasonless{.result = registration_result::denied};
  for (const registration_answer& a :
       {registration_answer{.result = registration_result::closed}, faulty, locked, reasonless}) {
    host.reaper.answer_by(fake_reaper::always(frame_of(a)));
    expect_refused(host, "it answered something else");
  }
}

TEST(a_reaper_that_hangs_up) {
  open_table t;
  pam_host host{t};
  host.reaper.answer_by(fake_reaper::always({}));
  expect_refused(host, "it hung up");
  TEST_ASSERT_EQUAL_INT(1, host.reaper.heard().size());
}

TEST(a_reaper_that_says_nothing_is_waited_for_5_s_and_at_the_close_1_s) {
  open_table t;
  pam_host host{t};
  host.reaper.answer_by([](std::span<const uint8_t>) -> std::optional<test::frame> { return {}; });
  const int64_t begun = base::boot_now().ns;
  expect_refused(host, "it did not answer in time");
  const int64_t refused = base::boot_now().ns;
  TEST_ASSERT_EQUAL_INT(PAM_SUCCESS, host.close_session());
  const int64_t closed = base::boot_now().ns;
  TEST_ASSERT_EQUAL_INT(2, host.reaper.heard().size());
  const int64_t open_ms = (refused - begun) / 1'000'000, close_ms = (closed - refused) / 1'000'000;
  TEST_ASSERT_TRUE_MESSAGE(open_ms >= 5000 && open_ms < 8000, std::to_string(open_ms) + " ms");
  TEST_ASSERT_TRUE_MESSAGE(close_ms >= 1000 && close_ms < 4000, std::to_string(close_ms) + " ms");
}
