// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes presence datagrams. Untrusted bytes in; no allocation, no logging, no clock.
#include "wire/presence.h"

#include <algorithm>
#include <cstring>

#include "base/little_endian.h"

namespace grantd::wire {
namespace {

using base::load_little;
using base::store_little;

constexpr uint8_t magic[4] = {'g', 'd', 'p', '1'};

namespace at {
constexpr size_t state = 4;
constexpr size_t cause = 5;
constexpr size_t proved_by = 6;
constexpr size_t point = 7;
constexpr size_t access = 8;
constexpr size_t flags = 9;       // 1: replication
constexpr size_t name_size = 10;  // then one byte each for place, database, role, remote, text
constexpr size_t run = 16;
constexpr size_t number = 24;
constexpr size_t grant = 32;
constexpr size_t since = 40;
constexpr size_t until = 48;
constexpr size_t pid = 56;
constexpr size_t reserved = 60;  // 4, zero
constexpr size_t strings = 64;
}  // namespace at

constexpr size_t max_name = 128;
constexpr size_t max_part = 63;
constexpr size_t max_text = 80;
static_assert(at::strings + max_name + 4 * max_part + max_text <= max_presence);

bool gone(presence_state s) { return s == presence_state::ended || s == presence_state::leftover; }

bool sound(const presence& p) {
  const auto state = static_cast<uint8_t>(p.state);
  const auto cause = static_cast<uint8_t>(p.cause);
  return state >= 1 && state <= 4 && cause <= 7 && gone(p.state) == (cause != 0) && p.proved_by >= 1 &&
         p.proved_by <= 4 && p.point >= 1 && p.point <= 2 && p.access >= 1 && p.access <= 2 && p.run != 0 &&
         p.number != 0 && p.since_ns >= 0 && p.until_ns >= 0 && !p.name.empty() &&
         p.name.size() <= max_name && !p.place.empty() && p.place.size() <= max_part &&
         p.database.size() <= max_part && p.role.size() <= max_part && p.remote.size() <= max_part &&
         p.text.size() <= max_text;
}

}  // namespace

size_t encode(const presence& in, std::span<uint8_t, max_presence> out) noexcept {
  if (!sound(in)) return 0;
  uint8_t* p = out.data();
  std::memset(p, 0, at::strings);
  std::memcpy(p, magic, sizeof magic);
  p[at::state] = static_cast<uint8_t>(in.state);
  p[at::cause] = static_cast<uint8_t>(in.cause);
  p[at::proved_by] = in.proved_by;
  p[at::point] = in.point;
  p[at::access] = in.access;
  p[at::flags] = in.replication ? 1 : 0;
  store_little(p + at::run, in.run);
  store_little(p + at::number, in.number);
  store_little(p + at::grant, in.grant);
  store_little(p + at::since, in.since_ns);
  store_little(p + at::until, in.until_ns);
  store_little(p + at::pid, in.pid);
  const std::string_view texts[] = {in.name, in.place, in.database, in.role, in.remote, in.text};
  uint8_t* size = p + at::name_size;
  uint8_t* end = p + at::strings;
  for (std::string_view text : texts) {
    *size++ = static_cast<uint8_t>(text.size());
    end = std::copy(text.begin(), text.end(), end);
  }
  return static_cast<size_t>(end - p);
}

std::optional<presence> decode_presence(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < at::strings) return {};
  const uint8_t* p = bytes.data();
  if (std::memcmp(p, magic, sizeof magic) != 0 || p[at::flags] > 1) return {};
  if (load_little<uint32_t>(p + at::reserved) != 0) return {};
  std::string_view texts[6];
  size_t used = at::strings;
  for (size_t i = 0; i < std::size(texts); ++i) {
    const size_t size = p[at::name_size + i];
    if (bytes.size() - used < size) return {};
    texts[i] = {reinterpret_cast<const char*>(p + used), size};
    used += size;
  }
  if (used != bytes.size()) return {};
  const presence out{.state = static_cast<presence_state>(p[at::state]),
                     .cause = static_cast<presence_cause>(p[at::cause]),
                     .proved_by = p[at::proved_by],
                     .point = p[at::point],
                     .access = p[at::access],
                     .replication = p[at::flags] == 1,
                     .run = load_little<uint64_t>(p + at::run),
                     .number = load_little<uint64_t>(p + at::number),
                     .grant = load_little<uint64_t>(p + at::grant),
                     .since_ns = load_little<int64_t>(p + at::since),
                     .until_ns = load_little<int64_t>(p + at::until),
                     .pid = load_little<uint32_t>(p + at::pid),
                     .name = texts[0],
                     .place = texts[1],
                     .database = texts[2],
                     .role = texts[3],
                     .remote = texts[4],
                     .text = texts[5]};
  if (!sound(out)) return {};
  return out;
}

}  // namespace grantd::wire
