// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes reports. Untrusted bytes in; no allocation, no logging, no clock.
#include "wire/report.h"

#include <algorithm>
#include <cstring>

#include "base/little_endian.h"

namespace grantd::wire {
namespace {

using base::load_little;
using base::store_little;

constexpr uint8_t magic[4] = {'g', 'd', 'r', '1'};

namespace at {
constexpr size_t outcome = 4;
constexpr size_t reason = 5;
constexpr size_t proved_by = 6;
constexpr size_t point = 7;
constexpr size_t flags = 8;      // 1: replication
constexpr size_t name_size = 9;  // then one byte each for place, database, role, remote
constexpr size_t reserved = 14;  // 2, zero
constexpr size_t grant = 16;
constexpr size_t boot = 24;
constexpr size_t pid = 32;
constexpr size_t reserved2 = 36;  // 4, zero
constexpr size_t strings = 40;
}  // namespace at

constexpr size_t max_name = 128;
constexpr size_t max_part = 63;
static_assert(at::strings + max_name + 4 * max_part <= max_report);

bool sound(const report& r) {
  const auto outcome = static_cast<uint8_t>(r.outcome);
  return outcome >= 1 && outcome <= 4 && r.reason <= 6 && r.proved_by >= 1 && r.proved_by <= 4 &&
         r.point >= 1 && r.point <= 2 && r.name.size() <= max_name && r.place.size() <= max_part &&
         r.database.size() <= max_part && r.role.size() <= max_part && r.remote.size() <= max_part;
}

}  // namespace

size_t encode(const report& in, std::span<uint8_t, max_report> out) noexcept {
  if (!sound(in)) return 0;
  uint8_t* p = out.data();
  std::memset(p, 0, at::strings);
  std::memcpy(p, magic, sizeof magic);
  p[at::outcome] = static_cast<uint8_t>(in.outcome);
  p[at::reason] = in.reason;
  p[at::proved_by] = in.proved_by;
  p[at::point] = in.point;
  p[at::flags] = in.replication ? 1 : 0;
  store_little(p + at::grant, in.grant);
  store_little(p + at::boot, in.boot_ns);
  store_little(p + at::pid, in.pid);
  const std::string_view texts[] = {in.name, in.place, in.database, in.role, in.remote};
  uint8_t* size = p + at::name_size;
  uint8_t* end = p + at::strings;
  for (std::string_view text : texts) {
    *size++ = static_cast<uint8_t>(text.size());
    end = std::copy(text.begin(), text.end(), end);
  }
  return static_cast<size_t>(end - p);
}

std::optional<report> decode_report(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < at::strings) return {};
  const uint8_t* p = bytes.data();
  if (std::memcmp(p, magic, sizeof magic) != 0 || p[at::flags] > 1) return {};
  if (load_little<uint16_t>(p + at::reserved) != 0 || load_little<uint32_t>(p + at::reserved2) != 0)
    return {};
  std::string_view texts[5];
  size_t used = at::strings;
  for (size_t i = 0; i < std::size(texts); ++i) {
    const size_t size = p[at::name_size + i];
    if (bytes.size() - used < size) return {};
    texts[i] = {reinterpret_cast<const char*>(p + used), size};
    used += size;
  }
  if (used != bytes.size()) return {};
  const report r{static_cast<wire::outcome>(p[at::outcome]),
                 p[at::reason],
                 p[at::proved_by],
                 p[at::point],
                 p[at::flags] == 1,
                 load_little<uint64_t>(p + at::grant),
                 load_little<int64_t>(p + at::boot),
                 load_little<uint32_t>(p + at::pid),
                 texts[0],
                 texts[1],
                 texts[2],
                 texts[3],
                 texts[4]};
  if (!sound(r)) return {};
  return r;
}

}  // namespace grantd::wire
