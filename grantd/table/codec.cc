// SPDX-License-Identifier: Apache-2.0
// Header, page and hash of the window table. Pure parsing over untrusted bytes: no allocation, no clock, no
// I/O.
#include "table/codec.h"

#include <algorithm>
#include <cstring>

#include "base/little_endian.h"

namespace grantd::table {
namespace {

using base::load_little;
using base::store_little;

uint64_t header_sum(std::span<const uint8_t, header_size> bytes) {
  base::siphash13 sum({});
  sum.add(bytes.data(), header_at::checksum);
  return sum.finish();
}

uint64_t page_sum(std::span<const uint8_t, page_size> bytes, const header& table) {
  base::siphash13 sum(table.key);
  sum.add(bytes.data() + page_at::sequence, page_size - page_at::sequence);
  return sum.finish();
}

bool all_zero(std::span<const uint8_t> bytes) {
  uint8_t any = 0;
  for (uint8_t b : bytes) any = static_cast<uint8_t>(any | b);  // no early exit: this vectorises
  return any == 0;
}

// The upper half of the hash, scaled: in the order of the hashes, whatever the number of buckets.
uint32_t scale(uint64_t hash, uint32_t buckets) {
  return static_cast<uint32_t>((hash >> 32) * buckets >> 32);
}

uint32_t point_bucket(const header& table, decision::point_kind kind, bool replication,
                      std::string_view place, std::string_view database) {
  return scale(hash_of_point(table.key, kind, replication, place, database), table.bucket_count);
}

}  // namespace

const char* describe(fault f) noexcept {
  switch (f) {
    case fault::none:
      return "no fault";
    case fault::missing:
      return "there is none";
    case fault::unreadable:
      return "it cannot be read";
    case fault::bad_directory:
      return "its directory is writable by others";
    case fault::bad_file:
      return "it is not a regular file that only its owner may write";
    case fault::bad_size:
      return "it is empty or cut off";
    case fault::bad_magic:
      return "it is not a window table";
    case fault::bad_version:
      return "it has another format version";
    case fault::bad_header:
      return "its header is damaged";
    case fault::other_boot:
      return "it is of another boot";
    case fault::from_future:
      return "it was written later than now";
    case fault::bad_page:
      return "a page is damaged";
    case fault::bad_chain:
      return "a chain of pages does not end";
    case fault::bad_record:
      return "a record is damaged";
    case fault::too_many:
      return "it has too many records for one account";
  }
  return "unknown fault";
}

fault decode_header(std::span<const uint8_t, header_size> bytes, header& out) noexcept {
  const uint8_t* p = bytes.data();
  if (std::memcmp(p + header_at::magic, magic, sizeof magic) != 0) return fault::bad_magic;
  // Before the checksum: another version may sum another way, and its reader should hear "version".
  if (load_little<uint32_t>(p + header_at::version) != format_version) return fault::bad_version;
  if (load_little<uint64_t>(p + header_at::checksum) != header_sum(bytes)) return fault::bad_header;
  header h{};
  h.flags = load_little<uint32_t>(p + header_at::flags);
  h.sequence = load_little<uint64_t>(p + header_at::sequence);
  std::copy_n(p + header_at::boot_id, h.boot.size(), h.boot.data());
  h.written.ns = load_little<int64_t>(p + header_at::written);
  h.page_count = load_little<uint32_t>(p + header_at::page_count);
  h.bucket_count = load_little<uint32_t>(p + header_at::bucket_count);
  h.record_count = load_little<uint32_t>(p + header_at::record_count);
  h.window_count = load_little<uint32_t>(p + header_at::window_count);
  h.key = {load_little<uint64_t>(p + header_at::key0), load_little<uint64_t>(p + header_at::key1)};
  bool sound = (h.flags & ~known_flags) == 0 && h.written.ns >= 0 && h.bucket_count >= 1 &&
               h.bucket_count <= h.page_count && h.page_count < no_page &&
               h.record_count <= uint64_t{h.page_count} * records_per_page &&
               h.window_count <= h.record_count &&
               all_zero(bytes.subspan<header_at::reserved, header_at::checksum - header_at::reserved>());
  if (!sound) return fault::bad_header;
  out = h;
  return fault::none;
}

void encode_header(const header& in, std::span<uint8_t, header_size> bytes) noexcept {
  uint8_t* p = bytes.data();
  std::memset(p, 0, header_size);
  std::memcpy(p + header_at::magic, magic, sizeof magic);
  store_little(p + header_at::version, format_version);
  store_little(p + header_at::flags, in.flags);
  store_little(p + header_at::sequence, in.sequence);
  std::copy_n(in.boot.data(), in.boot.size(), p + header_at::boot_id);
  store_little(p + header_at::written, in.written.ns);
  store_little(p + header_at::page_count, in.page_count);
  store_little(p + header_at::bucket_count, in.bucket_count);
  store_little(p + header_at::record_count, in.record_count);
  store_little(p + header_at::window_count, in.window_count);
  store_little(p + header_at::key0, in.key.k0);
  store_little(p + header_at::key1, in.key.k1);
  store_little(p + header_at::checksum, header_sum(bytes));
}

fault decode_page(std::span<const uint8_t, page_size> bytes, const header& table, uint32_t index,
                  page_head& out) noexcept {
  const uint8_t* p = bytes.data();
  if (load_little<uint64_t>(p + page_at::checksum) != page_sum(bytes, table)) return fault::bad_page;
  if (load_little<uint64_t>(p + page_at::sequence) != table.sequence) return fault::bad_page;
  if (load_little<uint32_t>(p + page_at::index) != index) return fault::bad_page;
  page_head head{load_little<uint32_t>(p + page_at::next), load_little<uint16_t>(p + page_at::count)};
  if (head.count > records_per_page) return fault::bad_page;
  if (!all_zero(bytes.subspan<page_at::reserved, page_at::records - page_at::reserved>()))
    return fault::bad_page;
  if (!all_zero(bytes.subspan(page_at::records + head.count * record_size))) return fault::bad_page;
  // Only forward, only into the overflow pages: so a chain ends.
  if (head.next != no_page &&
      (head.next <= index || head.next < table.bucket_count || head.next >= table.page_count)) {
    return fault::bad_chain;
  }
  out = head;
  return fault::none;
}

void encode_page(const header& table, uint32_t index, const page_head& head,
                 std::span<uint8_t, page_size> bytes) noexcept {
  uint8_t* p = bytes.data();
  std::memset(p, 0, page_at::records);
  size_t used = page_at::records + head.count * record_size;
  std::memset(p + used, 0, page_size - used);
  store_little(p + page_at::sequence, table.sequence);
  store_little(p + page_at::index, index);
  store_little(p + page_at::next, head.next);
  store_little(p + page_at::count, head.count);
  store_little(p + page_at::checksum, page_sum(bytes, table));
}

uint64_t hash_of_account(base::siphash_key key, const decision::account& who) noexcept {
  base::siphash13 hash(key);
  const auto proved_by = static_cast<uint8_t>(who.proved_by);
  hash.add(&proved_by, 1);
  hash.add(who.name.data(), who.name.size());
  return hash.finish();
}

uint64_t hash_of_point(base::siphash_key key, decision::point_kind kind, bool replication,
                       std::string_view place, std::string_view database) noexcept {
  base::siphash13 hash(key);
  // The first byte is no identity class; the length keeps ("a", "bc") apart from ("ab", "c").
  const uint8_t start[4] = {0, static_cast<uint8_t>(kind), static_cast<uint8_t>(replication ? 1 : 0),
                            static_cast<uint8_t>(place.size())};
  hash.add(start, sizeof start);
  hash.add(place.data(), place.size());
  hash.add(database.data(), database.size());
  return hash.finish();
}

uint32_t bucket_of(const header& table, const decision::account& who) noexcept {
  return scale(hash_of_account(table.key, who), table.bucket_count);
}

uint32_t bucket_of(const header& table, const decision::login_point& where) noexcept {
  return point_bucket(table, where.kind, where.replication, where.place, where.database);
}

uint32_t bucket_of(const header& table, const decision::point_pattern& where) noexcept {
  return point_bucket(table, where.kind, where.replication,
                      where.any_place ? std::string_view{} : where.place,
                      where.any_database ? std::string_view{} : where.database);
}

}  // namespace grantd::table
