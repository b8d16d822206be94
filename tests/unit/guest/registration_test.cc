// SPDX-License-Identifier: Apache-2.0
// Registering with a reaper of the test's own: whatever is not exactly the answer it should be is a failure,
// and no wait is longer than the deadline.
#include "guest/registration.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/clock.h"
#include "support/unity.h"
#include "unit/guest/fake_reaper.h"

namespace {

using namespace grantd;
using guest::registered;
using test::fake_reaper;
using test::frame_of;
using wire::registration_answer;
using wire::registration_kind;
using wire::registration_result;

constexpr wire::registration opening{registration_kind::open, "sshd", "alice", {}, {}};
constexpr wire::registration closing{registration_kind::close, "sshd", "alice", {}, {}};

int64_t now_ms() { return base::boot_now().ns / 1'000'000; }
base::boot_time in_ms(int64_t ms) { return {base::boot_now().ns + ms * 1'000'000}; }

registered ask(const fake_reaper& r, const wire::registration& what = opening) {
  return guest::register_session(r.path().c_str(), what, in_ms(5000));
}

void expect_failure(std::string_view why, const registered& r) {
  TEST_ASSERT_EQUAL_STRING("grantd-reaper: " + std::string(why), r.why);
  TEST_ASSERT_TRUE(r.result == registration_result::failed);
  TEST_ASSERT_FALSE(r.a.verdict.allows());
}

registration_answer covered() {
  return {.result = registration_result::covered,
          .given = 2,
          .how = 1,
          .grant = 42,
          .until_ns = 9'000,
          .now_ns = 1'000,
          .end_utc_s = 77,
          .utc_offset_s = -3600,
          .resource = "orders-db"};
}

const fake_reaper::script silent = [](std::span<const uint8_t>) -> std::optional<test::frame> { return {}; };

// A connection that waits in the queue of `path`; invalid when there is no room.
base::unique_fd queue_up(const std::string& path) {
  base::unique_fd fd{socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) == 0) return fd;
  TEST_ASSERT_EQUAL_INT(EAGAIN, errno);
  return {};
}

std::vector<base::unique_fd> fill(const std::string& path) {
  std::vector<base::unique_fd> queue;
  for (base::unique_fd fd = queue_up(path); fd.valid(); fd = queue_up(path)) queue.push_back(std::move(fd));
  return queue;
}

std::atomic<unsigned> alarms{0};

}  // namespace

TEST(an_answer_arrives_whole) {
  fake_reaper reaper(fake_reaper::always(frame_of(covered())));
  const registered r = ask(reaper);
  TEST_ASSERT_TRUE(r.result == registration_result::covered);
  TEST_ASSERT_TRUE(r.a.verdict.allows() && r.a.verdict.given == decision::access::read_write);
  TEST_ASSERT_EQUAL_INT64(42, r.a.verdict.grant);
  TEST_ASSERT_EQUAL_INT64(9'000, r.a.verdict.until.ns);
  TEST_ASSERT_EQUAL_INT64(1'000, r.a.now.ns);
  TEST_ASSERT_EQUAL_INT64(77, r.a.verdict.end_utc_s);
  TEST_ASSERT_EQUAL_INT64(-3600, r.a.verdict.utc_offset_s);
  TEST_ASSERT_EQUAL_STRING("orders-db", std::string_view(r.a.resource.text, r.a.resource.size));
  TEST_ASSERT_EQUAL_STRING("", r.why);
}

TEST(every_result_is_told_from_the_others) {
  fake_reaper reaper(
      fake_reaper::always(frame_of(registration_answer{.result = registration_result::nested})));
  TEST_ASSERT_TRUE(ask(reaper).result == registration_result::nested);
  registration_answer lock{.result = registration_result::denied, .reason = 1, .text = "incident 7"};
  reaper.answer_by(fake_reaper::always(frame_of(lock)));
  const registered denied = ask(reaper);
  TEST_ASSERT_TRUE(denied.result == registration_result::denied);
  TEST_ASSERT_TRUE(denied.a.verdict.why == decision::reason::locked);
  TEST_ASSERT_EQUAL_STRING("incident 7", denied.a.lock_text);
  reaper.answer_by(fake_reaper::always(
      frame_of(registration_answer{.result = registration_result::failed, .text = "full"})));
  const registered failed = ask(reaper);
  TEST_ASSERT_TRUE(failed.result == registration_result::failed);
  TEST_ASSERT_EQUAL_STRING("full", failed.why);
  reaper.answer_by(fake_reaper::always(frame_of(registration_answer{.result = registration_result::failed})));
  TEST_ASSERT_EQUAL_STRING("it did not say why", ask(reaper).why);
  reaper.answer_by(fake_reaper::always(frame_of(registration_answer{.result = registration_result::closed})));
  TEST_ASSERT_TRUE(ask(reaper, closing).result == registration_result::closed);
}

TEST(an_answer_to_another_question_is_a_failure) {
  fake_reaper reaper(silent);
  registration_answer faulty = covered(), locked = covered();
  faulty.fault = 1;
  locked.table_locked = true;
  for (const registration_answer& a :
       {faulty, locked, registration_answer{.result = registration_result::denied},
        registration_answer{.result = registration_result::closed}}) {
    reaper.answer_by(fake_reaper::always(frame_of(a)));
    expect_failure("it answered something else", ask(reaper));
  }
  for (const registration_answer& a :
       {covered(), registration_answer{.result = registration_result::nested},
        registration_answer{.result = registration_result::denied, .reason = 5}}) {
    reaper.answer_by(fake_reaper::always(frame_of(a)));
    expect_failure("it answered something else", ask(reaper, closing));
  }
}

TEST(an_answer_that_is_no_text_is_a_failure) {
  fake_reaper reaper(silent);
  for (std::string_view bad : {"\xff", "orders\xc3", "\xc2\x9b"}) {
    registration_answer a = covered();
    a.resource = bad;
    const registration_answer failed{.result = registration_result::failed, .text = bad};
    for (const registration_answer& answer : {a, failed}) {
      reaper.answer_by(fake_reaper::always(frame_of(answer)));
      expect_failure("it answered something else", ask(reaper));
    }
  }
}

TEST(an_answer_with_a_descriptor_is_a_failure_and_the_descriptor_is_not_kept) {
  fake_reaper reaper(fake_reaper::always(frame_of(covered())));
  const base::unique_fd gift{open("/dev/null", O_RDONLY | O_CLOEXEC)};
  reaper.attach(gift.get());
  for (int i = 0; i < 50; ++i) expect_failure("it answered something else", ask(reaper));
  const base::unique_fd next{open("/dev/null", O_RDONLY | O_CLOEXEC)};
  TEST_ASSERT_TRUE_MESSAGE(next.get() < 30, std::to_string(next.get()) + " descriptors");
}

TEST(a_server_of_another_uid_is_told_nothing) {
  fake_reaper strangers(fake_reaper::always(frame_of(covered())), 65534);
  expect_failure("it does not run as root", ask(strangers));
  TEST_ASSERT_EQUAL_INT(0, strangers.heard().size());
}

TEST(names_that_fit_no_frame_are_told_to_nobody) {
  fake_reaper reaper(fake_reaper::always(frame_of(covered())));
  const std::string longer(64, 'x');
  for (const wire::registration& r : {wire::registration{registration_kind::open, longer, "alice", {}, {}},
                                      wire::registration{registration_kind::open, "sshd", longer, {}, {}},
                                      wire::registration{registration_kind::open, "sshd", {}, {}, {}}}) {
    expect_failure("a name is too long for it", ask(reaper, r));
  }
  TEST_ASSERT_EQUAL_INT(0, reaper.heard().size());
}

TEST(a_path_that_is_none_is_a_failure) {
  expect_failure("no socket is named", guest::register_session(nullptr, opening, in_ms(5000)));
  const std::string endless = "/" + std::string(107, 'x');
  for (const char* path : {"", "session.sock", endless.c_str()}) {
    expect_failure("its path is no path of a socket", guest::register_session(path, opening, in_ms(5000)));
  }
  expect_failure("nobody listens there", guest::register_session("/nonexistent/s", opening, in_ms(5000)));
}

TEST(silence_is_waited_for_until_the_deadline_signals_or_not) {
  fake_reaper reaper(silent);
  struct sigaction handler{}, before{};
  handler.sa_handler = [](int) { ++alarms; };
  TEST_ASSERT_EQUAL_INT(0, sigaction(SIGALRM, &handler, &before));
  for (const suseconds_t every_us : {0, 5000}) {
    const itimerval on{{0, every_us}, {0, every_us}};
    setitimer(ITIMER_REAL, &on, nullptr);
    const int64_t begun = now_ms();
    const registered r = guest::register_session(reaper.path().c_str(), opening, in_ms(300));
    const int64_t took = now_ms() - begun;
    const itimerval off{};
    setitimer(ITIMER_REAL, &off, nullptr);
    expect_failure("it did not answer in time", r);
    TEST_ASSERT_TRUE_MESSAGE(took >= 299 && took < 3000, std::to_string(took) + " ms");
  }
  sigaction(SIGALRM, &before, nullptr);
  TEST_ASSERT_TRUE(alarms > 0);
  TEST_ASSERT_EQUAL_INT(2, reaper.heard().size());
}

TEST(a_deadline_that_is_over_is_not_waited_for) {
  fake_reaper reaper(silent);
  const int64_t begun = now_ms();
  for (const int64_t ns : {INT64_MIN, int64_t{0}, base::boot_now().ns}) {
    expect_failure("it did not answer in time",
                   guest::register_session(reaper.path().c_str(), opening, {ns}));
  }
  TEST_ASSERT_TRUE(now_ms() - begun < 2000);
}

TEST(a_full_queue_is_waited_for_until_the_deadline) {
  fake_reaper reaper(fake_reaper::always(frame_of(covered())), 0, 1, false);
  const auto queue = fill(reaper.path());
  TEST_ASSERT_TRUE(!queue.empty());
  const int64_t begun = now_ms();
  expect_failure("too many are waiting there",
                 guest::register_session(reaper.path().c_str(), opening, in_ms(300)));
  const int64_t took = now_ms() - begun;
  TEST_ASSERT_TRUE_MESSAGE(took >= 299 && took < 3000, std::to_string(took) + " ms");
}

TEST(a_queue_that_was_full_lets_in_when_it_is_not) {
  fake_reaper reaper(fake_reaper::always(frame_of(covered())), 0, 1, false);
  const auto queue = fill(reaper.path());
  registered r;
  std::atomic<bool> asking{false};
  std::thread client([&] {
    asking = true;
    r = guest::register_session(reaper.path().c_str(), opening, in_ms(20000));
  });
  const bool began = test::wait_until([&] { return asking.load(); });
  reaper.start();
  client.join();
  TEST_ASSERT_TRUE(began);
  TEST_ASSERT_EQUAL_STRING("", r.why);
  TEST_ASSERT_TRUE(r.result == registration_result::covered);
}

TEST(an_answer_flattened_comes_out_as_it_went_in) {
  guest::answer a{};
  a.verdict.why = decision::reason::locked;
  a.verdict.until = {-5};
  a.verdict.grant = 42;
  a.verdict.given = decision::access::read_write;
  a.verdict.how = decision::ending::given_back;
  a.verdict.end_utc_s = -1;
  a.verdict.utc_offset_s = 3600;
  a.table_locked = true;
  a.table = table::fault::too_many;
  std::memcpy(a.resource.text, "orders-db", 9);
  a.resource.size = 9;
  std::strcpy(a.lock_text, "incident 7");
  a.now = {8};
  guest::answer b{};
  TEST_ASSERT_TRUE(unflatten(guest::flatten(a, registration_result::denied), b));
  TEST_ASSERT_TRUE(a.verdict.why == b.verdict.why && a.verdict.until.ns == b.verdict.until.ns &&
                   a.verdict.grant == b.verdict.grant && a.verdict.given == b.verdict.given &&
                   a.verdict.how == b.verdict.how && a.verdict.end_utc_s == b.verdict.end_utc_s &&
                   a.verdict.utc_offset_s == b.verdict.utc_offset_s && a.table == b.table &&
                   a.table_locked == b.table_locked && a.now.ns == b.now.ns);
  TEST_ASSERT_EQUAL_STRING("orders-db", std::string_view(b.resource.text, b.resource.size));
  TEST_ASSERT_EQUAL_STRING("incident 7", b.lock_text);
  // Of one that is not denied neither a reason nor a lock's message goes out.
  const registration_answer allowed = guest::flatten(a, registration_result::covered);
  TEST_ASSERT_EQUAL_INT(0, allowed.reason);
  TEST_ASSERT_TRUE(allowed.text.empty());
  TEST_ASSERT_FALSE(frame_of(guest::flatten(a, registration_result::denied)).empty());
}
