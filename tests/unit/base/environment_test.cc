// SPDX-License-Identifier: Apache-2.0
// I9 for base/: locale, TZ, environment and cwd change nothing that is read or written.
#include <random>
#include <string>

#include "base/duration.h"
#include "base/ident.h"
#include "base/names.h"
#include "base/timestamp.h"
#include "support/unity.h"
#include "unit/base/hostile_environment.h"

using namespace grantd::base;

namespace {

std::string everything() {
  std::mt19937_64 random(grantd::test::seed());
  std::string out;
  for (int i = 0; i < 20'000; ++i) {
    utc_time t{static_cast<int64_t>(random())},
        now{t.us / 2 + static_cast<int64_t>(random() % 1'000'000'000)};
    out += print_timestamp(t).view();
    out += print_local(t, static_cast<int32_t>(random() % 90'000), now).view();
    out += print_duration(t.us).view();
    out += print_duration_short(t.us).view();
    out += print_id('g', random()).view();
    char text[32];
    size_t n = random() % sizeof text;
    for (char& c : text) c = "0123456789-:TZ+.dhmsIi\xc3\xa9\xb0 "[random() % 27];
    out += is_account_name({text, n}) ? 'a' : '-';
    out += is_plain_name({text, n}) ? 'p' : '-';
    out += parse_duration_us({text, n % 5}) ? 'd' : '-';
  }
  for (auto text :
       {"2026-03-29T02:30:00+01:00", "2026-10-25 02:30:00+02:00", "1h30m", "g-7k2m", "I", "\xc4\xb0"}) {
    auto t = parse_timestamp(text);
    out += t ? std::to_string(t->us) : "-";
    auto d = parse_duration_us(text);
    out += d ? std::to_string(*d) : "-";
    out += is_account_name(text) ? 'a' : '-';
  }
  return out;
}

}  // namespace

TEST(i9_environment_changes_nothing_in_base) {
  const std::string calm = everything();
  unsigned tried = 0;
  grantd::test::each_hostile_environment([&](const std::string& which) {
    ++tried;
    TEST_ASSERT_TRUE_MESSAGE(everything() == calm, which);
  });
  TEST_ASSERT_TRUE(tried >= 6);
}
