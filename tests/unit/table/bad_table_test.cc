// SPDX-License-Identifier: Apache-2.0
// Every bad file and every bad header denies: a test for each, by the name of its fault.
#include <algorithm>

#include "base/little_endian.h"
#include "fixture.h"

using namespace grantd;
using namespace grantd::test;
using table::fault;

namespace {

template <typename edit>
void edit_header(const std::string& path, edit change) {
  std::vector<uint8_t> file = read_file(path);
  table::header h{};
  fixture::expect(fault::none, table::decode_header(header_of(file), h));
  change(h);
  table::encode_header(h, header_of(file));
  write_file(path, file);
}

}  // namespace

TEST(missing_table_is_refused) {
  good t;
  unlink(t.path.c_str());
  t.refused_as(fault::missing);
}

TEST(missing_directory_is_refused) {
  good t;
  t.path = t.dir / "nowhere/windows";
  t.refused_as(fault::missing);
}

TEST(relative_path_is_refused) {
  good t;
  t.path = "windows";
  t.refused_as(fault::missing);
  t.path = "";
  t.refused_as(fault::missing);
}

TEST(path_too_long_is_refused) {
  good t;
  t.path = "/" + std::string(5000, 'x') + "/windows";
  t.refused_as(fault::unreadable);
}

TEST(empty_table_is_refused) {
  good t;
  TEST_ASSERT_EQUAL_INT(0, truncate(t.path.c_str(), 0));
  t.refused_as(fault::bad_size);
}

TEST(table_cut_off_anywhere_is_refused) {
  good t;
  const std::vector<uint8_t> whole = read_file(t.path);
  TEST_ASSERT_EQUAL_INT(2 * table::page_size, whole.size());
  for (size_t size = 0; size < whole.size(); size += 61) {
    write_file(t.path, std::span(whole).first(size));
    t.refused_as(fault::bad_size);
  }
}

TEST(table_longer_than_its_header_says_is_refused) {
  good t;
  TEST_ASSERT_EQUAL_INT(0, truncate(t.path.c_str(), 3 * table::page_size));
  t.refused_as(fault::bad_size);
}

TEST(table_of_another_owner_is_refused) {
  if (geteuid() != 0) TEST_IGNORE_MESSAGE("needs root for chown");
  good t;
  TEST_ASSERT_EQUAL_INT(0, chown(t.path.c_str(), 12345, static_cast<gid_t>(-1)));
  t.refused_as(fault::bad_file);
}

TEST(table_of_the_directorys_owner_is_believed) {
  if (geteuid() != 0) TEST_IGNORE_MESSAGE("needs root for chown");
  good t;
  TEST_ASSERT_EQUAL_INT(0, chown(t.path.c_str(), 12345, static_cast<gid_t>(-1)));
  TEST_ASSERT_EQUAL_INT(0, chown(t.dir.path().c_str(), 12345, static_cast<gid_t>(-1)));
  t.refused_as(fault::none);
}

TEST(table_of_root_in_anybodys_directory_is_believed) {
  if (geteuid() != 0) TEST_IGNORE_MESSAGE("needs root for chown");
  good t;
  TEST_ASSERT_EQUAL_INT(0, chown(t.dir.path().c_str(), 12345, static_cast<gid_t>(-1)));
  t.refused_as(fault::none);
}

TEST(table_writable_by_its_group_is_refused) {
  good t;
  TEST_ASSERT_EQUAL_INT(0, chmod(t.path.c_str(), 0660));
  t.refused_as(fault::bad_file);
}

TEST(table_writable_by_others_is_refused) {
  good t;
  TEST_ASSERT_EQUAL_INT(0, chmod(t.path.c_str(), 0642));
  t.refused_as(fault::bad_file);
}

TEST(directory_writable_by_its_group_is_refused) {
  good t;
  TEST_ASSERT_EQUAL_INT(0, chmod(t.dir.path().c_str(), 0770));
  t.refused_as(fault::bad_directory);
}

TEST(directory_writable_by_others_is_refused_sticky_or_not) {
  good t;
  TEST_ASSERT_EQUAL_INT(0, chmod(t.dir.path().c_str(), 0702));
  t.refused_as(fault::bad_directory);
  TEST_ASSERT_EQUAL_INT(0, chmod(t.dir.path().c_str(), 01777));
  t.refused_as(fault::bad_directory);
}

TEST(symlink_is_refused_even_to_a_good_table) {
  good t;
  const std::string real = t.dir / "real";
  TEST_ASSERT_EQUAL_INT(0, rename(t.path.c_str(), real.c_str()));
  TEST_ASSERT_EQUAL_INT(0, symlink(real.c_str(), t.path.c_str()));
  t.refused_as(fault::bad_file);
}

TEST(fifo_is_refused_and_does_not_block) {
  good t;
  unlink(t.path.c_str());
  TEST_ASSERT_EQUAL_INT(0, mkfifo(t.path.c_str(), 0600));
  alarm(20);  // a lookup that blocks kills the test
  t.refused_as(fault::bad_file);
  alarm(0);
}

TEST(directory_in_the_tables_place_is_refused) {
  good t;
  unlink(t.path.c_str());
  TEST_ASSERT_EQUAL_INT(0, mkdir(t.path.c_str(), 0700));
  t.refused_as(fault::bad_file);
}

TEST(file_in_the_directorys_place_is_refused) {
  good t;
  t.path += "/windows";
  t.refused_as(fault::bad_directory);
}

TEST(table_of_another_boot_is_refused_outside_tmpfs) {
  good t(false);
  auto what = publication();
  what.boot[3] ^= 1;
  t.publish(what);
  t.refused_as(fault::other_boot);
}

TEST(table_of_another_boot_on_tmpfs_is_believed) {
  good t(true);
  auto what = publication();
  what.boot[3] ^= 1;
  t.publish(what);
  t.refused_as(fault::none);
}

TEST(table_written_in_the_future_is_refused) {
  good t;
  auto what = publication();
  what.written = base::boot_now();
  t.publish(what);
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  t.expect(fault::none, s.not_from_future(what.written));
  t.expect(fault::from_future, s.not_from_future({what.written.ns - 1}));
}

TEST(other_magic_is_refused) {
  good t;
  std::vector<uint8_t> file = read_file(t.path);
  file[0] ^= 1;
  write_file(t.path, file);
  t.refused_as(fault::bad_magic);
}

TEST(other_version_is_refused_as_such_whatever_its_checksum) {
  good t;
  std::vector<uint8_t> file = read_file(t.path);
  file[table::header_at::version] = 2;
  write_file(t.path, file);
  t.refused_as(fault::bad_version);
}

TEST(wrong_checksum_in_the_header_is_refused) {
  good t;
  std::vector<uint8_t> file = read_file(t.path);
  file[table::header_at::checksum] ^= 0x80;
  write_file(t.path, file);
  t.refused_as(fault::bad_header);
}

TEST(unknown_flag_in_the_header_is_refused) {
  good t;
  edit_header(t.path, [](table::header& h) { h.flags = 2; });
  t.refused_as(fault::bad_header);
}

TEST(reserved_bytes_of_the_header_must_be_zero) {
  for (size_t at : {table::header_at::reserved, table::header_at::checksum - 1}) {
    good t;
    std::vector<uint8_t> file = read_file(t.path);
    file[at] = 1;
    base::siphash13 sum({});
    sum.add(file.data(), table::header_at::checksum);
    base::store_little(&file[table::header_at::checksum], sum.finish());
    write_file(t.path, file);
    t.refused_as(fault::bad_header);
  }
}

TEST(impossible_counts_in_the_header_are_refused) {
  void (*const edits[])(table::header&) = {
      [](table::header& h) { h.bucket_count = 0; },
      [](table::header& h) { h.bucket_count = h.page_count + 1; },
      [](table::header& h) { h.record_count = h.page_count * 21 + 1; },
      [](table::header& h) { h.window_count = h.record_count + 1; },
      [](table::header& h) { h.written.ns = -1; },
      [](table::header& h) {
        h.page_count = 0;
        h.bucket_count = 0;
        h.record_count = 0;
        h.window_count = 0;
      },
      [](table::header& h) { h.page_count = 0xffffffff; },
  };
  for (auto edit : edits) {
    good t;
    edit_header(t.path, edit);
    t.refused_as(fault::bad_header);
  }
}
