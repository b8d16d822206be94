// SPDX-License-Identifier: Apache-2.0
// The files of a policy on disk: which are read, in which order, and whom the daemon lets write them.
#include "daemon/files.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "daemon/host_names.h"
#include "support/temp_dir.h"
#include "support/unity.h"

using namespace grantd;

namespace {

constexpr char base_policy[] = "[person.alice]\nos = \"root\"\n[resource.db]\nlogin_points = \"pg:m/x\"\n";

struct place {
  test::temp_dir dir;
  std::string policy = dir.path() + "/policy.toml";
  place() {
    write("policy.toml", base_policy);
    std::filesystem::create_directory(dir.path() + "/policy.d");
    chmod((dir.path() + "/policy.d").c_str(), 0755);
  }
  void write(const std::string& name, const std::string& text) const {
    const std::string path = dir.path() + "/" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0644);
  }
  [[nodiscard]] std::string load() const {
    auto p = daemon::load_policy(policy);
    if (!p) return p.error();
    std::string out;
    for (const auto& [name, r] : (*p)->rules) out += name + " ";
    return out;
  }
};

std::string rule(const std::string& name, const std::string& lines = "") {
  return "[rule." + name + "]\nwho = \"alice\"\nresource = \"db\"\napprovals = 0\n" + lines;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST(every_toml_file_of_the_directory_beside_it_is_part_of_the_policy) {
  place p;
  p.write("policy.d/20-b.toml", rule("b"));
  p.write("policy.d/10-a.toml", rule("a"));
  for (const char* other : {"policy.d/.hidden.toml", "policy.d/x.toml~", "policy.d/README"})
    p.write(other, "no =");
  TEST_ASSERT_EQUAL_STRING("a b ", p.load());
  p.write("policy.d/05-c.toml", rule("b"));
  const std::string wrong = p.load();
  TEST_ASSERT_TRUE_MESSAGE(
      has(wrong, "policy.d/20-b.toml:1:7: [rule.b] stands in") && has(wrong, "05-c.toml:1:7"), wrong);
  std::filesystem::remove_all(p.dir.path() + "/policy.d");
  TEST_ASSERT_EQUAL_STRING("", p.load());
}

TEST(a_directory_that_others_may_write_is_refused) {
  place p;
  chmod((p.dir.path() + "/policy.d").c_str(), 0775);
  TEST_ASSERT_TRUE(has(p.load(), "others could add rules"));
  chmod((p.dir.path() + "/policy.d").c_str(), 0755);
  p.write("policy.d/a.toml", rule("a"));
  chmod((p.dir.path() + "/policy.d/a.toml").c_str(), 0666);
  TEST_ASSERT_TRUE(has(p.load(), "others may write it"));
}

TEST(one_file_that_cannot_be_read_refuses_all) {
  place p;
  p.write("policy.d/a.toml", rule("a"));
  std::filesystem::create_directory(p.dir.path() + "/policy.d/b.toml");
  TEST_ASSERT_TRUE(has(p.load(), "not a regular file"));
}

TEST(groups_and_zones_are_those_of_this_host) {
  place p;
  p.write("policy.d/a.toml", "[group.g]\nmembers = \"unix:root\"\n" +
                                 rule("a", "hours = \"Mon-Fri 08:00-18:00 Europe/Berlin\"\n"));
  auto loaded = daemon::load_policy(p.policy);
  TEST_ASSERT_TRUE_MESSAGE(loaded.has_value(), loaded ? "" : loaded.error());
  TEST_ASSERT_TRUE((*loaded)->groups.at("g").contains("alice"));  // os = "root", by its primary group
  daemon::unix_groups groups;
  TEST_ASSERT_FALSE(groups.members_of("no-such-group-here").has_value());
  TEST_ASSERT_EQUAL_STRING("", groups.failure());
}

TEST(the_name_of_a_zone_leads_nowhere_else) {
  TEST_ASSERT_TRUE(daemon::read_zone("Europe/Berlin").value_or("").starts_with("TZif"));
  for (const char* bad : {"", ".", "..", "../zoneinfo/UTC", "Europe/../UTC", "/etc/localtime", "Europe",
                          "Europe/", "a b", "UTC\n", "no-such-zone"}) {
    TEST_ASSERT_FALSE(daemon::read_zone(bad).has_value());
  }
  TEST_ASSERT_FALSE(daemon::read_zone(std::string("UTC\0x", 5)).has_value());
}
