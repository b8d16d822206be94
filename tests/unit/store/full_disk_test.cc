// SPDX-License-Identifier: Apache-2.0
// A file system without room: grants wait, revocations do not.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using store::error;
using store::state;

// Takes every free block of the file system.
void fill(const std::string& path) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  TEST_ASSERT_TRUE(fd >= 0);
  char page[4096] = {1};
  while (write(fd, page, sizeof page) > 0) {
  }
  TEST_ASSERT_EQUAL_INT(ENOSPC, errno);
  close(fd);
}

// Until the disk says no; the grants that were acknowledged.
std::vector<uint64_t> add_until_full(store::store& s) {
  std::vector<uint64_t> out;
  for (int i = 0; i < 100000; ++i) {
    TEST_ASSERT_TRUE(s.begin().has_value());
    auto number = s.add_grant(a_grant());
    TEST_ASSERT_TRUE(number.has_value());
    uint64_t before = s.sequence() - 1;
    auto c = s.commit(false);
    if (!c) {
      TEST_ASSERT_TRUE(c.error() == error::full);
      TEST_ASSERT_EQUAL_UINT64(before, s.sequence());
      auto g = s.find(*number);
      TEST_ASSERT_TRUE(!g && g.error() == error::not_found);
      return out;
    }
    out.push_back(*number);
  }
  TEST_FAIL_MESSAGE("the disk never filled up");
}

TEST(on_a_full_disk_a_grant_is_refused_and_revocations_go_through) {
  temp_dir dir;
  in_private_tmpfs(dir.path(), "size=4m,mode=0700", [&] {
    auto s = open_in(dir.path());
    std::vector<uint64_t> first;
    for (int i = 0; i < 50; ++i) first.push_back(add(*s));
    fill(dir / "rubbish");
    std::vector<uint64_t> numbers = add_until_full(*s);  // what the log's own blocks still take
    numbers.insert(numbers.begin(), first.begin(), first.end());
    TEST_ASSERT_FALSE(s->reserve_given_up());
    for (uint64_t number : numbers) end(*s, number);
    TEST_ASSERT_TRUE(open_numbers(*s).empty());
    TEST_ASSERT_TRUE(s->reserve_given_up());

    // The room that is left is for revocations: a grant may not have it.
    TEST_ASSERT_TRUE(s->begin().has_value());
    TEST_ASSERT_TRUE(s->add_grant(a_grant()).has_value());
    auto c = s->commit(false);
    TEST_ASSERT_TRUE(!c && c.error() == error::full);
    s->restore_reserve();
    TEST_ASSERT_TRUE(s->reserve_given_up());
    TEST_ASSERT_TRUE(s->reserve() == store::reserve_state::no_room);

    s.reset();
    s = open_in(dir.path());  // a start on a full disk
    TEST_ASSERT_TRUE_MESSAGE(s->locked() == store::lock_reason::none, s->locked_text());
    TEST_ASSERT_TRUE(open_numbers(*s).empty());
    check_audit(*s);

    TEST_ASSERT_TRUE(unlink((dir / "rubbish").c_str()) == 0);
    s->restore_reserve();
    TEST_ASSERT_FALSE(s->reserve_given_up());
    (void)add(*s);
    check_audit(*s);
  });
}

TEST(a_first_start_on_a_full_disk_says_so) {
  temp_dir dir;
  in_private_tmpfs(dir.path(), "size=64k,mode=0700", [&] {
    fill(dir / "rubbish");
    std::string what = refusal_in(dir.path());
    TEST_ASSERT_TRUE_MESSAGE(what.find("o space left") != std::string::npos, what);
  });
}

}  // namespace
}  // namespace grantd::test
