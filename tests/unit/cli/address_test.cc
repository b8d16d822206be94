// SPDX-License-Identifier: Apache-2.0
// ssh://ask@host:port as people write it; what could become an option or a shell word is refused.
#include "cli/address.h"

#include "support/unity.h"

using namespace grantd;

TEST(addresses_are_user_host_and_port) {
  auto a = cli::parse_address("ssh://ask@db1.example.org:2222");
  TEST_ASSERT_TRUE(a && a->user == "ask" && a->host == "db1.example.org" && a->port == 2222);
  a = cli::parse_address("ssh://db1/");
  TEST_ASSERT_TRUE(a && a->user == "ask" && a->host == "db1" && a->port == 0);
  a = cli::parse_address("ssh://bot@[::1]:22");
  TEST_ASSERT_TRUE(a && a->user == "bot" && a->host == "::1" && a->port == 22);
}

TEST(nothing_that_ssh_or_a_shell_could_misread_is_an_address) {
  for (const char* text : {"",
                           "db1",
                           "http://db1",
                           "ssh://",
                           "ssh://@db1",
                           "ssh://-oProxyCommand=x@db1",
                           "ssh://ask@-oProxyCommand=x",
                           "ssh://-db1",
                           "ssh://ask@",
                           "ssh://a b@db1",
                           "ssh://ask@db1;reboot",
                           "ssh://ask@db1`x`",
                           "ssh://ask@db1$x",
                           "ssh://ask@db1/path",
                           "ssh://ask@db1:",
                           "ssh://ask@db1:0",
                           "ssh://ask@db1:65536",
                           "ssh://ask@db1:22x",
                           "ssh://ask@db1:-1",
                           "ssh://ask@[::1",
                           "ssh://ask@[]",
                           "ssh://ask@[::1]x",
                           "ssh://a@b@c",
                           "ssh://ask@db\n1"}) {
    auto a = cli::parse_address(text);
    TEST_ASSERT_TRUE_MESSAGE(!a.has_value(), text);
    TEST_ASSERT_TRUE(a.error().find("ssh://ask@host") != std::string::npos);
  }
}

TEST(ssh_gets_the_destination_after_the_end_of_its_options) {
  auto args = cli::ssh_arguments({"ask", "db1", 2222});
  TEST_ASSERT_TRUE(args.size() >= 4);
  TEST_ASSERT_EQUAL_STRING("--", args[args.size() - 2]);
  TEST_ASSERT_EQUAL_STRING("ask@db1", args.back());
  TEST_ASSERT_EQUAL_STRING("-T", args.front());
}
