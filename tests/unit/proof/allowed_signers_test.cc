// SPDX-License-Identifier: Apache-2.0
// Lines of allowed_signers: what is taken, and in which words the rest is refused. (Against the real
// ssh-keygen: tests/regress/allowed_signers_differential_test.cc.)
#include "proof/allowed_signers.h"

#include "base/timestamp.h"
#include "support/sshsig_maker.h"
#include "support/unity.h"

using namespace grantd;

namespace {

const test::signing_key plain = test::make_key(1, false);
const test::signing_key hardware = test::make_key(2, true);
const std::string key = test::key_line(plain);

proof::allowed_signer one(const std::string& line) {
  auto got = proof::parse_allowed_signers(line);
  TEST_ASSERT_TRUE_MESSAGE(got.has_value(), got ? "" : got.error()[0].what);
  TEST_ASSERT_EQUAL_UINT64(1, got->size());
  return (*got)[0];
}

// Refused, in words that hold these.
void refuses(const std::string& line, const std::string& why) {
  auto got = proof::parse_allowed_signers(line);
  TEST_ASSERT_TRUE_MESSAGE(!got.has_value(), line);
  TEST_ASSERT_EQUAL_UINT64(1, got.error().size());
  TEST_ASSERT_TRUE_MESSAGE(got.error()[0].what.find(why) != std::string::npos,
                           line + "\n" + got.error()[0].what);
}

base::utc_time at(const char* text) { return *base::parse_timestamp(text); }

}  // namespace

TEST(a_line_gives_names_and_the_key_as_on_the_wire) {
  auto s = one("alice,alice@example.org " + key + " her laptop\n");
  TEST_ASSERT_EQUAL_UINT64(2, s.principals.size());
  TEST_ASSERT_EQUAL_STRING("alice@example.org", s.principals[1]);
  TEST_ASSERT_EQUAL_STRING("ssh-ed25519", s.key_type);
  TEST_ASSERT_TRUE(s.blob == test::key_blob(plain));
  TEST_ASSERT_FALSE(s.namespaces.has_value() || s.valid_after.has_value() || s.valid_before.has_value());
  TEST_ASSERT_TRUE(one("bob " + test::key_line(hardware)).blob == test::key_blob(hardware));
}

TEST(comments_and_empty_lines_are_passed_over_and_counted) {
  auto got =
      proof::parse_allowed_signers("# who may sign\n\n \t \n  # more\n\t alice \t " + key + "\nbob " + key);
  TEST_ASSERT_TRUE(got.has_value());
  TEST_ASSERT_EQUAL_UINT64(2, got->size());
  TEST_ASSERT_EQUAL_UINT64(5, (*got)[0].line);
  TEST_ASSERT_EQUAL_UINT64(6, (*got)[1].line);
}

TEST(options_are_read_in_any_order_and_case) {
  auto s = one(
      "alice valid-before=\"20271122Z\",Namespaces=\"file,approve@grantd\",valid-after=\"202611221730Z\" " +
      key);
  TEST_ASSERT_EQUAL_UINT64(2, s.namespaces->size());
  TEST_ASSERT_TRUE(s.valid_after == at("2026-11-22T17:30:00Z"));
  TEST_ASSERT_TRUE(s.valid_before == at("2027-11-22T00:00:00Z"));
  TEST_ASSERT_TRUE(one("alice valid-after=\"20261122173059Z\" " + key).valid_after ==
                   at("2026-11-22T17:30:59Z"));
}

TEST(a_line_is_in_force_in_its_namespaces_and_from_its_start_to_before_its_end) {
  auto s =
      one("alice namespaces=\"approve@grantd\",valid-after=\"20261122Z\",valid-before=\"20261123Z\" " + key);
  auto in = [&](const char* t) { return proof::in_force(s, "approve@grantd", at(t)); };
  TEST_ASSERT_TRUE(in("2026-11-22T00:00:00Z") && in("2026-11-22T23:59:59.999999Z"));
  TEST_ASSERT_FALSE(in("2026-11-21T23:59:59.999999Z") || in("2026-11-23T00:00:00Z"));
  TEST_ASSERT_FALSE(proof::in_force(s, "file", at("2026-11-22T00:00:00Z")));
  TEST_ASSERT_FALSE(proof::in_force(s, "", at("2026-11-22T00:00:00Z")));
  TEST_ASSERT_TRUE(proof::in_force(one("alice " + key), "anything", {}));
}

TEST(a_certificate_authority_is_refused) {
  refuses("alice cert-authority " + key, "certificate authority");
  refuses("alice namespaces=\"x\",cert-authority " + key, "certificate authority");
  refuses("alice CERT-AUTHORITY " + key, "certificate authority");
}

TEST(a_pattern_for_a_name_or_a_namespace_is_refused) {
  for (const char* p : {"*", "*@example.org", "alic?", "!bob", "alice,*"})
    refuses(std::string(p) + " " + key, "pattern");
  for (const char* p : {"*", "!file", "app?"})
    refuses("alice namespaces=\"" + std::string(p) + "\" " + key, "pattern");
}

TEST(a_local_time_is_refused) {
  for (const char* t : {"20261122", "202611221730", "20261122173000"})
    refuses("alice valid-after=\"" + std::string(t) + "\" " + key, "local time");
}

TEST(a_time_that_is_none_is_refused) {
  for (const char* t : {"Z", "2026Z", "20261322Z", "20260230Z", "202611222460Z", "2026112217300Z",
                        "2026112 Z", "+0261122Z", "19691231Z", "20261122ZZ"})
    refuses("alice valid-before=\"" + std::string(t) + "\" " + key, "no time");
}

TEST(a_time_that_ends_before_it_begins_is_refused) {
  refuses("alice valid-after=\"20261122Z\",valid-before=\"20261122Z\" " + key, "before it begins");
}

TEST(a_key_type_that_is_not_verified_here_is_refused) {
  for (const char* t : {"ssh-rsa", "ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com",
                        "ssh-ed25519-cert-v01@openssh.com"})
    refuses("alice " + std::string(t) + " AAAA", "cannot approve here");
}

TEST(a_damaged_key_is_refused) {
  refuses("alice " + key.substr(0, key.size() - 4), "damaged");
  refuses("alice " + key + "=", "damaged");
  refuses("alice ssh-ed25519", "damaged");
  refuses("alice ssh-ed25519 " + test::base64(test::key_blob(plain) + "x"), "damaged");
  refuses("alice ssh-ed25519 " + test::base64(test::key_blob(hardware)), "another type");
  refuses("alice " + test::key_line(test::make_key(3, true, "https://example.org")), "not made for ssh");
}

TEST(an_option_that_is_unknown_unquoted_empty_or_twice_is_refused) {
  refuses("alice no-touch-required " + key, "not known");
  refuses("alice =\"x\" " + key, "not known");
  refuses("alice namespaces=file " + key, "quoted");
  refuses("alice namespaces " + key, "quoted");
  refuses("alice namespaces=\" " + key, "quoted");
  refuses("alice namespaces=\"\" " + key, "empty namespace");
  refuses("alice namespaces=\"a,,b\" " + key, "empty namespace");
  refuses("alice namespaces=\"a b\" " + key, "space");
  refuses("alice namespaces=\"a\",namespaces=\"b\" " + key, "twice");
  refuses("alice valid-after=\"20261122Z\",valid-after=\"20261122Z\" " + key, "twice");
  refuses("alice namespaces=\"a\", " + key, "not known");
}

TEST(a_line_without_names_or_key_is_refused) {
  refuses("alice", "key must follow");
  refuses("alice namespaces=\"a\"", "key must follow");
  refuses(key, "not known");
  refuses("alice, " + key, "empty name");
  refuses("\"alice\" " + key, "quote");
}

TEST(control_bytes_and_line_ends_of_other_systems_are_refused) {
  refuses("alice " + key + "\r\n", "control byte");
  refuses("alice " + key + " \xff\n", "control byte");
  refuses(std::string("alice\0 ", 7) + key, "control byte");
}

TEST(all_mistakes_are_told_with_their_lines_and_nothing_is_taken) {
  auto got =
      proof::parse_allowed_signers("* " + key + "\nalice " + key + "\nbob cert-authority " + key + "\n");
  TEST_ASSERT_FALSE(got.has_value());
  TEST_ASSERT_EQUAL_UINT64(2, got.error().size());
  TEST_ASSERT_EQUAL_UINT64(1, got.error()[0].line);
  TEST_ASSERT_EQUAL_UINT64(3, got.error()[1].line);
}

TEST(a_printed_line_is_read_back) {
  std::string line = proof::print_allowed_signer("alice", "approve@grantd", key);
  TEST_ASSERT_EQUAL_STRING("alice namespaces=\"approve@grantd\" " + key, line);
  TEST_ASSERT_TRUE(proof::in_force(one(line), "approve@grantd", {}));
}

TEST(a_line_that_would_say_something_else_is_not_printed) {
  for (const char* p : {"", "*", "alice,bob", "a b", "#alice", "\"a\"", "a\nb"})
    TEST_ASSERT_EQUAL_STRING("", proof::print_allowed_signer(p, "approve@grantd", key));
  for (const char* n : {"", "*", "a,b", "a\" b", "a\",cert-authority,namespaces=\"b"})
    TEST_ASSERT_EQUAL_STRING("", proof::print_allowed_signer("alice", n, key));
  TEST_ASSERT_EQUAL_STRING("", proof::print_allowed_signer("alice", "approve@grantd", key + "\nbob " + key));
  TEST_ASSERT_EQUAL_STRING("",
                           proof::print_allowed_signer("alice", "approve@grantd", "cert-authority " + key));
  TEST_ASSERT_EQUAL_STRING("", proof::print_allowed_signer("alice", "approve@grantd", key + "\n"));
}
