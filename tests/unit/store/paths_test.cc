// SPDX-License-Identifier: Apache-2.0
// Which places the store refuses: links, other people's files, open modes, read-only and foreign file
// systems.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/path.h"
#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

namespace fs = std::filesystem;

void refused_for(const std::string& root, std::string_view word) {
  std::string what = refusal_in(root);
  TEST_ASSERT_TRUE_MESSAGE(what.find(word) != std::string::npos, what);
}

TEST(a_directory_that_is_a_symbolic_link_is_refused) {
  temp_dir dir;
  TEST_ASSERT_TRUE(mkdir((dir / "real").c_str(), 0700) == 0);
  fs::create_symlink("real", dir / "store");
  refused_for(dir.path(), "symbolic link");
}

TEST(a_directory_open_to_others_is_refused) {
  for (mode_t mode : {0710, 0701, 0770, 0705, 0720}) {
    temp_dir dir;
    TEST_ASSERT_TRUE(mkdir((dir / "store").c_str(), 0700) == 0);
    TEST_ASSERT_TRUE(chmod((dir / "store").c_str(), mode) == 0);
    refused_for(dir.path(), "chmod 0700");
  }
}

TEST(a_directory_below_a_symbolic_link_is_fine) {
  temp_dir dir;
  TEST_ASSERT_TRUE(mkdir((dir / "real").c_str(), 0700) == 0);
  fs::create_symlink("real", dir / "link");
  (void)add(*open_in(dir / "link"));
}

TEST(each_file_of_the_store_is_refused_as_a_link_or_open_to_others) {
  for (const char* name :
       {"store/grantd.db", "store/grantd.db-wal", "store/grantd.db-journal", "store/reserve", "anchor"}) {
    temp_dir dir;
    (void)add(*open_in(dir.path()));
    std::string path = dir / name;
    if (!fs::exists(path)) {
      std::ofstream made(path);
      TEST_ASSERT_TRUE(made.good());
    }
    TEST_ASSERT_TRUE(chmod(path.c_str(), 0640) == 0);
    refused_for(dir.path(), "chmod 0600");
    TEST_ASSERT_TRUE(chmod(path.c_str(), 0600) == 0);
    fs::create_hard_link(path, dir / "second");
    refused_for(dir.path(), "hard links");
    fs::remove(path);
    fs::create_symlink(dir / "second", path);
    refused_for(dir.path(), "symbolic link");
    fs::remove(path);
    TEST_ASSERT_TRUE(mkfifo(path.c_str(), 0600) == 0);
    refused_for(dir.path(), "not a regular file");
  }
}

TEST(files_of_somebody_else_are_refused) {
  if (geteuid() != 0) TEST_IGNORE_MESSAGE("needs root");
  for (const char* name : {"store", "store/grantd.db", "anchor"}) {
    temp_dir dir;
    (void)add(*open_in(dir.path()));
    TEST_ASSERT_TRUE(chown((dir / name).c_str(), 65534, 65534) == 0);
    refused_for(dir.path(), "owned by uid 65534");
  }
}

TEST(an_anchor_in_the_stores_directory_is_refused) {
  temp_dir dir;
  store::options o = options_in(dir.path());
  o.anchor = dir / "store/anchor";
  auto s = store::store::open(o);
  TEST_ASSERT_TRUE(!s && s.error().what.find("must not lie in") != std::string::npos);
  o.anchor = dir / "nowhere/anchor";
  s = store::store::open(o);
  TEST_ASSERT_TRUE(!s && s.error().what.find("is missing") != std::string::npos);
}

TEST(a_second_daemon_is_refused) {
  temp_dir dir;
  auto first = open_in(dir.path());
  refused_for(dir.path(), "another process has it open");
  (void)add(*first);
}

TEST(a_read_only_file_system_is_refused_in_words) {
  temp_dir dir;
  in_private_tmpfs(dir.path(), "mode=0700", [&] {
    (void)add(*open_in(dir.path()));
    TEST_ASSERT_TRUE(mount("none", dir.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    std::string what = refusal_in(dir.path());
    TEST_ASSERT_TRUE_MESSAGE(what.find("ead-only") != std::string::npos, what);
  });
}

TEST(network_cluster_and_user_space_file_systems_are_known_by_their_magic) {
  for (unsigned long magic :
       {0x6969UL, 0x517BUL, 0xFF534D42UL, 0xFE534D42UL, 0x01021997UL, 0x65735546UL, 0x00C36400UL})
    TEST_ASSERT_TRUE(store::foreign_file_system(magic) != nullptr);
  for (unsigned long magic : {0xEF53UL, 0x01021994UL, 0x58465342UL, 0x9123683EUL, 0x794C7630UL})
    TEST_ASSERT_TRUE(store::foreign_file_system(magic) == nullptr);
}

}  // namespace
}  // namespace grantd::test
