// SPDX-License-Identifier: Apache-2.0
// Lines for sshd: one key, one person, nothing that could become another option.
#include "cli/key_line.h"

#include "support/unity.h"

using namespace grantd;

namespace {

constexpr const char* key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1b alice@laptop";

}  // namespace

TEST(a_line_restricts_the_key_to_asking) {
  TEST_ASSERT_EQUAL_STRING(
      "restrict,command=\"/usr/bin/grantctl stdio --person alice\" ssh-ed25519 "
      "AAAAC3NzaC1lZDI1NTE5AAAAIJ1b\n",
      cli::key_line("/usr/bin/grantctl", "", "alice", key).value_or("refused"));
}

TEST(a_relays_key_is_a_relays_and_no_persons) {
  TEST_ASSERT_EQUAL_STRING(
      "restrict,command=\"/usr/bin/grantctl stdio --relay chatbot\" ssh-ed25519 "
      "AAAAC3NzaC1lZDI1NTE5AAAAIJ1b\n",
      cli::key_line("/usr/bin/grantctl", "", "chatbot", key, cli::speaker::relay).value_or("refused"));
  TEST_ASSERT_TRUE(!cli::key_line("/usr/bin/grantctl", "", "a --person bob", key, cli::speaker::relay));
}

TEST(the_socket_and_a_path_with_spaces_are_quoted_for_the_shell) {
  TEST_ASSERT_EQUAL_STRING(
      "restrict,command=\"'/opt/my tools/grantctl' --socket '/tmp/a b/api.sock' stdio --person alice\" "
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1b\n",
      cli::key_line("/opt/my tools/grantctl", "/tmp/a b/api.sock", "alice", key).value_or("refused"));
}

TEST(a_person_that_could_add_to_the_line_is_refused) {
  for (const char* person :
       {"", "-x", "alice\" bob", "alice;id", "alice\nroot", "Alice", "a b", "alice$HOME"}) {
    TEST_ASSERT_TRUE_MESSAGE(!cli::key_line("/usr/bin/grantctl", "", person, key), person);
  }
}

TEST(a_key_that_could_add_to_the_line_is_refused) {
  for (const char* bad :
       {"", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519  AAAA", "ssh-ed25519 AAA",
        "ssh-ed25519 AAAA\nroot AAAA", "command=\"x\" ssh-ed25519 AAAA", "ssh-ed25519 AA\"A",
        "ssh-ed25519 ====", "ssh-ed25519 A=AA", "ssh-ed25519\tAAAA", "no-pty,ssh-ed25519 AAAA"}) {
    TEST_ASSERT_TRUE_MESSAGE(!cli::key_line("/usr/bin/grantctl", "", "alice", bad), bad);
  }
}

TEST(a_comment_is_left_out_whatever_stands_in_it) {
  auto line = cli::key_line("/usr/bin/grantctl", "", "alice", "ssh-ed25519 AAAA x\nssh-ed25519 BBBB");
  TEST_ASSERT_TRUE(line && line->ends_with("ssh-ed25519 AAAA\n"));
}

TEST(paths_that_two_readers_would_read_differently_are_refused) {
  for (const char* path : {"", "grantctl", "./grantctl", "/a\"b", "/a'b", "/a\\b", "/a\nb"}) {
    TEST_ASSERT_TRUE_MESSAGE(!cli::key_line(path, "", "alice", key), path);
  }
  TEST_ASSERT_TRUE(!cli::key_line("/usr/bin/grantctl", "relative.sock", "alice", key));
}
