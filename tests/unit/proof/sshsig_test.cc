// SPDX-License-Identifier: Apache-2.0
// Each rule of PROTOCOL.md, "Approval signature", and the reason given when it is broken. (Against the real
// ssh-keygen: tests/regress/sshsig_differential_test.cc.)
#include "proof/sshsig.h"

#include "proof/base64.h"
#include "proof/chain.h"
#include "support/sshsig_maker.h"
#include "support/unity.h"

using namespace grantd;
using proof::signature_fault;
using test::making;

namespace {

constexpr std::string_view text = "grantd approval, version 1\n";

auto verify(const std::string& armour) {
  TEST_ASSERT_TRUE(proof::start());
  return proof::verify_sshsig(armour, proof::approval_namespace, text);
}

bool refused(signature_fault why, const std::string& armour) {
  auto got = verify(armour);
  return !got && got.error() == why;
}

const test::signing_key plain = test::make_key(1, false);
const test::signing_key hardware = test::make_key(2, true);

std::string made(const test::signing_key& key, const making& how = {}) {
  return test::armour(test::make_blob(key, text, how));
}

template <typename Change>
bool both_refused(signature_fault why, Change change) {
  making how;
  change(how);
  return refused(why, made(plain, how)) && refused(why, made(hardware, how));
}

}  // namespace

TEST(a_good_signature_names_its_key) {
  for (const auto& key : {plain, hardware}) {
    auto got = verify(made(key));
    TEST_ASSERT_TRUE(got.has_value());
    TEST_ASSERT_EQUAL_STRING(key.type, got->type);
    TEST_ASSERT_TRUE(got->blob == test::key_blob(key));
  }
}

TEST(a_signature_over_another_text_is_refused) {
  for (const auto& key : {plain, hardware})
    TEST_ASSERT_TRUE(refused(signature_fault::mismatch, test::armour(test::make_blob(key, "another"))));
}

TEST(another_version_is_refused) {
  for (uint32_t v : {0u, 2u, 0x01000000u})
    TEST_ASSERT_TRUE(both_refused(signature_fault::version, [&](making& m) { m.version = v; }));
}

TEST(another_namespace_is_refused) {
  for (const char* n : {"", "file", "approve@grantd2", "Approve@grantd", "approve@grant"})
    TEST_ASSERT_TRUE(both_refused(signature_fault::name_space, [&](making& m) { m.name_space = n; }));
  TEST_ASSERT_TRUE(
      both_refused(signature_fault::name_space, [](making& m) { m.name_space.push_back('\0'); }));
}

TEST(a_signature_made_in_another_namespace_is_refused_under_this_name) {
  TEST_ASSERT_TRUE(both_refused(signature_fault::mismatch, [](making& m) { m.signed_name_space = "file"; }));
}

TEST(no_signature_counts_in_an_empty_namespace) {
  making how;
  how.name_space = "";
  auto got = proof::verify_sshsig(made(plain, how), "", text);
  TEST_ASSERT_TRUE(!got && got.error() == signature_fault::name_space);
}

TEST(a_reserved_field_that_is_not_empty_is_refused) {
  TEST_ASSERT_TRUE(both_refused(signature_fault::reserved, [](making& m) { m.reserved = "x"; }));
}

TEST(another_hash_is_refused) {
  for (const char* h : {"sha256", "sha1", "SHA512", ""})
    TEST_ASSERT_TRUE(both_refused(signature_fault::hash, [&](making& m) { m.hash = h; }));
}

TEST(a_key_of_another_type_is_refused) {
  for (const char* type :
       {"ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519x", ""})
    TEST_ASSERT_TRUE(both_refused(signature_fault::key_type, [&](making& m) {
      m.key = test::ssh_string(type) + test::ssh_string(std::string(32, 'x'));
    }));
}

TEST(a_security_key_that_was_not_made_for_ssh_is_refused) {
  for (const char* application : {"https://example.org", "SSH:", "ssh", "ssh:\n"})
    TEST_ASSERT_TRUE(refused(signature_fault::key_type, made(test::make_key(2, true, application))));
  TEST_ASSERT_TRUE(verify(made(test::make_key(2, true, "ssh:oncall"))).has_value());
}

TEST(a_security_keys_application_may_have_255_bytes_and_no_more) {
  TEST_ASSERT_TRUE(verify(made(test::make_key(2, true, "ssh:" + std::string(251, 'a')))).has_value());
  TEST_ASSERT_TRUE(
      refused(signature_fault::not_sshsig, made(test::make_key(2, true, "ssh:" + std::string(252, 'a')))));
}

TEST(another_magic_is_refused) {
  TEST_ASSERT_TRUE(both_refused(signature_fault::not_sshsig, [](making& m) { m.magic = "SSHSIh"; }));
}

TEST(a_signature_of_another_type_than_its_key_is_refused) {
  making how;
  how.signature_type = hardware.type;
  TEST_ASSERT_TRUE(refused(signature_fault::key_type, made(plain, how)));
  how.signature_type = plain.type;
  TEST_ASSERT_TRUE(refused(signature_fault::key_type, made(hardware, how)));
}

TEST(a_security_key_that_nobody_touched_is_refused) {
  making how;
  for (unsigned flags = 0; flags < 256; ++flags) {
    how.flags = static_cast<uint8_t>(flags);
    TEST_ASSERT_TRUE((flags & 1) != 0 ? verify(made(hardware, how)).has_value()
                                      : refused(signature_fault::not_touched, made(hardware, how)));
  }
}

TEST(the_same_signature_in_other_numbers_is_refused) {
  TEST_ASSERT_TRUE(both_refused(signature_fault::mismatch, [](making& m) { m.add_order = true; }));
}

TEST(bytes_behind_anything_are_refused) {
  TEST_ASSERT_TRUE(both_refused(signature_fault::not_sshsig, [](making& m) { m.behind = "x"; }));
  TEST_ASSERT_TRUE(both_refused(signature_fault::not_sshsig, [](making& m) { m.behind_signature = "x"; }));
  for (const auto& key : {plain, hardware}) {
    making how;
    how.key = test::key_blob(key) + "x";
    TEST_ASSERT_TRUE(refused(signature_fault::not_sshsig, made(key, how)));
  }
}

TEST(a_signature_or_a_point_of_another_size_is_refused) {
  const std::string blob = test::make_blob(plain, text);
  std::string head = blob.substr(0, blob.size() - 4 - 4 - plain.type.size() - 4 - 64);
  for (size_t size : {0, 63, 65, 128}) {
    std::string inner = test::ssh_string(plain.type) + test::ssh_string(std::string(size, 's'));
    TEST_ASSERT_TRUE(refused(signature_fault::not_sshsig, test::armour(head + test::ssh_string(inner))));
    making how;
    how.key = test::ssh_string(plain.type) + test::ssh_string(std::string(size, 'p'));
    TEST_ASSERT_TRUE(refused(signature_fault::not_sshsig, made(plain, how)));
  }
}

TEST(a_blob_cut_anywhere_is_refused) {
  for (const auto& key : {plain, hardware}) {
    const std::string blob = test::make_blob(key, text);
    for (size_t n = 0; n < blob.size(); ++n)
      TEST_ASSERT_FALSE(verify(test::armour(blob.substr(0, n))).has_value());
  }
}

TEST(a_length_far_past_the_end_is_refused) {
  std::string blob = test::make_blob(plain, text);
  for (size_t i = 10; i < 14; ++i) blob[i] = '\xff';
  TEST_ASSERT_TRUE(refused(signature_fault::not_sshsig, test::armour(blob)));
}

TEST(a_key_of_small_order_is_refused) {
  test::signing_key neutral = plain;
  neutral.point.fill(0);
  neutral.point[0] = 1;
  std::string blob = test::make_blob(neutral, text);
  blob.replace(blob.size() - 64, 64, "\1" + std::string(63, '\0'));
  TEST_ASSERT_TRUE(refused(signature_fault::mismatch, test::armour(blob)));
}

TEST(armour_may_lack_its_last_newline_and_have_lines_of_any_length) {
  const std::string good = made(plain);
  TEST_ASSERT_TRUE(verify(good.substr(0, good.size() - 1)).has_value());
  std::string long_line = "-----BEGIN SSH SIGNATURE-----\n" + test::base64(test::make_blob(plain, text)) +
                          "\n-----END SSH SIGNATURE-----\n";
  TEST_ASSERT_TRUE(verify(long_line).has_value());
}

TEST(armour_with_anything_else_is_refused) {
  const std::string good = made(plain);
  const std::string begin = "-----BEGIN SSH SIGNATURE-----\n", end = "-----END SSH SIGNATURE-----\n";
  std::string crlf;
  for (char c : good) (crlf += c == '\n' ? "\r" : "") += c;
  std::string nul = good, blank = good, space = good, padding = good;
  nul.insert(40, 1, '\0');
  blank.insert(begin.size(), "\n");
  space.insert(40, " ");
  padding.insert(40, "=");
  for (const std::string& bad :
       {std::string(), begin, end, begin + end, begin + "\n" + end, good + "\n", good + "x", "x" + good,
        "\n" + good, good + good, crlf, nul, blank, space, padding, good.substr(begin.size()),
        good.substr(0, good.size() - end.size())})
    TEST_ASSERT_TRUE_MESSAGE(refused(signature_fault::not_armour, bad), bad);
}

TEST(armour_longer_than_the_limit_is_refused) {
  making how;
  how.reserved = std::string(3000, 'r');
  const std::string big = made(plain, how);
  TEST_ASSERT_TRUE(big.size() > proof::max_armour);
  TEST_ASSERT_TRUE(refused(signature_fault::not_armour, big));
  how.reserved.resize(2500);
  TEST_ASSERT_TRUE(refused(signature_fault::reserved, made(plain, how)));
}

TEST(base64_has_one_spelling) {
  for (std::string bytes : {"", "a", "ab", "abc", "abcd"}) {
    TEST_ASSERT_TRUE(proof::decode_base64(proof::encode_base64(bytes)) == bytes);
  }
  TEST_ASSERT_EQUAL_STRING("YQ==", proof::encode_base64("a"));
  for (std::string_view bad :
       {"YQ", "YQ=", "YQ===", "YR==", "YQ==\n", " YQ==", "Y Q==", "YWJj=", "====", "YW-j", "YWJjA"})
    TEST_ASSERT_FALSE(proof::decode_base64(bad).has_value());
  TEST_ASSERT_FALSE(proof::decode_base64(std::string_view("YQ\0==", 5)).has_value());
}

TEST(base64_has_64_characters_and_no_byte_stands_for_one_of_them) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int c = 0; c < 256; ++c) {
    std::string text = "AAAA";
    text[1] = static_cast<char>(c);
    TEST_ASSERT_TRUE(proof::decode_base64(text).has_value() ==
                     (digits.find(static_cast<char>(c)) != digits.npos));
  }
}

TEST(every_fault_has_words_of_its_own) {
  std::string seen;
  for (unsigned f = 0; f <= static_cast<unsigned>(signature_fault::mismatch); ++f) {
    std::string w(words(static_cast<signature_fault>(f)));
    TEST_ASSERT_TRUE(!w.empty() && seen.find(w + '\n') == seen.npos);
    seen += w + '\n';
  }
}
