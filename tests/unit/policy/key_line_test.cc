// SPDX-License-Identifier: Apache-2.0
// What may stand in an authorized_keys line: one whole public key of a kind OpenSSH trusts, and nothing else.
#include "policy/key_line.h"

#include "keys.h"
#include "support/unity.h"

using namespace grantd;

namespace {

void refused(const std::string& line, const std::string& words) {
  auto got = policy::parse_key_line(line);
  TEST_ASSERT_TRUE_MESSAGE(!got.has_value(), line);
  TEST_ASSERT_TRUE_MESSAGE(got.error().find(words) != std::string::npos, got.error());
}

constexpr const char* good[] = {test::ed25519,   test::sk_ed25519, test::ecdsa_256, test::ecdsa_384,
                                test::ecdsa_521, test::sk_ecdsa,   test::rsa_2048};

}  // namespace

TEST(every_kind_that_openssh_trusts_is_taken_with_and_without_comment) {
  for (const char* key : good) {
    auto bare = policy::parse_key_line(key);
    auto commented = policy::parse_key_line(std::string(key) + " alice@laptop (work)");
    TEST_ASSERT_TRUE_MESSAGE(bare.has_value(), key);
    TEST_ASSERT_TRUE(commented.has_value() && commented->blob == bare->blob);
    TEST_ASSERT_EQUAL_STRING(std::string(key).substr(0, std::string(key).find(' ')), bare->type);
  }
}

TEST(every_shortened_or_lengthened_key_is_damaged) {
  for (const char* key : good) {
    const std::string line = key;
    const size_t start = line.find(' ') + 1;
    for (size_t size = line.size() - 1; size > start; --size) {
      TEST_ASSERT_FALSE(policy::parse_key_line(line.substr(0, size)).has_value());
    }
    TEST_ASSERT_FALSE(policy::parse_key_line(line + "AAAA").has_value());
  }
}

TEST(base64_has_one_form) {
  std::string key = test::rsa_2048;
  refused("ssh-ed25519 " + std::string(60, '!'), "not base64");
  refused("ssh-ed25519 ", "not base64");
  refused("ssh-ed25519  " + std::string(test::ed25519).substr(12), "not base64");
  std::string ecdsa = test::ecdsa_256;  // ends in "=": its last letter carries two bits that must be zero
  TEST_ASSERT_TRUE(ecdsa.back() == '=');
  ++ecdsa[ecdsa.size() - 2];
  refused(ecdsa, "not base64");
}

TEST(another_type_inside_than_outside_is_refused) {
  std::string blob = std::string(test::ed25519).substr(12);
  refused("ssh-rsa " + blob, "another type");
  refused("sk-ssh-ed25519@openssh.com " + blob, "another type");
}

TEST(options_are_refused) {
  std::string key = test::ed25519;
  for (const char* options : {"command=\"sh\" ", "restrict,pty ", "no-pty ", " ", "cert-authority "}) {
    refused(options + key, "options are not allowed");
  }
}

TEST(a_second_line_is_refused) {
  std::string key = test::ed25519;
  refused(key + "\n" + key, "more than one line");
  refused(key + "\r", "more than one line");
  refused(key + " comment\n", "more than one line");
}

TEST(control_bytes_and_broken_utf8_are_refused) {
  std::string key = test::ed25519;
  refused(key + " a\tb", "control byte");
  refused(key + std::string(" a\0b", 4), "control byte");
  refused(key + " \xff", "control byte");
}

TEST(weak_old_and_wrong_things_are_named) {
  refused(test::rsa_1024, "1024 bits");
  refused("ssh-dss AAAA", "ssh-dss");
  refused("ssh-ed25519-cert-v01@openssh.com AAAA", "certificate");
  refused("-----BEGIN OPENSSH PRIVATE KEY-----", "private key");
  refused("", "must begin with its type");
  refused("ssh-ed25519", "ends after its type");
}
