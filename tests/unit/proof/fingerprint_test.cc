// SPDX-License-Identifier: Apache-2.0
// Fingerprints as `ssh-keygen -l` printed them.
#include "proof/fingerprint.h"

#include "support/unity.h"

using namespace grantd;

TEST(a_fingerprint_is_what_ssh_keygen_shows) {
  const std::string line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMqqTL5QcwT6qXcMsgvLOSB6K+U5LFNzEKvLxjXMyX6y";
  constexpr std::string_view shown = "SHA256:lUjYaMqhoR7R6GyOhYdkb52SLH1G0jm9oWjhcqp9Njc";
  TEST_ASSERT_EQUAL_STRING(shown, proof::fingerprint_of_line(line));
  TEST_ASSERT_EQUAL_STRING(shown, proof::fingerprint_of_line(line + " alice@laptop"));
}

TEST(what_is_no_key_line_has_none) {
  for (const char* line : {"", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAA*", "ssh-ed25519  AAAA"})
    TEST_ASSERT_EQUAL_STRING("", proof::fingerprint_of_line(line));
}
