// SPDX-License-Identifier: Apache-2.0
// A check, its words and its report, asking again and registering make no heap allocation: malloc and its kin
// are counted while they run.
#include <dlfcn.h>

#include <cstdlib>
#include <memory>

#include "base/clock.h"
#include "guest/check.h"
#include "guest/live.h"
#include "guest/registration.h"
#include "guest/report.h"
#include "guest/words.h"
#include "support/unity.h"
#include "unit/guest/fake_reaper.h"
#include "unit/guest/table_fixture.h"

#if defined(__SANITIZE_ADDRESS__)
#define GRANTD_COUNTED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GRANTD_COUNTED 0
#endif
#endif
#ifndef GRANTD_COUNTED
#define GRANTD_COUNTED 1
#endif

namespace {

// Of this thread: another one plays the reaper.
thread_local bool counting = false;
thread_local unsigned allocations = 0;

}  // namespace

#if GRANTD_COUNTED
static void count() {
  if (counting) ++allocations;
}

// glibc's own entrances; the executable's definitions come before libc's.
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

__attribute__((visibility("default"))) void* malloc(size_t n) {
  count();
  return __libc_malloc(n);
}
__attribute__((visibility("default"))) void* calloc(size_t n, size_t m) {
  count();
  return __libc_calloc(n, m);
}
__attribute__((visibility("default"))) void* realloc(void* p, size_t n) {
  count();
  return __libc_realloc(p, n);
}
__attribute__((visibility("default"))) void* aligned_alloc(size_t a, size_t n) {
  count();
  return __libc_memalign(a, n);
}
}
#endif

namespace {

using namespace grantd;

unsigned allocations_of(const test::table_fixture& t, const char* name) {
  decision::account who{decision::identity_class::os, name};
  decision::login_point where{decision::point_kind::pam, "sshd", {}};
  guest::login login{.proved = {&who, 1}, .where = where, .role = {}, .name_resource = true};
  char words[256];
  std::string report = t.dir() / "report.sock";
  const char* path = t.path().c_str();
  allocations = 0;
  counting = true;
  guest::answer a = guest::check(path, login);
  guest::say_denied(a, where, words);
  guest::say_help(a, words);
  guest::say_allowed(a, words);
  guest::send_report(report.c_str(), login, a, wire::outcome::denied, "192.0.2.1");
  counting = false;
  return allocations;
}

unsigned allocations_of_the_end(const test::table_fixture& t, guest::answer& last) {
  decision::account who{decision::identity_class::os, "alice"};
  decision::login_point where{decision::point_kind::pam, "sshd", {}};
  guest::login login{.proved = {&who, 1},
                     .where = where,
                     .role = {},
                     .at_least = decision::access::read_write,
                     .live = true};
  char words[256];
  const char* path = t.path().c_str();
  allocations = 0;
  counting = true;
  (void)guest::ask_again(path, login, last);
  guest::say_ended(last, where, words);
  guest::say_warning(last, words);
  counting = false;
  return allocations;
}

unsigned allocations_of_registering(const test::fake_reaper& reaper) {
  const char* path = reaper.path().c_str();
  allocations = 0;
  counting = true;
  guest::registered r =
      guest::register_session(path, {wire::registration_kind::open, "sshd", "alice", "192.0.2.1", "ssh"},
                              {base::boot_now().ns + guest::registration_patience_ns});
  counting = false;
  TEST_ASSERT_TRUE(r.a.verdict.allows() || r.why[0] != '\0');
  return allocations;
}

}  // namespace

TEST(allocations_are_counted) {
  if (!GRANTD_COUNTED) TEST_IGNORE_MESSAGE("the sanitizer owns malloc");
  allocations = 0;
  counting = true;
  std::free(std::malloc(7));
  auto text = std::make_unique<std::string>(100, 'x');
  counting = false;
  TEST_ASSERT_EQUAL_INT(3, allocations);
}

TEST(a_check_allocates_nothing) {
  if (!GRANTD_COUNTED) TEST_IGNORE_MESSAGE("the sanitizer owns malloc");
  test::table_fixture t;
  TEST_ASSERT_EQUAL_INT(0, allocations_of(t, "alice"));  // no table
  t.records = {test::pam_window("alice", "sshd", -60, 3600), test::pam_window("carol", "sshd", 60, 3600),
               test::pam_ended("dave", "sshd", decision::ending::revoked, 60),
               test::pam_lock("erin", "incident 7")};
  t.publish();
  for (const char* name : {"alice", "bob", "carol", "dave", "erin"}) {
    TEST_ASSERT_EQUAL_INT(0, allocations_of(t, name));
  }
}

TEST(asking_again_allocates_nothing) {
  if (!GRANTD_COUNTED) TEST_IGNORE_MESSAGE("the sanitizer owns malloc");
  test::table_fixture t;
  guest::answer last{};
  TEST_ASSERT_EQUAL_INT(0, allocations_of_the_end(t, last));  // no table
  decision::record writing = test::pam_window("alice", "sshd", -60, 3600);
  writing.access = decision::access::read_write;
  for (const decision::record& r : {writing, test::pam_window("alice", "sshd", -60, 3600),
                                    test::pam_ended("alice", "sshd", decision::ending::revoked, 60),
                                    test::pam_lock("alice", "incident 7")}) {
    t.records = {r};
    t.publish();
    TEST_ASSERT_EQUAL_INT(0, allocations_of_the_end(t, last));
    TEST_ASSERT_TRUE(last.verdict.allows() ==
                     (r.kind == decision::record_kind::window && r.access == decision::access::read_write));
  }
}

TEST(registering_allocates_nothing) {
  if (!GRANTD_COUNTED) TEST_IGNORE_MESSAGE("the sanitizer owns malloc");
  test::fake_reaper reaper(test::fake_reaper::always(test::frame_of(
      wire::registration_answer{.result = wire::registration_result::covered, .resource = "orders-db"})));
  TEST_ASSERT_EQUAL_INT(0, allocations_of_registering(reaper));
  reaper.answer_by(test::fake_reaper::always(test::frame_of(
      wire::registration_answer{.result = wire::registration_result::failed, .text = "full"})));
  TEST_ASSERT_EQUAL_INT(0, allocations_of_registering(reaper));
  reaper.answer_by(test::fake_reaper::always({}));
  TEST_ASSERT_EQUAL_INT(0, allocations_of_registering(reaper));
  TEST_ASSERT_EQUAL_INT(3, reaper.heard().size());
}
