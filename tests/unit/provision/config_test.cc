// SPDX-License-Identifier: Apache-2.0
// provision.toml: what is taken, what is a mistake, and whose file is believed.
#include "provision/config.h"

#include <sys/stat.h>

#include <fstream>

#include "support/temp_dir.h"
#include "support/unity.h"

namespace grantd::test {
namespace {

constexpr char usual[] =
    "[system.main]\nadapter = \"postgresql\"\ndeadline = \"5s\"\n"
    "[system.main.settings]\nconnection = \"dbname=postgres\"\nport = 5432\nquiet = true\n";

std::string mistakes_of(const std::string& text) {
  auto c = provision::parse_config(text, "p.toml");
  if (c) return "";
  std::string all;
  for (const auto& m : c.error()) all += policy::print(m) + "\n";
  return all;
}

struct files {
  temp_dir dir;
  std::string path = dir / "provision.toml";
  void write(const std::string& text) const {
    std::ofstream(path) << text;
    (void)chmod(path.c_str(), 0640);
  }
  void adapter(mode_t mode) const {
    std::ofstream(dir / "postgresql") << "#!/bin/sh\n";
    (void)chmod((dir / "postgresql").c_str(), mode);
  }
  [[nodiscard]] std::string refusal() const {
    auto c = provision::load_config(path);
    return c ? "" : c.error();
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST(a_system_has_its_adapter_deadline_and_settings) {
  auto c = provision::parse_config(usual, "p.toml");
  TEST_ASSERT_TRUE_MESSAGE(c.has_value(), mistakes_of(usual));
  const provision::system& s = c->systems.at("main");
  TEST_ASSERT_EQUAL_STRING("postgresql", s.adapter);
  TEST_ASSERT_EQUAL_INT64(5'000'000, s.deadline_us);
  TEST_ASSERT_EQUAL_STRING("dbname=postgres", *s.settings.find("connection")->text());
  TEST_ASSERT_EQUAL_INT64(5432, *s.settings.find("port")->integer());
  TEST_ASSERT_TRUE(*s.settings.find("quiet")->boolean());
  TEST_ASSERT_EQUAL_STRING("/run/grantd/api.sock", c->socket);
}

TEST(mistakes_are_named_with_their_place) {
  TEST_ASSERT_TRUE(has(mistakes_of(""), "nothing to do"));
  TEST_ASSERT_TRUE(has(mistakes_of("[system.main]\n"), "p.toml:1"));
  TEST_ASSERT_TRUE(has(mistakes_of("[system.main]\nadapter = \"../sh\"\n"), "p.toml:2"));
  TEST_ASSERT_TRUE(has(mistakes_of("[system.main]\nadapter = \"x\"\ndeadline = \"61s\"\n"), "more than 60s"));
  TEST_ASSERT_TRUE(
      has(mistakes_of("[system.main]\nadapter = \"x\"\nsettings = 3\n"), "[system.NAME.settings]"));
  TEST_ASSERT_TRUE(
      has(mistakes_of("[system.main]\nadapter = \"x\"\n[system.main.settings]\na = [1]\n"), "p.toml:4"));
  TEST_ASSERT_TRUE(has(mistakes_of("socket = \"api.sock\"\n[system.main]\nadapter = \"x\"\n"), "absolute"));
  TEST_ASSERT_TRUE(has(mistakes_of("sistem = 1\n[system.main]\nadapter = \"x\"\n"), "sistem"));
}

TEST(a_file_or_an_adapter_that_others_may_write_is_refused) {
  files f;
  f.write("adapters = \"" + f.dir.path() + "\"\n" + usual);
  TEST_ASSERT_TRUE_MESSAGE(has(f.refusal(), "No such file"), f.refusal());
  f.adapter(0644);
  TEST_ASSERT_TRUE_MESSAGE(has(f.refusal(), "not a program"), f.refusal());
  f.adapter(0755);
  TEST_ASSERT_EQUAL_STRING("", f.refusal());
  f.adapter(0775);
  TEST_ASSERT_TRUE_MESSAGE(has(f.refusal(), "chmod go-w"), f.refusal());
  f.adapter(0755);
  (void)chmod(f.path.c_str(), 0660);
  TEST_ASSERT_TRUE_MESSAGE(has(f.refusal(), "chmod go-w"), f.refusal());
  (void)chmod(f.path.c_str(), 0600);
  (void)chmod(f.dir.path().c_str(), 0777);
  TEST_ASSERT_TRUE_MESSAGE(has(f.refusal(), "chmod go-w"), f.refusal());
  (void)chmod(f.dir.path().c_str(), 0700);
  TEST_ASSERT_EQUAL_STRING("", f.refusal());
}

}  // namespace grantd::test
