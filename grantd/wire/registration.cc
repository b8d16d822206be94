// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes frames of session.sock. Untrusted bytes in; no allocation, no logging, no clock.
#include "wire/registration.h"

#include <algorithm>
#include <cstring>

#include "base/little_endian.h"

namespace grantd::wire {
namespace {

using base::load_little;
using base::store_little;

constexpr uint8_t asked[4] = {'g', 'd', 's', '1'};
constexpr uint8_t answered[4] = {'g', 'd', 'a', '1'};
constexpr size_t max_part = 63;
constexpr size_t max_text = 80;

namespace at {
constexpr size_t kind = 4;
constexpr size_t service_size = 5;  // then one byte each for user, remote, tty
constexpr size_t reserved = 9;      // 3, zero
constexpr size_t strings = 12;
}  // namespace at

namespace answer_at {
constexpr size_t result = 4;
constexpr size_t reason = 5;
constexpr size_t fault = 6;
constexpr size_t flags = 7;  // 1: the table is LOCKED
constexpr size_t given = 8;
constexpr size_t how = 9;
constexpr size_t resource_size = 10;  // then text
constexpr size_t utc_offset = 12;
constexpr size_t grant = 16;
constexpr size_t until = 24;
constexpr size_t now = 32;
constexpr size_t end_utc = 40;
constexpr size_t strings = 48;
}  // namespace answer_at

static_assert(at::strings + 4 * max_part <= max_registration);
static_assert(answer_at::strings + max_part + max_text <= max_registration_answer);

bool sound(const registration& r) {
  const auto kind = static_cast<uint8_t>(r.kind);
  return kind >= 1 && kind <= 2 && !r.service.empty() && r.service.size() <= max_part && !r.user.empty() &&
         r.user.size() <= max_part && r.remote.size() <= max_part && r.tty.size() <= max_part;
}

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
}

bool sound(const registration_answer& a) {
  const auto result = static_cast<uint8_t>(a.result);
  return result >= 1 && result <= 5 && a.reason <= 6 &&
         (a.reason == 0 || a.result == registration_result::denied) && a.fault <= 14 && a.given >= 1 &&
         a.given <= 2 && a.how >= 1 && a.how <= 3 && a.resource.size() <= max_part &&
         a.text.size() <= max_text && !has_control_bytes(a.resource) && !has_control_bytes(a.text);
}

// The strings from `used` on, whose sizes stand at `sizes`: all of the rest, exactly.
bool take_strings(std::span<const uint8_t> bytes, size_t sizes, size_t used,
                  std::span<std::string_view> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t size = bytes[sizes + i];
    if (bytes.size() - used < size) return false;
    out[i] = {reinterpret_cast<const char*>(bytes.data() + used), size};
    used += size;
  }
  return used == bytes.size();
}

size_t put_strings(uint8_t* frame, size_t sizes, size_t used, std::span<const std::string_view> texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    frame[sizes + i] = static_cast<uint8_t>(texts[i].size());
    std::copy(texts[i].begin(), texts[i].end(), frame + used);
    used += texts[i].size();
  }
  return used;
}

}  // namespace

size_t encode(const registration& in, std::span<uint8_t, max_registration> out) noexcept {
  if (!sound(in)) return 0;
  std::memset(out.data(), 0, at::strings);
  std::memcpy(out.data(), asked, sizeof asked);
  out[at::kind] = static_cast<uint8_t>(in.kind);
  const std::string_view texts[] = {in.service, in.user, in.remote, in.tty};
  return put_strings(out.data(), at::service_size, at::strings, texts);
}

std::optional<registration> decode_registration(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < at::strings || std::memcmp(bytes.data(), asked, sizeof asked) != 0) return {};
  if (bytes[at::reserved] != 0 || bytes[at::reserved + 1] != 0 || bytes[at::reserved + 2] != 0) return {};
  std::string_view texts[4];
  if (!take_strings(bytes, at::service_size, at::strings, texts)) return {};
  const registration out{static_cast<registration_kind>(bytes[at::kind]), texts[0], texts[1], texts[2],
                         texts[3]};
  if (!sound(out)) return {};
  return out;
}

size_t encode(const registration_answer& in, std::span<uint8_t, max_registration_answer> out) noexcept {
  if (!sound(in)) return 0;
  uint8_t* p = out.data();
  std::memset(p, 0, answer_at::strings);
  std::memcpy(p, answered, sizeof answered);
  p[answer_at::result] = static_cast<uint8_t>(in.result);
  p[answer_at::reason] = in.reason;
  p[answer_at::fault] = in.fault;
  p[answer_at::flags] = in.table_locked ? 1 : 0;
  p[answer_at::given] = in.given;
  p[answer_at::how] = in.how;
  store_little(p + answer_at::utc_offset, in.utc_offset_s);
  store_little(p + answer_at::grant, in.grant);
  store_little(p + answer_at::until, in.until_ns);
  store_little(p + answer_at::now, in.now_ns);
  store_little(p + answer_at::end_utc, in.end_utc_s);
  const std::string_view texts[] = {in.resource, in.text};
  return put_strings(p, answer_at::resource_size, answer_at::strings, texts);
}

std::optional<registration_answer> decode_registration_answer(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < answer_at::strings) return {};
  const uint8_t* p = bytes.data();
  if (std::memcmp(p, answered, sizeof answered) != 0 || p[answer_at::flags] > 1) return {};
  std::string_view texts[2];
  if (!take_strings(bytes, answer_at::resource_size, answer_at::strings, texts)) return {};
  const registration_answer out{.result = static_cast<registration_result>(p[answer_at::result]),
                                .reason = p[answer_at::reason],
                                .fault = p[answer_at::fault],
                                .table_locked = p[answer_at::flags] == 1,
                                .given = p[answer_at::given],
                                .how = p[answer_at::how],
                                .grant = load_little<uint64_t>(p + answer_at::grant),
                                .until_ns = load_little<int64_t>(p + answer_at::until),
                                .now_ns = load_little<int64_t>(p + answer_at::now),
                                .end_utc_s = load_little<int64_t>(p + answer_at::end_utc),
                                .utc_offset_s = load_little<int32_t>(p + answer_at::utc_offset),
                                .resource = texts[0],
                                .text = texts[1]};
  if (!sound(out)) return {};
  return out;
}

}  // namespace grantd::wire
