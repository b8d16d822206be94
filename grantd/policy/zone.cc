// SPDX-License-Identifier: Apache-2.0
// The binary part of a TZif file, and offsets at a time. Must never read past the bytes it was given.
#include "policy/zone.h"

#include <algorithm>

#include "policy/zone_footer.h"

namespace grantd::policy {
namespace {

constexpr int32_t least_offset_s = -89'999;  // RFC 8536 3.2
constexpr int32_t most_offset_s = 93'599;

class cursor {
 public:
  explicit cursor(std::string_view bytes) : left_(bytes) {}
  bool take(size_t n, std::string_view& out) {
    if (left_.size() < n) return false;
    out = left_.substr(0, n);
    left_.remove_prefix(n);
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

uint64_t big_endian(std::string_view bytes) {
  uint64_t out = 0;
  for (char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

int64_t signed_at(std::string_view bytes, size_t i, size_t size) {
  uint64_t n = big_endian(bytes.substr(i * size, size));
  return size == 4 ? static_cast<int32_t>(static_cast<uint32_t>(n)) : static_cast<int64_t>(n);
}

struct header {
  char version = 0;
  size_t ut = 0, standard = 0, leap = 0, times = 0, types = 0, chars = 0;
  // Of the block that follows.
  [[nodiscard]] size_t size(size_t time_size) const {
    return times * (time_size + 1) + types * 6 + chars + leap * (time_size + 4) + standard + ut;
  }
};

bool read_header(cursor& c, header& h) {
  std::string_view b;
  if (!c.take(44, b) || !b.starts_with("TZif")) return false;
  h.version = b[4];
  auto count = [&](size_t i) { return static_cast<size_t>(big_endian(b.substr(20 + 4 * i, 4))); };
  h.ut = count(0);
  h.standard = count(1);
  h.leap = count(2);
  h.times = count(3);
  h.types = count(4);
  h.chars = count(5);
  for (size_t n : {h.ut, h.standard, h.leap, h.times, h.types, h.chars}) {
    if (n > max_zone_bytes) return false;
  }
  return true;
}

std::unexpected<std::string> bad(const char* what) { return std::unexpected(std::string(what)); }

std::expected<time_zone, std::string> read_block(std::string_view block, const header& h, size_t time_size) {
  if (h.leap != 0) return bad("it counts leap seconds");
  if (h.types == 0 || h.types > 256) return bad("it has no kinds of local time, or too many");
  if ((h.ut != 0 && h.ut != h.types) || (h.standard != 0 && h.standard != h.types))
    return bad("its counts differ");
  cursor c(block);
  std::string_view times, kinds, types, chars;
  if (!c.take(h.times * time_size, times) || !c.take(h.times, kinds) || !c.take(h.types * 6, types) ||
      !c.take(h.chars, chars)) {
    return bad("it is cut short");
  }
  std::vector<int32_t> offsets;
  for (size_t i = 0; i < h.types; ++i) {
    auto offset = static_cast<int32_t>(static_cast<uint32_t>(big_endian(types.substr(i * 6, 4))));
    auto name = static_cast<unsigned char>(types[i * 6 + 5]);
    if (offset < least_offset_s || offset > most_offset_s) return bad("an offset is more than a day");
    if (static_cast<unsigned char>(types[i * 6 + 4]) > 1)
      return bad("a kind of local time is neither standard nor summer");
    if (name >= chars.size() || chars.find('\0', name) == chars.npos) return bad("a name has no end");
    offsets.push_back(offset);
  }
  time_zone z;
  z.offsets_s.push_back(offsets[0]);
  for (size_t i = 0; i < h.times; ++i) {
    int64_t at = signed_at(times, i, time_size);
    auto kind = static_cast<unsigned char>(kinds[i]);
    if (!z.changes_s.empty() && at <= z.changes_s.back()) return bad("its changes are not in order");
    if (kind >= offsets.size()) return bad("a change leads to a kind of local time that is not there");
    z.changes_s.push_back(at);
    z.offsets_s.push_back(offsets[kind]);
  }
  return z;
}

}  // namespace

std::expected<time_zone, std::string> parse_zone(std::string_view bytes) {
  if (bytes.size() > max_zone_bytes) return bad("it is too large");
  cursor c(bytes);
  header h;
  std::string_view block;
  if (!read_header(c, h)) return bad("it is no TZif file");
  if (!c.take(h.size(4), block)) return bad("it is cut short");
  if (h.version == '\0') {
    if (!c.rest().empty()) return bad("bytes follow its end");
    return read_block(block, h, 4);
  }
  if (h.version < '2' || h.version > '4') return bad("it is of an unknown version");
  const char version = h.version;
  if (!read_header(c, h) || h.version != version) return bad("its second header is damaged");
  if (!c.take(h.size(8), block)) return bad("it is cut short");
  auto z = read_block(block, h, 8);
  if (!z) return z;
  std::string_view footer = c.rest();
  if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n')
    return bad("its footer is damaged");
  footer = footer.substr(1, footer.size() - 2);
  if (footer.empty()) return z;
  z->afterwards = parse_footer(footer);
  if (!z->afterwards) return bad("its footer is not understood");
  return z;
}

std::optional<int32_t> offset_at(const time_zone& z, base::utc_time t) {
  constexpr int64_t first_s = -62'135'596'800;  // year 1
  constexpr int64_t end_s = 253'402'300'800;    // year 10000
  int64_t s = t.us / base::us_per_s - (t.us % base::us_per_s < 0 ? 1 : 0);
  if (s < first_s || s >= end_s || z.offsets_s.empty()) return std::nullopt;
  auto next = std::ranges::upper_bound(z.changes_s, s);
  if (next != z.changes_s.end()) return z.offsets_s[static_cast<size_t>(next - z.changes_s.begin())];
  if (z.afterwards) return offset_by(*z.afterwards, s);
  if (z.changes_s.empty()) return z.offsets_s[0];
  return std::nullopt;
}

}  // namespace grantd::policy
