// SPDX-License-Identifier: Apache-2.0
// allowed_signers lines against the real ssh-keygen: what is taken here means the same there, and what is
// refused here although it is taken there is named as such.
#include "base/timestamp.h"
#include "proof/allowed_signers.h"
#include "ssh_keygen.h"
#include "support/sshsig_maker.h"
#include "support/temp_dir.h"
#include "support/unity.h"

using namespace grantd;

namespace {

const test::signing_key plain = test::make_key(1, false);
const test::signing_key hardware = test::make_key(2, true);
const std::string key = test::key_line(plain);

struct asked {
  const char* person = "alice";
  const char* name_space = "approve@grantd";
  const char* at = "20261122173000Z";
  const char* same_time = "2026-11-22T17:30:00Z";
  const test::signing_key* by = &plain;
};

bool theirs(const std::string& lines, const asked& a) {
  test::temp_dir dir;
  test::write_file(dir / "signers", lines);
  test::write_file(dir / "text", "text");
  test::making how;
  how.name_space = a.name_space;
  test::write_file(dir / "sig", test::armour(test::make_blob(*a.by, "text", how)));
  int code = test::ssh_keygen({"-Y", "verify", "-f", dir / "signers", "-I", a.person, "-n", a.name_space,
                               "-O", std::string("verify-time=") + a.at, "-s", dir / "sig"},
                              dir / "text");
  TEST_ASSERT_TRUE(code == 0 || code == 255);
  return code == 0;
}

bool ours(const std::string& lines, const asked& a) {
  auto got = proof::parse_allowed_signers(lines);
  if (!got) return false;
  for (const auto& s : *got) {
    for (const auto& p : s.principals) {
      if (p == a.person && s.blob == test::key_blob(*a.by) &&
          proof::in_force(s, a.name_space, *base::parse_timestamp(a.same_time)))
        return true;
    }
  }
  return false;
}

enum class both : uint8_t { take, refuse };

void agree(both what, const std::string& lines, const asked& a = {}) {
  TEST_ASSERT_TRUE_MESSAGE(theirs(lines, a) == (what == both::take), "ssh-keygen: " + lines);
  TEST_ASSERT_TRUE_MESSAGE(ours(lines, a) == (what == both::take), "grantd: " + lines);
}

void stricter(const std::string& lines, const asked& a = {}) {
  TEST_ASSERT_TRUE_MESSAGE(theirs(lines, a), "ssh-keygen: " + lines);
  TEST_ASSERT_TRUE_MESSAGE(!ours(lines, a), "grantd: " + lines);
}

}  // namespace

TEST(plain_lines_mean_the_same) {
  agree(both::take, "alice " + key);
  agree(both::take, "bob,alice " + key + " a comment\n");
  agree(both::take, "# no\n\n\t alice \t " + key + "\n");
  agree(both::take, "alice " + test::key_line(hardware), {.by = &hardware});
  agree(both::refuse, "bob " + key);
  agree(both::refuse, "alice " + test::key_line(hardware));
  agree(both::refuse, "# alice " + key);
  agree(both::refuse, "alice");
  agree(both::refuse, key);
  agree(both::refuse, "alice " + key.substr(0, key.size() - 4));
}

TEST(namespaces_mean_the_same) {
  agree(both::take, "alice namespaces=\"approve@grantd\" " + key);
  agree(both::take, "alice NameSpaces=\"file,approve@grantd\" " + key);
  agree(both::take, "alice namespaces=\"file\" " + key, {.name_space = "file"});
  agree(both::refuse, "alice namespaces=\"file\" " + key);
  agree(both::refuse, "alice namespaces=approve@grantd " + key);
  agree(both::refuse, "alice namespaces=\"file\",namespaces=\"approve@grantd\" " + key);
  agree(both::refuse, "alice unknown=\"x\" " + key);
}

TEST(times_in_utc_mean_the_same) {
  agree(both::take, "alice valid-after=\"20261122173000Z\" " + key);
  agree(both::refuse, "alice valid-after=\"20261122173001Z\" " + key);
  agree(both::take, "alice valid-after=\"202611221730Z\",valid-before=\"20261123Z\" " + key);
  agree(both::take, "alice valid-before=\"20261122173001Z\" " + key);
  agree(both::refuse, "alice valid-before=\"20261122172959Z\" " + key);
  agree(both::refuse, "alice valid-after=\"20261121Z\",valid-before=\"20261120Z\" " + key);
  agree(both::refuse, "alice valid-after=\"2026Z\" " + key);
}

TEST(a_printed_line_is_what_ssh_keygen_reads) {
  agree(both::take, proof::print_allowed_signer("alice", "approve@grantd", key + " laptop") + "\n");
  agree(both::refuse, proof::print_allowed_signer("alice", "approve@grantd", key) + "\n",
        {.name_space = "file"});
}

// PROTOCOL.md, "Keys of approvers": each of these is refused here and only here.
TEST(what_openssh_takes_and_grantd_does_not) {
  stricter("* " + key);
  stricter("alic? " + key);
  stricter("\"alice\" " + key);
  stricter("alice namespaces=\"*\" " + key);
  stricter("alice valid-after=\"20261120\" " + key);
  stricter("alice valid-before=\"20261122173000Z\" " + key);  // the second of the end itself
  stricter("alice " + key + "\r\n");
  stricter("alice " + key + "\nbob cert-authority " + key + "\n");  // one bad line: no line counts
}
