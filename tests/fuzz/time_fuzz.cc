// SPDX-License-Identifier: Apache-2.0
// Times, durations, ids and names from anywhere: what is read prints back to what was read, and nothing else
// happens.
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/duration.h"
#include "base/ident.h"
#include "base/names.h"
#include "base/timestamp.h"

using namespace grantd::base;

namespace {

void must(bool held) {
  if (!held) __builtin_trap();
}

constexpr int64_t year_10000_us = 253'402'300'800 * us_per_s;

void fuzz_timestamp(std::string_view text) {
  auto t = parse_timestamp(text);
  if (!t) return;
  must(t->us >= 0 && t->us < year_10000_us);
  must(text.size() >= 20 && text.size() <= 32);
  timestamp_text printed = print_timestamp(*t);
  must(parse_timestamp(printed.view()) == t);
}

void fuzz_duration(std::string_view text) {
  auto us = parse_duration_us(text);
  if (!us) return;
  must(*us > 0 && *us <= int64_t{366} * 86'400 * us_per_s && *us % us_per_s == 0);
  must(parse_duration_us(print_duration_short(*us).view()) == us);
}

void fuzz_id(std::string_view text) {
  for (char kind : {'g', 'r'}) {
    auto number = parse_id(kind, text);
    if (!number) continue;
    id_text printed = print_id(kind, *number);
    must(printed.size == text.size());  // one spelling, but for the case
    for (unsigned i = 0; i < printed.size; ++i) must((printed.text[i] | 0x20) == (text[i] | 0x20));
  }
}

void fuzz_names(std::string_view text) {
  const bool printable = is_printable_utf8(text);
  if (is_plain_name(text)) must(is_account_name(text));
  if (is_account_name(text)) must(is_identity_name(text) && text.size() <= max_name);
  if (is_identity_name(text)) must(printable && !text.empty() && text.size() <= max_identity);
  if (!printable) return;
  for (char c : text) must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

// The same bytes as numbers: whatever they are, something bounded is printed.
void fuzz_printing(const uint8_t* data, size_t size) {
  struct {
    int64_t t, now;
    uint64_t number;
    int32_t offset;
  } n{};
  if (size != 0) std::memcpy(&n, data, size < sizeof n ? size : sizeof n);
  auto fits = [](const auto& printed) { must(printed.size > 0 && printed.size <= sizeof printed.text); };
  fits(print_timestamp({n.t}));
  fits(print_local({n.t}, n.offset, {n.now}));
  fits(print_duration(n.t));
  fits(print_duration_short(n.t));
  fits(print_id('g', n.number));
  if (n.number >= 1 && n.number <= uint64_t{1} << 53)
    must(parse_id('g', print_id('g', n.number).view()) == n.number);
  if (n.t >= 0 && n.t < year_10000_us) must(parse_timestamp(print_timestamp({n.t}).view()) == utc_time{n.t});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz_timestamp(text);
  fuzz_duration(text);
  fuzz_id(text);
  fuzz_names(text);
  fuzz_printing(data, size);
  return 0;
}
