// SPDX-License-Identifier: Apache-2.0
// The audit's file under all that happens to log files: rotated, truncated, full, gone, cut by a crash.
#include "daemon/audit_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "support/temp_dir.h"
#include "support/unity.h"

using namespace grantd;
using namespace grantd::daemon;
using namespace grantd::test;

namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void says(const audit_file& f, std::string_view what) {
  TEST_ASSERT_TRUE_MESSAGE(f.error().find(what) != std::string::npos, f.error());
}

struct file {
  temp_dir dir{true};
  std::string path = dir / "audit.ndjson";
  audit_file out{path};
  void takes(std::string_view lines, size_t count) {
    TEST_ASSERT_EQUAL_INT(count, out.append(lines));
    TEST_ASSERT_EQUAL_STRING("", out.error());
  }
};

// Files of this process are at most so long while it lives: a full disk for the test.
class limited {
 public:
  explicit limited(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now{bytes, before_.rlim_max};
    TEST_ASSERT_TRUE(setrlimit(RLIMIT_FSIZE, &now) == 0);
  }
  ~limited() { setrlimit(RLIMIT_FSIZE, &before_); }
  limited(const limited&) = delete;
  limited& operator=(const limited&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST(lines_are_appended_to_a_file_that_the_group_may_read) {
  file f;
  const mode_t old = umask(077);
  f.takes("{1}\n{2}\n", 2);
  umask(old);
  struct stat s{};
  TEST_ASSERT_TRUE(stat(f.path.c_str(), &s) == 0);
  TEST_ASSERT_EQUAL_INT(0640, s.st_mode & 07777);
  audit_file again(f.path);
  TEST_ASSERT_EQUAL_INT(1, again.append("{3}\n"));
  TEST_ASSERT_EQUAL_STRING("{1}\n{2}\n{3}\n", content(f.path));
}

TEST(after_a_rotation_by_rename_the_next_line_stands_in_a_new_file) {
  file f;
  f.takes("{1}\n", 1);
  TEST_ASSERT_TRUE(rename(f.path.c_str(), (f.path + ".1").c_str()) == 0);
  f.takes("{2}\n", 1);
  // logrotate's `create`: the new one is there already
  TEST_ASSERT_TRUE(rename(f.path.c_str(), (f.path + ".2").c_str()) == 0);
  std::ofstream(f.path) << "";
  f.takes("{3}\n", 1);
  TEST_ASSERT_EQUAL_STRING("{1}\n", content(f.path + ".1"));
  TEST_ASSERT_EQUAL_STRING("{2}\n", content(f.path + ".2"));
  TEST_ASSERT_EQUAL_STRING("{3}\n", content(f.path));
}

TEST(a_truncated_file_is_written_from_its_start) {
  file f;
  f.takes("{1}\n{2}\n", 2);
  TEST_ASSERT_TRUE(truncate(f.path.c_str(), 0) == 0);  // copytruncate
  f.takes("{3}\n", 1);
  TEST_ASSERT_EQUAL_STRING("{3}\n", content(f.path));  // no hole before it
}

TEST(half_a_line_of_a_crash_is_cut_off_before_the_next) {
  file f;
  std::ofstream(f.path) << "{1}\n{\"half\":\"a li";
  f.takes("{2}\n", 1);
  TEST_ASSERT_EQUAL_STRING("{1}\n{2}\n", content(f.path));
  file only;
  std::ofstream(only.path) << "{\"half";
  only.takes("{2}\n", 1);
  TEST_ASSERT_EQUAL_STRING("{2}\n", content(only.path));
  file longer;  // than one read
  std::ofstream(longer.path) << "{1}\n{" + std::string(100'000, 'x');
  longer.takes("{2}\n", 1);
  TEST_ASSERT_EQUAL_STRING("{1}\n{2}\n", content(longer.path));
}

TEST(what_somebody_else_wrote_is_ended_and_never_cut_off) {
  file f;
  std::ofstream(f.path) << "a note without an end";
  f.takes("{2}\n", 1);
  TEST_ASSERT_EQUAL_STRING("a note without an end\n{2}\n", content(f.path));
}

TEST(on_a_full_disk_whole_lines_stand_and_the_rest_comes_later) {
  file f;
  {
    limited small(10);
    TEST_ASSERT_EQUAL_INT(2, f.out.append("{1}\n{2}\n{3}\n"));
    says(f.out, "File too large");
    TEST_ASSERT_EQUAL_STRING("{1}\n{2}\n", content(f.path));  // no half line for who reads meanwhile
    TEST_ASSERT_EQUAL_INT(0, f.out.append("{3}\n"));
    TEST_ASSERT_EQUAL_STRING("{1}\n{2}\n", content(f.path));
  }
  f.takes("{3}\n", 1);
  TEST_ASSERT_EQUAL_STRING("{1}\n{2}\n{3}\n", content(f.path));
}

TEST(a_directory_that_vanished_is_said_and_its_return_is_noticed) {
  temp_dir dir;
  const std::string inner = dir / "log";
  std::filesystem::create_directory(inner);
  audit_file out(inner + "/audit.ndjson");
  TEST_ASSERT_EQUAL_INT(1, out.append("{1}\n"));
  std::filesystem::rename(inner, dir / "away");
  TEST_ASSERT_EQUAL_INT(0, out.append("{2}\n"));
  says(out, "No such file or directory");
  std::filesystem::create_directory(inner);
  TEST_ASSERT_EQUAL_INT(1, out.append("{2}\n"));
  TEST_ASSERT_EQUAL_STRING("", out.error());
  TEST_ASSERT_EQUAL_STRING("{1}\n", content(dir / "away/audit.ndjson"));
  TEST_ASSERT_EQUAL_STRING("{2}\n", content(inner + "/audit.ndjson"));
}

TEST(links_and_what_is_no_file_are_refused) {
  file f;
  const std::string target = f.dir / "target";
  std::ofstream(target) << "precious";
  TEST_ASSERT_TRUE(symlink(target.c_str(), f.path.c_str()) == 0);
  TEST_ASSERT_EQUAL_INT(0, f.out.append("{1}\n"));
  says(f.out, "a symbolic link");
  TEST_ASSERT_EQUAL_STRING("precious", content(target));
  TEST_ASSERT_TRUE(unlink(f.path.c_str()) == 0 && mkfifo(f.path.c_str(), 0600) == 0);
  TEST_ASSERT_EQUAL_INT(0, f.out.append("{1}\n"));  // does not wait for a reader
  says(f.out, "not a regular file");
  TEST_ASSERT_TRUE(unlink(f.path.c_str()) == 0 && mkdir(f.path.c_str(), 0700) == 0);
  TEST_ASSERT_EQUAL_INT(0, f.out.append("{1}\n"));
  says(f.out, "Is a directory");
}

TEST(a_file_that_others_may_write_is_no_audit) {
  file f;
  std::ofstream(f.path) << "";
  TEST_ASSERT_TRUE(chmod(f.path.c_str(), 0660) == 0);
  TEST_ASSERT_EQUAL_INT(0, f.out.append("{1}\n"));
  says(f.out, "chmod go-w");
  TEST_ASSERT_EQUAL_STRING("", content(f.path));
}

TEST(a_file_of_another_user_is_no_audit) {
  if (getuid() != 0) TEST_IGNORE_MESSAGE("needs root to give a file away");
  file f;
  std::ofstream(f.path) << "";
  TEST_ASSERT_TRUE(chown(f.path.c_str(), 4242, 4242) == 0);
  TEST_ASSERT_EQUAL_INT(0, f.out.append("{1}\n"));
  says(f.out, "belongs to uid 4242");
}
