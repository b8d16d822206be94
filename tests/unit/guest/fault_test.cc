// SPDX-License-Identifier: Apache-2.0
// Every way a table can be bad: denied, with the fault in words. Each starts from a table that lets alice in.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "guest/check.h"
#include "guest/words.h"
#include "support/unity.h"
#include "unit/guest/table_fixture.h"

namespace {

using namespace grantd;
using table::fault;
using test::table_fixture;

constexpr decision::login_point sshd{decision::point_kind::pam, "sshd", {}};

guest::answer ask(const char* path) {
  decision::account alice{decision::identity_class::os, "alice"};
  return guest::check(path, {.proved = {&alice, 1}, .where = sshd, .role = {}});
}

struct good_table : table_fixture {
  explicit good_table(bool memory = true) : table_fixture(memory) {
    records = {test::pam_window("alice", "sshd", -60, 3600)};
    publish();
    TEST_ASSERT_TRUE(ask(path().c_str()).verdict.allows());
  }
};

void expect_answer(fault f, const guest::answer& a) {
  TEST_ASSERT_EQUAL_INT(static_cast<int>(decision::reason::table_bad), static_cast<int>(a.verdict.why));
  TEST_ASSERT_EQUAL_STRING(table::describe(f), table::describe(a.table));
  char words[256];
  guest::say_denied(a, sshd, words);
  TEST_ASSERT_EQUAL_STRING(std::string("the window table cannot be trusted: ") + table::describe(f), words);
  guest::say_help(a, words);
  TEST_ASSERT_EQUAL_STRING("tell the administrator: grantctl status", words);
}

void expect(fault f, const table_fixture& t) { expect_answer(f, ask(t.path().c_str())); }

}  // namespace

TEST(a_missing_table_denies) {
  good_table t;
  unlink(t.path().c_str());
  expect(fault::missing, t);
}

TEST(a_path_that_is_none_denies) {
  expect_answer(fault::missing, ask(nullptr));
  expect_answer(fault::missing, ask(""));
  expect_answer(fault::missing, ask("run/grantd/windows"));
}

TEST(a_table_that_cannot_be_opened_denies) {
  good_table t;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none{0, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int probe_errno = errno;
  guest::answer a = ask(t.path().c_str());
  setrlimit(RLIMIT_NOFILE, &before);
  TEST_ASSERT_TRUE(probe == -1 && probe_errno == EMFILE);
  expect_answer(fault::unreadable, a);
}

TEST(a_directory_others_can_write_denies) {
  good_table t;
  for (mode_t mode : {0770U, 0707U, 01777U}) {
    chmod(t.dir().path().c_str(), mode);
    expect(fault::bad_directory, t);
  }
}

TEST(a_file_others_can_write_denies) {
  good_table t;
  for (mode_t mode : {0660U, 0606U}) {
    chmod(t.path().c_str(), mode);
    expect(fault::bad_file, t);
  }
}

TEST(a_file_of_another_owner_denies) {
  good_table t;
  if (chown(t.path().c_str(), 12345, static_cast<gid_t>(-1)) != 0)
    TEST_IGNORE_MESSAGE("needs root to give a file away");
  expect(fault::bad_file, t);
}

TEST(a_symlink_denies) {
  good_table t;
  std::string real = t.dir() / "real";
  TEST_ASSERT_EQUAL_INT(0, rename(t.path().c_str(), real.c_str()));
  TEST_ASSERT_EQUAL_INT(0, symlink(real.c_str(), t.path().c_str()));
  expect(fault::bad_file, t);
}

TEST(a_fifo_denies_and_is_not_waited_for) {
  good_table t;
  unlink(t.path().c_str());
  TEST_ASSERT_EQUAL_INT(0, mkfifo(t.path().c_str(), 0600));
  expect(fault::bad_file, t);
}

TEST(an_empty_or_truncated_or_longer_table_denies) {
  good_table t;
  std::vector<uint8_t> whole = t.bytes();
  for (size_t size : {size_t{0}, size_t{1}, table::header_size, table::page_size, whole.size() - 1}) {
    t.replace({whole.data(), size});
    expect(fault::bad_size, t);
  }
  std::vector<uint8_t> longer = whole;
  longer.resize(whole.size() + table::page_size);
  t.replace(longer);
  expect(fault::bad_size, t);
}

TEST(another_magic_denies) {
  good_table t;
  t.write_in_header(table::header_at::magic, "grantdXX");
  expect(fault::bad_magic, t);
}

TEST(another_version_denies) {
  good_table t;
  t.write_in_header(table::header_at::version, {"\2\0\0\0", 4});
  expect(fault::bad_version, t);
}

TEST(a_wrong_checksum_in_the_header_denies) {
  good_table t;
  t.write_at(table::header_at::checksum, {"\0\0\0\0\0\0\0\0", 8});
  expect(fault::bad_header, t);
}

TEST(unknown_flags_deny) {
  good_table t;
  t.write_in_header(table::header_at::flags, {"\0\0\1\0", 4});
  expect(fault::bad_header, t);
}

TEST(a_table_of_another_boot_denies) {
  good_table t{false};
  struct statfs fs{};
  TEST_ASSERT_EQUAL_INT(0, statfs(t.dir().path().c_str(), &fs));
  if (fs.f_type == TMPFS_MAGIC) TEST_IGNORE_MESSAGE("TMPDIR is a tmpfs, where the boot id does not count");
  t.boot[0] ^= 1;
  t.publish();
  expect(fault::other_boot, t);
}

TEST(a_table_written_later_than_now_denies) {
  good_table t;
  t.written.ns += 3600 * base::ns_per_s;
  t.publish();
  expect(fault::from_future, t);
}

TEST(a_flipped_bit_in_a_page_denies) {
  good_table t;
  std::vector<uint8_t> file = t.bytes();
  for (size_t page = table::page_size; page < file.size(); page += table::page_size) file[page + 200] ^= 1;
  t.replace(file);
  expect(fault::bad_page, t);
}

TEST(a_page_chain_that_loops_denies) {
  good_table t;
  t.each_page([](std::span<uint8_t, table::page_size>, uint32_t index, table::page_head& head) {
    head.next = index;
  });
  expect(fault::bad_chain, t);
}

TEST(a_record_that_is_none_denies) {
  good_table t;
  t.each_page([](std::span<uint8_t, table::page_size> page, uint32_t, table::page_head& head) {
    for (unsigned r = 0; r < head.count; ++r) {
      page[table::page_at::records + r * table::record_size + table::record_at::access] = 9;
    }
  });
  expect(fault::bad_record, t);
}

TEST(more_records_than_one_account_can_have_deny) {
  good_table t;
  t.publish_crowd(t.records[0], table::max_records_per_account + 1);
  expect(fault::too_many, t);
}
