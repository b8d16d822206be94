// SPDX-License-Identifier: Apache-2.0
// Time zones: every offset as python's zoneinfo has it, every damaged file refused, and hours by the local
// clock.
#include "policy/zone.h"

#include <fstream>
#include <random>
#include <sstream>

#include "base/timestamp.h"
#include "policy/hours.h"
#include "policy/zone_footer.h"
#include "support/unity.h"

using namespace grantd;

namespace {

struct vectors {
  std::string name, bytes;
  std::vector<std::pair<int64_t, int32_t>> offsets;
};

std::vector<vectors> read_vectors() {
  std::vector<vectors> out;
  std::ifstream in(VECTORS "/zones.txt");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "#") continue;
    if (first == "file") {
      std::string hex;
      vectors v;
      words >> v.name >> hex;
      for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        v.bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
      }
      out.push_back(std::move(v));
      continue;
    }
    int32_t offset = 0;
    words >> offset;
    out.back().offsets.emplace_back(std::stoll(first), offset);
  }
  return out;
}

std::string bytes_of(std::string_view name) {
  for (const vectors& v : read_vectors()) {
    if (v.name == name) return v.bytes;
  }
  TEST_FAIL_MESSAGE(std::string(name));
}

policy::hours hours(std::string_view text) {
  auto h = policy::parse_hours(text);
  TEST_ASSERT_TRUE_MESSAGE(h.has_value(), h ? "" : h.error());
  h->offsets = std::make_shared<const policy::time_zone>(*policy::parse_zone(bytes_of(h->zone)));
  return *h;
}

bool within(const policy::hours& h, const char* time) {
  return *policy::within(h, *base::parse_timestamp(time));
}

int32_t footer_at(const char* footer, const char* time) {
  return policy::offset_by(*policy::parse_footer(footer), base::parse_timestamp(time)->us / 1'000'000);
}

}  // namespace

TEST(every_offset_is_the_one_that_zoneinfo_has) {
  auto all = read_vectors();
  TEST_ASSERT_EQUAL_UINT64(5, all.size());
  for (const vectors& v : all) {
    TEST_ASSERT_TRUE(v.offsets.size() >= 150);
    auto zone = policy::parse_zone(v.bytes);
    TEST_ASSERT_TRUE_MESSAGE(zone.has_value(), v.name + (zone ? "" : zone.error()));
    for (auto [s, offset] : v.offsets) {
      TEST_ASSERT_EQUAL_INT64(offset, *policy::offset_at(*zone, {s * 1'000'000}));
      TEST_ASSERT_EQUAL_INT64(offset, *policy::offset_at(*zone, {s * 1'000'000 + 999'999}));
    }
  }
}

TEST(a_file_cut_short_or_with_bytes_behind_its_end_is_refused) {
  const std::string whole = bytes_of("Europe/Berlin");
  for (size_t n = 0; n < whole.size(); ++n) {
    TEST_ASSERT_FALSE(policy::parse_zone(std::string_view(whole).substr(0, n)).has_value());
  }
  TEST_ASSERT_FALSE(policy::parse_zone(whole + "x").has_value());
  TEST_ASSERT_FALSE(policy::parse_zone(whole + "\n").has_value());
  TEST_ASSERT_FALSE(policy::parse_zone(std::string(policy::max_zone_bytes + 1, '\0')).has_value());
}

TEST(damaged_files_never_crash) {
  std::mt19937_64 random(test::seed());
  const std::string whole = bytes_of("Australia/Lord_Howe");
  for (unsigned round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    for (unsigned n = 1 + static_cast<unsigned>(random() % 3); n > 0; --n) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    auto zone = policy::parse_zone(bytes);
    if (!zone) continue;
    auto offset = policy::offset_at(*zone, {static_cast<int64_t>(random())});
    TEST_ASSERT_TRUE(!offset || (*offset > -90'000 && *offset < 94'000));
  }
}

// One block of version 1 or two of a later one, with one change at 1000 s from +1 h to +2 h.
static std::string made(char version, const std::string& footer, unsigned leap = 0, char last_kind = 1) {
  auto number = [](uint64_t n, int size) {
    std::string out;
    for (int i = size - 1; i >= 0; --i) out += static_cast<char>(n >> (8 * i));
    return out;
  };
  auto block = [&](int size) {
    std::string out = std::string("TZif") + version + std::string(15, '\0');
    for (uint64_t n : {uint64_t{0}, uint64_t{0}, uint64_t{leap}, uint64_t{1}, uint64_t{2}, uint64_t{2}}) {
      out += number(n, 4);
    }
    out += number(1000, size) + last_kind;
    out += number(3600, 4) + std::string(2, '\0') + number(7200, 4) + "\x01" + std::string(1, '\0');
    out += std::string("A\0", 2);
    if (leap > 0) out += number(500, size) + number(1, 4);
    return out;
  };
  return version == '\0' ? block(4) : block(4) + block(8) + "\n" + footer + "\n";
}

TEST(where_a_file_does_not_say_there_is_no_offset) {
  for (const std::string& bytes : {made('\0', ""), made('2', "")}) {
    auto zone = policy::parse_zone(bytes);
    TEST_ASSERT_TRUE_MESSAGE(zone.has_value(), zone ? "" : zone.error());
    TEST_ASSERT_EQUAL_INT64(3600, *policy::offset_at(*zone, {999'999'999}));
    TEST_ASSERT_FALSE(policy::offset_at(*zone, {1'000'000'000}).has_value());
  }
  auto zone = policy::parse_zone(made('4', "ABC-2"));
  TEST_ASSERT_EQUAL_INT64(7200, *policy::offset_at(*zone, {1'000'000'000}));
  TEST_ASSERT_FALSE(policy::offset_at(*zone, {INT64_MAX}).has_value());
  TEST_ASSERT_FALSE(policy::offset_at(*zone, {INT64_MIN}).has_value());
}

TEST(leap_seconds_unknown_versions_and_kinds_are_refused) {
  TEST_ASSERT_FALSE(policy::parse_zone(made('2', "", 1)).has_value());
  TEST_ASSERT_FALSE(policy::parse_zone(made('5', "")).has_value());
  TEST_ASSERT_FALSE(policy::parse_zone(made('2', "", 0, 2)).has_value());
  TEST_ASSERT_FALSE(policy::parse_zone(made('2', "nonsense")).has_value());
}

TEST(footers_are_read_whole_or_not_at_all) {
  for (const char* bad :
       {"", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365", "CET-1CEST,J1,J366",
        "CET-25", "CET-1 ", "<+1-1", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0/3x"}) {
    TEST_ASSERT_TRUE_MESSAGE(!policy::parse_footer(bad).has_value(), bad);
  }
  TEST_ASSERT_EQUAL_INT64(3600, footer_at("CET-1CEST,M3.5.0,M10.5.0/3", "2200-03-30T00:59:59Z"));
  TEST_ASSERT_EQUAL_INT64(7200, footer_at("CET-1CEST,M3.5.0,M10.5.0/3", "2200-03-30T01:00:00Z"));
  TEST_ASSERT_EQUAL_INT64(-5400, footer_at("<-0130>1:30", "2200-01-01T00:00:00Z"));
  // RFC 8536 3.3.1: summer time all year.
  for (const char* t :
       {"2099-12-31T23:59:59Z", "2100-01-01T02:59:59Z", "2100-01-01T03:00:00Z", "2100-07-01T00:00:00Z"}) {
    TEST_ASSERT_EQUAL_INT64(-14400, footer_at("XXX3EDT4,0/0,J365/23", t));
  }
  // J60 is 1 March, also in a leap year; 59 from 0 is 29 February then.
  TEST_ASSERT_EQUAL_INT64(0, footer_at("AAA0BBB,J60/0,J300/0", "2104-02-29T23:59:59Z"));
  TEST_ASSERT_EQUAL_INT64(3600, footer_at("AAA0BBB,J60/0,J300/0", "2104-03-01T00:00:00Z"));
  TEST_ASSERT_EQUAL_INT64(3600, footer_at("AAA0BBB,59/0,J300/0", "2104-02-29T00:00:00Z"));
}

TEST(hours_follow_the_local_clock_through_summer_time) {
  const auto work = hours("Mon-Fri 08:00-18:00 Europe/Berlin");
  TEST_ASSERT_TRUE(within(work, "2026-01-05T07:00:00Z"));  // winter
  TEST_ASSERT_FALSE(within(work, "2026-01-05T06:59:59Z"));
  TEST_ASSERT_TRUE(within(work, "2026-07-06T06:00:00Z"));  // summer
  TEST_ASSERT_FALSE(within(work, "2026-07-06T16:00:00Z"));
  // 02:00 to 03:00 does not come on 29 March, and comes twice on 25 October.
  const auto night = hours("Sun 02:00-03:00 Europe/Berlin");
  TEST_ASSERT_FALSE(within(night, "2026-03-29T00:59:59Z"));
  TEST_ASSERT_FALSE(within(night, "2026-03-29T01:00:00Z"));
  TEST_ASSERT_TRUE(within(night, "2026-10-25T00:30:00Z"));
  TEST_ASSERT_TRUE(within(night, "2026-10-25T01:30:00Z"));
  TEST_ASSERT_FALSE(within(night, "2026-10-25T02:00:00Z"));
}

TEST(hours_past_midnight_belong_to_the_day_they_begin_on) {
  const auto h = hours("Fri 22:00-06:00 UTC");
  TEST_ASSERT_FALSE(within(h, "2026-11-27T05:00:00Z"));  // a Friday
  TEST_ASSERT_TRUE(within(h, "2026-11-27T22:00:00Z"));
  TEST_ASSERT_TRUE(within(h, "2026-11-28T05:59:59Z"));
  TEST_ASSERT_FALSE(within(h, "2026-11-28T06:00:00Z"));
  TEST_ASSERT_FALSE(within(h, "2026-11-28T22:00:00Z"));
  TEST_ASSERT_TRUE(within(hours("Sun 22:00-06:00 UTC"), "2026-11-30T05:00:00Z"));
}

TEST(days_are_lists_and_ranges_that_may_pass_the_weekend) {
  TEST_ASSERT_EQUAL_UINT64(0x1f, policy::parse_hours("Mon-Fri 08:00-18:00 UTC")->days);
  TEST_ASSERT_EQUAL_UINT64(0x05, policy::parse_hours("Mon,Wed 08:00-18:00 UTC")->days);
  TEST_ASSERT_EQUAL_UINT64(0x71, policy::parse_hours("Fri-Mon 08:00-18:00 UTC")->days);
  TEST_ASSERT_EQUAL_UINT64(0x63, policy::parse_hours("Mon-Tue,Sat,Sun 08:00-18:00 UTC")->days);
  for (const char* bad : {"",
                          "Mon",
                          "Mon 08:00-18:00",
                          "Mon 08:00-18:00 ",
                          "Mon, 08:00-18:00 UTC",
                          ",Mon 08:00-18:00 UTC",
                          "Mon- 08:00-18:00 UTC",
                          "mon 08:00-18:00 UTC",
                          "Mon 8:00-18:00 UTC",
                          "Mon 08:00 UTC",
                          "Mon 24:00-24:00 UTC",
                          "Mon 08:00-24:01 UTC",
                          "Mon 08:60-18:00 UTC",
                          "Mon  08:00-18:00 UTC",
                          "Mon 08:00-18:00 ../etc/passwd",
                          "Mon 08:00-18:00 /etc",
                          "Mon 08:00-18:00 a/",
                          "Mon 08:00-18:00 a//b",
                          "Mon 08:00-18:00 UTC x",
                          "Mon 08:00-18:00-19:00 UTC"}) {
    TEST_ASSERT_TRUE_MESSAGE(!policy::parse_hours(bad).has_value(), bad);
  }
}
