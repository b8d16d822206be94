// SPDX-License-Identifier: Apache-2.0
// grantd.toml: defaults, every mistake with its place, and print() read back.
#include "policy/config.h"

#include <clocale>
#include <fstream>
#include <iterator>
#include <random>

#include "mistakes.h"

using namespace grantd;
using test::accepted;
using test::refused_at;

namespace {

auto parse(const std::string& text) { return policy::parse_config(text, "grantd.toml"); }

void round_trips(const policy::config& c) {
  const std::string text = print(c);
  auto again = parse(text);
  TEST_ASSERT_TRUE_MESSAGE(accepted(again) == c, text);
  TEST_ASSERT_EQUAL_STRING(text, print(*again));
}

}  // namespace

TEST(an_empty_file_is_all_defaults) {
  TEST_ASSERT_TRUE(accepted(parse("")) == policy::config{});
  TEST_ASSERT_TRUE(accepted(parse("# nothing\r\n")) == policy::config{});
  TEST_ASSERT_TRUE(accepted(parse("\xef\xbb\xbf")) == policy::config{});
}

TEST(the_example_shows_the_defaults) {
  std::ifstream in(EXAMPLES "/grantd.toml", std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  TEST_ASSERT_TRUE(text.size() > 200);
  TEST_ASSERT_TRUE(accepted(parse(text)) == policy::config{});
}

TEST(every_key_is_read) {
  const policy::config c = accepted(
      parse("policy = \"/a/p\"\nstore = \"/a/s\"\nanchor = \"/a/n\"\nrun = \"/a/r\"\nallowed_signers = "
            "\"/a/w\"\nnode_key = "
            "\"/a/k\"\naudit_file = \"/a/u\"\ntable_group = "
            "\"110\"\nask_user = \"q\"\n"
            "[[reporter]]\nuser = \"u\"\ncluster = \"c\"\n[[reporter]]\nuser = \"u\"\ncluster = \"d\"\n"
            "[limits]\nconnections = 9\nconnections_per_uid = 8\nmessage_bytes = 4096\nidle_seconds = "
            "0\npending_hours = 24\n"));
  policy::config expected;
  expected.policy = "/a/p";
  expected.store = "/a/s";
  expected.anchor = "/a/n";
  expected.run = "/a/r";
  expected.allowed_signers = "/a/w";
  expected.node_key = "/a/k";
  expected.audit_file = "/a/u";
  expected.table_group = "110";
  expected.ask_user = "q";
  expected.reporters = {{"u", "c"}, {"u", "d"}};
  expected.connections = 9;
  expected.connections_per_uid = 8;
  expected.message_bytes = 4096;
  expected.idle_seconds = 0;
  expected.pending_hours = 24;
  TEST_ASSERT_TRUE(c == expected);
  round_trips(c);
}

TEST(an_empty_ask_user_switches_it_off) {
  const policy::config c = accepted(parse("ask_user = \"\"\n"));
  TEST_ASSERT_EQUAL_STRING("", c.ask_user);
  round_trips(c);
  refused_at(parse("ask_user = 7\n"), 1, 12, {"ask_user"});
}

TEST(an_empty_audit_file_switches_it_off_and_other_paths_are_never_empty) {
  TEST_ASSERT_EQUAL_STRING("", accepted(parse("audit_file = \"\"\n")).audit_file);
  refused_at(parse("audit_file = \"audit\"\n"), 1, 14, {"not an absolute path"});
  refused_at(parse("allowed_signers = \"\"\n"), 1, 19, {"not an absolute path"});
  refused_at(parse("node_key = \"\"\n"), 1, 12, {"not an absolute path"});
}

TEST(what_is_printed_reads_back_the_same) {
  round_trips({});
  policy::config none;
  none.reporters.clear();
  round_trips(none);
  policy::config odd;
  odd.store = "/with \"quotes\" and \\back\\slashes/ü";
  odd.ask_user = "o'ask#";
  odd.reporters = {{"p q", "[main]"}};
  round_trips(odd);
}

TEST(random_configurations_read_back_the_same) {
  std::mt19937_64 random(test::seed());
  auto upto = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (unsigned round = 0; round < 300; ++round) {
    auto word = [&] {
      static constexpr std::string_view letters[] = {"a", "Z", "\"", "\\", "#", "'",
                                                     "=", "[", "é",  "字", "u", "n"};
      std::string out = "x";
      for (unsigned i = upto(12); i > 0; --i) out += letters[upto(std::size(letters))];
      return out;
    };
    policy::config c;
    c.policy = "/" + word() + "/" + word();
    c.store = "/s/" + word();
    c.anchor = "/a/" + word();
    c.table_group = word();
    c.reporters.clear();
    for (unsigned i = upto(4); i > 0; --i) c.reporters.push_back({word(), word() + std::to_string(i)});
    c.connections = 1 + upto(1'000'000);
    c.connections_per_uid = 1 + upto(c.connections);
    c.message_bytes = 1024 + upto(60'000);
    c.idle_seconds = upto(86'401);
    c.pending_hours = 1 + upto(168);
    c.audit_file = upto(2) == 0 ? "" : "/u/" + word();
    round_trips(c);
  }
}

TEST(a_syntax_error_has_line_and_column) { refused_at(parse("store = \"/a\"\nrun =\n"), 2, 6, {"not TOML"}); }

TEST(a_file_over_the_cap_is_refused_unread) {
  refused_at(parse(std::string(policy::max_config_bytes + 1, '#')), 0, 0, {"too large"});
}

TEST(unknown_keys_get_the_nearest_known_one) {
  refused_at(parse("stroe = \"/x\"\n"), 1, 1, {"did you mean \"store\"?"});
  refused_at(parse("[limits]\nconnection = 3\n"), 2, 1, {"[limits]", "did you mean \"connections\"?"});
  refused_at(parse("[[reporter]]\nuser = \"a\"\ncluster = \"b\"\nuid = 3\n"), 4, 1,
             {"[[reporter]]", "user, cluster"});
}

TEST(paths_are_absolute_and_plain) {
  for (const char* bad : {"", "/", "store", "./store", "/a/../b", "/a/./b", "/a//b", "/a/"}) {
    refused_at(parse("store = \"" + std::string(bad) + "\"\n"), 1, 9, {"not an absolute path"});
  }
  refused_at(parse("store = \"/a\\u0000b\"\n"), 1, 9, {"control byte"});
  refused_at(parse("policy = 3\n"), 1, 10, {"a number"});
}

TEST(the_anchor_stands_beside_the_store) {
  refused_at(parse("store = \"/s\"\nanchor = \"/s/anchor\"\n"), 2, 10, {"inside the store", "beside"});
  refused_at(parse("store = \"/var/lib/grantd\"\n"), 1, 9, {"inside the store"});
  refused_at(parse("store = \"/s\"\nanchor = \"/s\"\n"), 2, 10, {"inside the store"});
  accepted(parse("store = \"/s\"\nanchor = \"/s.anchor\"\n"));
}

TEST(nothing_that_must_last_stands_in_the_run_directory) {
  refused_at(parse("store = \"/run/grantd/store\"\n"), 1, 9, {"empty after a reboot"});
  refused_at(parse("anchor = \"/run/grantd/anchor\"\n"), 1, 10, {"empty after a reboot"});
  refused_at(parse("node_key = \"/run/grantd/key\"\n"), 1, 12, {"empty after a reboot"});
  refused_at(parse("run = \"/var\"\n"), 1, 7, {"empty after a reboot"});
}

TEST(a_run_directory_too_long_for_a_socket_is_refused) {
  std::string longest = "/" + std::string(94, 'r');
  accepted(parse("run = \"" + longest + "\"\n"));
  refused_at(parse("run = \"" + longest + "r\"\n"), 1, 7, {"96 bytes", "95"});
}

TEST(names_are_names) {
  refused_at(parse("table_group = \"\"\n"), 1, 15, {"not a name"});
  refused_at(parse("table_group = \"-g\"\n"), 1, 15, {"not a name"});
  refused_at(parse("table_group = 110\n"), 1, 15, {"a number", "write a string"});
  refused_at(parse("ask_user = \"a/b\"\n"), 1, 12, {"a/b"});
}

TEST(reporters_are_whole_and_once) {
  refused_at(parse("[[reporter]]\nuser = \"a\"\n"), 1, 1, {"no cluster"});
  refused_at(parse("[[reporter]]\ncluster = \"a\"\n"), 1, 1, {"no user"});
  refused_at(parse("[reporter]\nuser = \"a\"\ncluster = \"b\"\n"), 1, 1, {"[[reporter]]"});
  refused_at(parse("reporter = [3]\n"), 1, 13, {"a number"});
  refused_at(
      parse("[[reporter]]\nuser = \"a\"\ncluster = \"b\"\n[[reporter]]\nuser = \"a\"\ncluster = \"b\"\n"), 4,
      1, {"stands twice"});
  TEST_ASSERT_TRUE(accepted(parse("reporter = []\n")).reporters.empty());
}

TEST(limits_have_limits) {
  refused_at(parse("[limits]\nconnections = 0\n"), 2, 15, {"connections", "between 1 and 1000000"});
  refused_at(parse("[limits]\nconnections = -1\n"), 2, 15, {"-1"});
  refused_at(parse("[limits]\nconnections = \"9\"\n"), 2, 15, {"a string", "without quotes"});
  refused_at(parse("[limits]\nconnections = 10\nconnections_per_uid = 11\n"), 3, 23, {"between 1 and 10"});
  refused_at(parse("[limits]\nmessage_bytes = 100\n"), 2, 17, {"between 1024 and 16777216"});
  refused_at(parse("[limits]\nidle_seconds = 86401\n"), 2, 16, {"between 0 and 86400"});
  refused_at(parse("[limits]\nidle_seconds = 4294967296\n"), 2, 16, {"4294967296"});
  refused_at(parse("[limits]\npending_hours = 0\n"), 2, 17, {"between 1 and 168"});
  refused_at(parse("[limits]\npending_hours = 169\n"), 2, 17, {"between 1 and 168"});
  refused_at(parse("limits = 3\n"), 1, 10, {"[limits]"});
  TEST_ASSERT_EQUAL_UINT64(10, accepted(parse("[limits]\nconnections = 10\n")).connections_per_uid);
}

TEST(the_locale_changes_no_number) {
  policy::config c;
  c.connections = 123'456;
  const std::string before = print(c);
  for (const char* locale : {"de_DE.UTF-8", "en_US.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    TEST_ASSERT_EQUAL_STRING(before, print(c));
    round_trips(c);
  }
  std::setlocale(LC_ALL, "C");
}
