// SPDX-License-Identifier: Apache-2.0
// The publisher: what it refuses, how big a table gets, and that a failure leaves the old table as it was.
#include <algorithm>
#include <cerrno>

#include "fixture.h"

using namespace grantd;
using namespace grantd::test;
using table::fault;

namespace {

// Faults for the calls of new_file.cc (linked with --wrap): the call after `write_after` more writes fails.
int write_after = -1;
int write_error = 0;
size_t write_at_most = SIZE_MAX;
int rename_error = 0;
int fchown_error = 0;
unsigned injected = 0;

}  // namespace

extern "C" {
ssize_t __real_write(int fd, const void* bytes, size_t size);
int __real_rename(const char* from, const char* to);
int __real_fchown(int fd, uid_t owner, gid_t group);

ssize_t __wrap_write(int fd, const void* bytes, size_t size);
ssize_t __wrap_write(int fd, const void* bytes, size_t size) {
  if (write_after == 0) {
    ++injected;
    errno = write_error;
    return -1;
  }
  if (write_after > 0 && --write_after == 0)
    return __real_write(fd, bytes, size / 2 + 1);  // short, then the fault
  if (size > write_at_most) ++injected;
  return __real_write(fd, bytes, std::min(size, write_at_most));
}

int __wrap_rename(const char* from, const char* to);
int __wrap_rename(const char* from, const char* to) {
  if (rename_error == 0) return __real_rename(from, to);
  ++injected;
  errno = rename_error;
  return -1;
}

int __wrap_fchown(int fd, uid_t owner, gid_t group);
int __wrap_fchown(int fd, uid_t owner, gid_t group) {
  if (fchown_error == 0) return __real_fchown(fd, owner, group);
  ++injected;
  errno = fchown_error;
  return -1;
}
}

namespace {

constexpr auto no_group = static_cast<gid_t>(-1);

// `count` windows of as many accounts.
struct many : fixture {
  std::vector<std::string> names;
  explicit many(size_t count) {
    names.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      names.push_back("user" + std::to_string(i));
      source.records.push_back(window(names.back(), i));
    }
  }
  [[nodiscard]] std::expected<void, table::publish_error> try_publish(uint64_t sequence,
                                                                      gid_t group = no_group) {
    return table::publisher(path, group).publish(source, publication(sequence));
  }
  void nothing_but_the_old_table_is_there(const std::vector<uint8_t>& old) const {
    TEST_ASSERT_TRUE(read_file(path) == old);
    TEST_ASSERT_FALSE(std::filesystem::exists(path + ".new"));
  }
};

}  // namespace

TEST(every_account_of_10000_is_found_and_no_other) {
  many t(10000);
  t.publish();
  for (size_t i = 0; i < t.names.size(); i += 37) {
    TEST_ASSERT_TRUE(t.grants(os(t.names[i])) == std::vector<uint64_t>{i});
  }
  TEST_ASSERT_TRUE(t.grants(os("user10000")).empty());
  TEST_ASSERT_TRUE(t.grants({decision::identity_class::pg, "user1"}).empty());
}

TEST(table_of_10000_windows_takes_at_most_400_bytes_a_window) {
  many t(10000);
  t.publish();
  const auto size = std::filesystem::file_size(t.path);
  TEST_ASSERT_TRUE_MESSAGE(size <= 400 * 10000, std::to_string(size));
}

TEST(table_of_few_accounts_with_many_windows_takes_at_most_400_bytes_a_window) {
  many t(400);
  t.source.records.clear();
  for (size_t i = 0; i < 12000; ++i) t.source.records.push_back(window(t.names[i / 30], i));
  t.publish();
  const auto size = std::filesystem::file_size(t.path);
  TEST_ASSERT_TRUE_MESSAGE(size <= 400 * 12000, std::to_string(size));
  TEST_ASSERT_EQUAL_INT(30, t.grants(os(t.names[17])).size());
}

TEST(records_of_one_account_stay_in_the_order_given) {
  many t(500);
  for (uint64_t i = 0; i < 31; ++i) t.source.records.push_back(window("alice", 1000 + i));
  t.publish();
  const auto grants = t.grants(os("alice"));
  TEST_ASSERT_EQUAL_INT(31, grants.size());
  TEST_ASSERT_TRUE(std::is_sorted(grants.begin(), grants.end()));
}

TEST(account_with_32_windows_is_published_and_with_33_refused) {
  many t(3);
  for (uint64_t i = 0; i < 32; ++i) t.source.records.push_back(window("alice", i));
  t.publish();
  TEST_ASSERT_EQUAL_INT(32, t.grants(os("alice")).size());
  const auto old = read_file(t.path);
  t.source.records.push_back(window("alice", 33));
  auto done = t.try_publish(2);
  TEST_ASSERT_FALSE(done.has_value());
  TEST_ASSERT_TRUE(done.error().kind == table::publish_error::what::too_many_for_account);
  TEST_ASSERT_EQUAL_STRING("os:alice", done.error().about);
  t.nothing_but_the_old_table_is_there(old);
}

TEST(account_with_64_records_is_published_and_with_65_refused) {
  many t(0);
  auto ended = window("alice");
  ended.kind = decision::record_kind::ended;
  t.source.records.assign(64, ended);
  t.publish();
  t.source.records.push_back(ended);
  auto done = t.try_publish(2);
  TEST_ASSERT_FALSE(done.has_value());
  TEST_ASSERT_TRUE(done.error().kind == table::publish_error::what::too_many_for_account);
}

TEST(record_that_does_not_fit_is_refused_by_the_accounts_name) {
  many t(2);
  t.publish();
  const auto old = read_file(t.path);
  const std::string role(64, 'r');
  auto r = window("carol");
  r.role = role;
  t.source.records.push_back(r);
  auto done = t.try_publish(2);
  TEST_ASSERT_FALSE(done.has_value());
  TEST_ASSERT_TRUE(done.error().kind == table::publish_error::what::record_too_long);
  TEST_ASSERT_EQUAL_STRING("os:carol", done.error().about);
  t.nothing_but_the_old_table_is_there(old);
}

TEST(table_without_records_is_a_good_table) {
  many t(0);
  t.publish();
  TEST_ASSERT_TRUE(t.grants(os("alice")).empty());
  TEST_ASSERT_EQUAL_INT(2 * table::page_size, std::filesystem::file_size(t.path));
}

TEST(file_has_mode_0640_whatever_the_umask) {
  many t(1);
  const mode_t before = umask(0077);
  t.publish();
  umask(before);
  struct stat s{};
  TEST_ASSERT_EQUAL_INT(0, stat(t.path.c_str(), &s));
  TEST_ASSERT_EQUAL_INT(0640, s.st_mode & 07777);
}

TEST(file_belongs_to_the_group_asked_for) {
  if (geteuid() != 0) TEST_IGNORE_MESSAGE("needs root for chown");
  many t(1);
  TEST_ASSERT_TRUE(t.try_publish(1, 12345).has_value());
  struct stat s{};
  TEST_ASSERT_EQUAL_INT(0, stat(t.path.c_str(), &s));
  TEST_ASSERT_EQUAL_INT(12345, s.st_gid);
}

TEST(file_left_by_a_crash_is_replaced_and_a_symlink_there_not_followed) {
  many t(1);
  const std::string victim = t.dir / "victim";
  write_file(victim, {});
  TEST_ASSERT_EQUAL_INT(0, symlink(victim.c_str(), (t.path + ".new").c_str()));
  t.publish();
  TEST_ASSERT_EQUAL_INT(0, std::filesystem::file_size(victim));
  TEST_ASSERT_FALSE(std::filesystem::is_symlink(t.path));
  TEST_ASSERT_FALSE(std::filesystem::is_symlink(t.path + ".new"));
}

TEST(full_file_system_is_an_error_and_the_old_table_stands) {
  many t(3000);
  t.publish();
  const auto old = read_file(t.path);
  for (int error : {ENOSPC, EIO}) {
    for (int writes : {0, 1, 5}) {
      injected = 0;
      write_error = error;
      write_after = writes;
      auto done = t.try_publish(2);
      write_after = -1;
      TEST_ASSERT_EQUAL_INT(1, injected);
      TEST_ASSERT_FALSE(done.has_value());
      TEST_ASSERT_TRUE(done.error().kind == table::publish_error::what::io);
      TEST_ASSERT_EQUAL_INT(error, done.error().number);
      t.nothing_but_the_old_table_is_there(old);
    }
  }
  TEST_ASSERT_TRUE(t.try_publish(3).has_value());
}

TEST(short_writes_are_continued) {
  many t(3000);
  injected = 0;
  write_at_most = 1000;
  auto done = t.try_publish(1);
  write_at_most = SIZE_MAX;
  TEST_ASSERT_TRUE(injected > 100);
  TEST_ASSERT_TRUE(done.has_value());
  for (size_t i = 0; i < t.names.size(); i += 7) TEST_ASSERT_EQUAL_INT(1, t.grants(os(t.names[i])).size());
}

TEST(failed_rename_is_an_error_and_the_old_table_stands) {
  many t(3);
  t.publish();
  const auto old = read_file(t.path);
  injected = 0;
  rename_error = EROFS;
  auto done = t.try_publish(2);
  rename_error = 0;
  TEST_ASSERT_EQUAL_INT(1, injected);
  TEST_ASSERT_FALSE(done.has_value());
  TEST_ASSERT_EQUAL_INT(EROFS, done.error().number);
  t.nothing_but_the_old_table_is_there(old);
}

TEST(failed_change_of_group_is_an_error_and_the_old_table_stands) {
  many t(3);
  t.publish();
  const auto old = read_file(t.path);
  injected = 0;
  fchown_error = EPERM;
  auto done = t.try_publish(2, 12345);
  fchown_error = 0;
  TEST_ASSERT_EQUAL_INT(1, injected);
  TEST_ASSERT_FALSE(done.has_value());
  TEST_ASSERT_EQUAL_INT(EPERM, done.error().number);
  t.nothing_but_the_old_table_is_there(old);
}

TEST(group_that_is_right_already_is_not_set_again) {
  many t(1);
  injected = 0;
  fchown_error = EPERM;  // as a filter of system calls would answer
  auto done = t.try_publish(1, getegid());
  fchown_error = 0;
  TEST_ASSERT_TRUE(done.has_value());
  TEST_ASSERT_EQUAL_INT(0, injected);
}

TEST(unlinked_table_lets_nobody_in_and_unlinking_twice_is_no_error) {
  many t(1);
  t.publish();
  table::publisher p(t.path, no_group);
  TEST_ASSERT_TRUE(p.unlink().has_value());
  t.expect(fault::missing, t.look_up(os("user0")));
  TEST_ASSERT_TRUE(p.unlink().has_value());
  t.path = t.dir.path();  // a directory cannot be unlinked
  TEST_ASSERT_FALSE(table::publisher(t.path, no_group).unlink().has_value());
}

TEST(points_of_one_pattern_are_written_once_and_the_first_counts) {
  many t(5);
  std::vector<table::point_name> points(2000, {{decision::point_kind::pam, "sshd", {}}, "second"});
  points[0].resource = "first";
  auto what = publication();
  what.points = points;
  t.publish(what);
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  TEST_ASSERT_EQUAL_INT(6, s.head().record_count);
  TEST_ASSERT_EQUAL_INT(5, s.head().window_count);
  table::snapshot::resource_name name{};
  t.expect(fault::none, s.find_resource({decision::point_kind::pam, "sshd", {}}, name));
  TEST_ASSERT_EQUAL_STRING("first", std::string_view(name.text, name.size));
}

// Two accounts whose hashes begin with the same 32 bits stand side by side, each with its own records.
TEST(accounts_of_one_hash_are_counted_apart) {
  const auto key = publication().key;
  std::vector<std::pair<uint32_t, uint32_t>> hashes;
  for (uint32_t i = 0; i < 300000; ++i) {
    hashes.emplace_back(table::hash_of_account(key, os("u" + std::to_string(i))) >> 32, i);
  }
  std::sort(hashes.begin(), hashes.end());
  auto twin = std::adjacent_find(hashes.begin(), hashes.end(),
                                 [](const auto& a, const auto& b) { return a.first == b.first; });
  TEST_ASSERT_TRUE(twin != hashes.end());  // the key is fixed, so this is found or not once and for all
  const std::string a = "u" + std::to_string(twin->second), b = "u" + std::to_string(twin[1].second);
  many t(0);
  for (uint64_t i = 0; i < 32; ++i) {
    t.source.records.push_back(window(a, i));
    t.source.records.push_back(window(b, 100 + i));
  }
  t.publish();
  TEST_ASSERT_EQUAL_INT(32, t.grants(os(a)).size());
  TEST_ASSERT_EQUAL_INT(32, t.grants(os(b)).size());
  TEST_ASSERT_EQUAL_UINT64(131, t.grants(os(b)).back());
  t.source.records.push_back(window(b, 200));
  auto done = t.try_publish(2);
  TEST_ASSERT_FALSE(done.has_value());
  TEST_ASSERT_EQUAL_STRING("os:" + b, done.error().about);
}
