// SPDX-License-Identifier: Apache-2.0
// One record of the window table as bytes. Pure; refuses whatever the format does not give a meaning.
#include <algorithm>
#include <cstring>

#include "base/little_endian.h"
#include "table/codec.h"

namespace grantd::table {
namespace {

using base::load_little;
using base::store_little;
using decision::record_kind;

constexpr size_t max_name = 128;
constexpr size_t max_part = 63;
constexpr size_t max_lock_text = 80;
constexpr int32_t max_utc_offset = 24 * 3600;

// Every field of a record, whatever its kind; views into the record or to the caller's strings.
struct fields {
  uint8_t kind, proved_by, point, flags, access, how;
  std::string_view name, place, database, role, text;
  int32_t utc_offset;
  uint64_t grant;
  int64_t start, end, end_utc;
};

// What holds for reading and for writing: the rules of PROTOCOL.md, "Record".
bool sound(const fields& f) {
  const bool any_place = (f.flags & record_flag::any_place) != 0;
  const bool any_database = (f.flags & record_flag::any_database) != 0;
  const bool replication = (f.flags & record_flag::replication) != 0;
  if ((f.flags & ~record_flag::known) != 0 || f.point < 1 || f.point > 2) return false;
  if (f.place.size() > max_part || f.database.size() > max_part || f.role.size() > max_part) return false;
  if (f.place.empty() != any_place) return false;
  if (f.point == 1 && (!f.database.empty() || replication)) return false;
  if (f.point == 2 && any_database && !f.database.empty()) return false;
  if (f.point == 2 && f.database.empty() && !any_database && !replication) return false;
  if (f.kind == kind_point) {
    return f.proved_by == 0 && f.access == 0 && f.how == 0 && f.name.empty() && f.role.empty() &&
           !f.text.empty() && f.text.size() <= max_part && f.utc_offset == 0 && f.grant == 0 &&
           f.start == 0 && f.end == 0 && f.end_utc == 0;
  }
  if (f.kind < 1 || f.kind > 3 || f.proved_by < 1 || f.proved_by > 4) return false;
  if (f.name.empty() || f.name.size() > max_name) return false;
  if (f.utc_offset < -max_utc_offset || f.utc_offset > max_utc_offset) return false;
  const bool lock = f.kind == static_cast<uint8_t>(record_kind::lock);
  const bool ended = f.kind == static_cast<uint8_t>(record_kind::ended);
  if (lock ? f.access != 0 : f.access < 1 || f.access > 2) return false;
  if (ended ? f.how < 1 || f.how > 3 : f.how != 0) return false;
  if (!lock) return f.text.empty();
  // A terminal obeys control bytes, and this text is shown on one.
  return f.text.size() <= max_lock_text && std::all_of(f.text.begin(), f.text.end(), [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
         });
}

bool load(std::span<const uint8_t, record_size> bytes, fields& out) {
  const uint8_t* p = bytes.data();
  if (p[record_at::reserved] != 0 || load_little<uint64_t>(p + record_at::reserved2) != 0) return false;
  const size_t total = size_t{p[record_at::name_size]} + p[record_at::place_size] +
                       p[record_at::database_size] + p[record_at::role_size] + p[record_at::text_size];
  if (total > max_strings) return false;
  if (std::any_of(p + record_at::strings + total, p + record_size, [](uint8_t b) { return b != 0; }))
    return false;
  const char* at = reinterpret_cast<const char*>(p + record_at::strings);
  auto next = [&](size_t size_at) {
    std::string_view text(at, p[size_at]);
    at += text.size();
    return text;
  };
  out = {p[record_at::kind],
         p[record_at::proved_by],
         p[record_at::point],
         p[record_at::flags],
         p[record_at::access],
         p[record_at::how],
         {},
         {},
         {},
         {},
         {},
         0,
         0,
         0,
         0,
         0};
  out.name = next(record_at::name_size);
  out.place = next(record_at::place_size);
  out.database = next(record_at::database_size);
  out.role = next(record_at::role_size);
  out.text = next(record_at::text_size);
  out.utc_offset = load_little<int32_t>(p + record_at::utc_offset);
  out.grant = load_little<uint64_t>(p + record_at::grant);
  out.start = load_little<int64_t>(p + record_at::start);
  out.end = load_little<int64_t>(p + record_at::end);
  out.end_utc = load_little<int64_t>(p + record_at::end_utc);
  return sound(out);
}

bool store(const fields& in, std::span<uint8_t, record_size> bytes) {
  uint8_t* p = bytes.data();
  std::memset(p, 0, record_size);
  if (!sound(in)) return false;
  // Each is at most 128 bytes here: the sum cannot overflow, and each length fits its byte.
  if (in.name.size() + in.place.size() + in.database.size() + in.role.size() + in.text.size() > max_strings) {
    return false;
  }
  p[record_at::kind] = in.kind;
  p[record_at::proved_by] = in.proved_by;
  p[record_at::point] = in.point;
  p[record_at::flags] = in.flags;
  p[record_at::access] = in.access;
  p[record_at::how] = in.how;
  uint8_t* at = p + record_at::strings;
  auto put = [&](size_t size_at, std::string_view text) {
    p[size_at] = static_cast<uint8_t>(text.size());
    at = std::copy(text.begin(), text.end(), at);
  };
  put(record_at::name_size, in.name);
  put(record_at::place_size, in.place);
  put(record_at::database_size, in.database);
  put(record_at::role_size, in.role);
  put(record_at::text_size, in.text);
  store_little(p + record_at::utc_offset, in.utc_offset);
  store_little(p + record_at::grant, in.grant);
  store_little(p + record_at::start, in.start);
  store_little(p + record_at::end, in.end);
  store_little(p + record_at::end_utc, in.end_utc);
  return true;
}

decision::point_pattern pattern_of(const fields& f) {
  return {static_cast<decision::point_kind>(f.point),
          f.place,
          f.database,
          (f.flags & record_flag::any_place) != 0,
          (f.flags & record_flag::any_database) != 0,
          (f.flags & record_flag::replication) != 0};
}

// What is "any" carries no string, so that two records of one meaning have the same bytes.
void set_pattern(const decision::point_pattern& where, fields& f) {
  f.point = static_cast<uint8_t>(where.kind);
  f.flags = static_cast<uint8_t>((where.any_place ? record_flag::any_place : 0) |
                                 (where.any_database ? record_flag::any_database : 0) |
                                 (where.replication ? record_flag::replication : 0));
  if (!where.any_place) f.place = where.place;
  if (!where.any_database) f.database = where.database;
}

}  // namespace

fault decode_record(std::span<const uint8_t, record_size> bytes, decision::record& out) noexcept {
  fields f{};
  if (!load(bytes, f) || f.kind == kind_point) return fault::bad_record;
  // A lock's access and a live window's ending have no meaning: any enumerator will do.
  out = {static_cast<record_kind>(f.kind),
         {static_cast<decision::identity_class>(f.proved_by), f.name},
         pattern_of(f),
         f.role,
         f.access == 0 ? decision::access::read_only : static_cast<decision::access>(f.access),
         {f.start},
         {f.end},
         f.how == 0 ? decision::ending::expired : static_cast<decision::ending>(f.how),
         f.grant,
         f.end_utc,
         f.utc_offset,
         f.text};
  return fault::none;
}

bool encode_record(const decision::record& in, std::span<uint8_t, record_size> bytes) noexcept {
  fields f{};
  f.kind = static_cast<uint8_t>(in.kind);
  f.proved_by = static_cast<uint8_t>(in.who.proved_by);
  set_pattern(in.where, f);
  f.access = in.kind == record_kind::lock ? uint8_t{0} : static_cast<uint8_t>(in.access);
  f.how = in.kind == record_kind::ended ? static_cast<uint8_t>(in.how) : uint8_t{0};
  f.name = in.who.name;
  f.role = in.role;
  if (in.kind == record_kind::lock) f.text = in.text;
  f.utc_offset = in.utc_offset_s;
  f.grant = in.grant;
  f.start = in.start.ns;
  f.end = in.end.ns;
  f.end_utc = in.end_utc_s;
  // 4 is a point's kind, and an enumerator out of range must not become one.
  if (f.kind == kind_point) f.kind = 0;
  return store(f, bytes);
}

fault decode_point(std::span<const uint8_t, record_size> bytes, point_name& out) noexcept {
  fields f{};
  if (!load(bytes, f) || f.kind != kind_point) return fault::bad_record;
  out = {pattern_of(f), f.text};
  return fault::none;
}

bool encode_point(const point_name& in, std::span<uint8_t, record_size> bytes) noexcept {
  fields f{};
  f.kind = kind_point;
  set_pattern(in.where, f);
  f.text = in.resource;
  return store(f, bytes);
}

}  // namespace grantd::table
