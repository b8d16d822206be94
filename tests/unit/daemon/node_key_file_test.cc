// SPDX-License-Identifier: Apache-2.0
// The host's key in its file: made once, never replaced, never taken from where others could have put it.
#include "daemon/node_key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "proof/chain.h"
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

mode_t mode_of(const std::string& path) {
  struct stat s{};
  TEST_ASSERT_TRUE(lstat(path.c_str(), &s) == 0);
  return s.st_mode & 07777;
}

// A key in a directory of its own.
struct kept {
  temp_dir dir{true};
  std::string path = dir / "node_key";
  kept() { TEST_ASSERT_TRUE(proof::start()); }
  [[nodiscard]] std::string verifier() const {
    auto key = load_or_make_node_key(path);
    TEST_ASSERT_TRUE_MESSAGE(key.has_value(), key ? "" : key.error());
    return proof::print_verifier("grantd/00", key->shown());
  }
  // What it says when it refuses; the file must be as it was.
  [[nodiscard]] std::string refusal() const {
    const std::string before = content(path);
    auto key = load_or_make_node_key(path);
    TEST_ASSERT_FALSE(key.has_value());
    TEST_ASSERT_TRUE(content(path) == before);
    TEST_ASSERT_TRUE_MESSAGE(key.error().starts_with(path + ": "), key.error());
    return key.error();
  }
};

void says(const std::string& text, std::string_view what) {
  TEST_ASSERT_TRUE_MESSAGE(text.find(what) != text.npos, text);
}

}  // namespace

TEST(the_first_start_makes_a_key_that_only_we_can_read_and_later_ones_find_it) {
  kept k;
  const std::string first = k.verifier();
  TEST_ASSERT_EQUAL_INT(0600, mode_of(k.path));
  TEST_ASSERT_EQUAL_INT(32, content(k.path).size());
  TEST_ASSERT_EQUAL_STRING(first, k.verifier());
  kept other;
  TEST_ASSERT_TRUE(other.verifier() != first);
}

TEST(what_a_crash_left_half_made_is_in_nobodys_way) {
  kept k;
  std::ofstream(k.path + ".new") << "half";
  (void)k.verifier();
  TEST_ASSERT_TRUE(content(k.path + ".new").empty());
  TEST_ASSERT_EQUAL_INT(32, content(k.path).size());
}

TEST(a_symbolic_link_is_not_followed) {
  kept k;
  (void)k.verifier();
  TEST_ASSERT_TRUE(rename(k.path.c_str(), (k.dir / "elsewhere").c_str()) == 0);
  TEST_ASSERT_TRUE(symlink((k.dir / "elsewhere").c_str(), k.path.c_str()) == 0);
  says(k.refusal(), "a symbolic link");
  TEST_ASSERT_TRUE(unlink((k.dir / "elsewhere").c_str()) == 0);
  says(k.refusal(), "a symbolic link");  // nor is a key made where it leads
  TEST_ASSERT_TRUE(access((k.dir / "elsewhere").c_str(), F_OK) != 0);
}

TEST(a_key_that_others_could_have_read_or_changed_is_refused) {
  kept k;
  (void)k.verifier();
  for (mode_t open_to : {0640U, 0604U, 0620U, 0602U}) {
    TEST_ASSERT_TRUE(chmod(k.path.c_str(), open_to) == 0);
    says(k.refusal(), "chmod 0600");
  }
  TEST_ASSERT_TRUE(chmod(k.path.c_str(), 0600) == 0);
  TEST_ASSERT_TRUE(link(k.path.c_str(), (k.dir / "second").c_str()) == 0);
  says(k.refusal(), "hard link");
}

TEST(a_key_of_another_user_is_refused) {
  if (getuid() != 0) TEST_IGNORE_MESSAGE("needs root to give a file away");
  kept k;
  (void)k.verifier();
  TEST_ASSERT_TRUE(chown(k.path.c_str(), 4242, 4242) == 0);
  says(k.refusal(), "belongs to uid 4242");
}

TEST(what_is_no_key_is_refused) {
  for (size_t size : {0U, 31U, 33U, 4096U}) {
    kept k;
    std::ofstream(k.path) << std::string(size, 'k');
    TEST_ASSERT_TRUE(chmod(k.path.c_str(), 0600) == 0);
    says(k.refusal(), "bytes, a key has 32");
  }
  kept zero;
  std::ofstream(zero.path) << std::string(32, '\0');
  TEST_ASSERT_TRUE(chmod(zero.path.c_str(), 0600) == 0);
  says(zero.refusal(), "all zero");
}

TEST(a_directory_or_a_fifo_in_its_place_is_refused_at_once) {
  kept k;
  TEST_ASSERT_TRUE(mkfifo(k.path.c_str(), 0600) == 0);
  auto key = load_or_make_node_key(k.path);  // does not wait for a writer
  TEST_ASSERT_FALSE(key.has_value());
  says(key.error(), "not a regular file");
  TEST_ASSERT_TRUE(unlink(k.path.c_str()) == 0 && mkdir(k.path.c_str(), 0700) == 0);
  auto again = load_or_make_node_key(k.path);
  TEST_ASSERT_FALSE(again.has_value());
  says(again.error(), "not a regular file");
}

TEST(a_directory_that_is_not_there_is_named) {
  temp_dir dir;
  auto key = load_or_make_node_key(dir / "absent/node_key");
  TEST_ASSERT_FALSE(key.has_value());
  says(key.error(), "absent/node_key: No such file");
}

TEST(a_lost_key_is_not_silently_replaced_by_another) {
  kept k;
  const std::string verifier = k.verifier();
  TEST_ASSERT_EQUAL_STRING("", keep_verifier(k.path, verifier));
  TEST_ASSERT_TRUE(unlink(k.path.c_str()) == 0);
  auto key = load_or_make_node_key(k.path);
  TEST_ASSERT_FALSE(key.has_value());
  says(key.error(), "the key is gone");
  TEST_ASSERT_TRUE(access(k.path.c_str(), F_OK) != 0);
  TEST_ASSERT_TRUE(unlink((k.path + ".pub").c_str()) == 0);
  TEST_ASSERT_TRUE(k.verifier() != verifier);
}

TEST(the_verifier_is_for_everybody_and_is_read_without_the_secret) {
  kept k;
  const std::string verifier = k.verifier();
  TEST_ASSERT_EQUAL_STRING("", keep_verifier(k.path, verifier));
  TEST_ASSERT_EQUAL_INT(0644, mode_of(k.path + ".pub"));
  TEST_ASSERT_EQUAL_STRING(verifier + "\n", content(k.path + ".pub"));
  TEST_ASSERT_TRUE(chmod(k.path.c_str(), 0) == 0);
  TEST_ASSERT_EQUAL_STRING(verifier, read_verifier(k.path).value());
  // Of another store it is written anew.
  std::ofstream(k.path + ".pub") << "grantd/other+00000000+AAAA\n";
  TEST_ASSERT_FALSE(read_verifier(k.path).has_value());
  TEST_ASSERT_EQUAL_STRING("", keep_verifier(k.path, verifier));
  TEST_ASSERT_EQUAL_STRING(verifier, read_verifier(k.path).value());
}

TEST(a_verifier_with_bytes_that_a_terminal_obeys_is_not_shown) {
  kept k;
  auto key = load_or_make_node_key(k.path);
  std::ofstream(k.path + ".pub") << proof::print_verifier("grantd/\x1b[2J", key->shown()) << "\n";
  auto shown = read_verifier(k.path);
  TEST_ASSERT_FALSE(shown.has_value());
  says(shown.error(), "not a verifier");
}
