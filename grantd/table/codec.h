// SPDX-License-Identifier: Apache-2.0
// Header, page and record as values and as bytes (PROTOCOL.md, "Window table"). Pure parsing over untrusted
// bytes: no allocation, no clock, no I/O; fuzzed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/boot_id.h"
#include "base/siphash.h"
#include "decision/decide.h"
#include "table/format.h"

namespace grantd::table {

// Why a table is not believed. Every one of them denies (reason::table_bad).
enum class fault : uint8_t {
  none = 0,
  missing,        // no such file
  unreadable,     // open or read failed: permission, I/O
  bad_directory,  // writable by group or others, or not a directory
  bad_file,       // not a regular file, wrong owner, writable by group or others, a symlink
  bad_size,       // empty, truncated, or longer than its header says
  bad_magic,
  bad_version,
  bad_header,  // checksum, counts, flags, reserved bytes
  other_boot,
  from_future,  // written later than now
  bad_page,     // checksum, index, sequence, reserved bytes
  bad_chain,    // a page chain that goes back or does not end
  bad_record,
  too_many,  // more records for one account than can be
};
[[nodiscard]] const char* describe(fault f) noexcept;  // a few words, no trailing period

struct header {
  uint32_t flags;
  uint64_t sequence;
  base::boot_id boot;
  base::boot_time written;
  uint32_t page_count;
  uint32_t bucket_count;
  uint32_t record_count;
  uint32_t window_count;
  base::siphash_key key;
};

// Which resource a login point belongs to; what the hint names.
struct point_name {
  decision::point_pattern where;
  std::string_view resource;
};

[[nodiscard]] fault decode_header(std::span<const uint8_t, header_size> bytes, header& out) noexcept;
void encode_header(const header& in, std::span<uint8_t, header_size> bytes) noexcept;

// Checks checksum, index, sequence, count, next and reserved bytes of the page that should be number `index`.
struct page_head {
  uint32_t next;
  uint16_t count;
};
[[nodiscard]] fault decode_page(std::span<const uint8_t, page_size> bytes, const header& table,
                                uint32_t index, page_head& out) noexcept;
// Writes head and checksum around records that are already in `bytes`.
void encode_page(const header& table, uint32_t index, const page_head& head,
                 std::span<uint8_t, page_size> bytes) noexcept;

// The views of the result point into `bytes`.
[[nodiscard]] fault decode_record(std::span<const uint8_t, record_size> bytes,
                                  decision::record& out) noexcept;
[[nodiscard]] fault decode_point(std::span<const uint8_t, record_size> bytes, point_name& out) noexcept;
// false when a string is too long or the strings are too long together; `bytes` is then all zero.
[[nodiscard]] bool encode_record(const decision::record& in, std::span<uint8_t, record_size> bytes) noexcept;
[[nodiscard]] bool encode_point(const point_name& in, std::span<uint8_t, record_size> bytes) noexcept;

// The keyed hash; buckets divide its range evenly, so records sorted by hash are sorted by bucket.
[[nodiscard]] uint64_t hash_of_account(base::siphash_key key, const decision::account& who) noexcept;
[[nodiscard]] uint64_t hash_of_point(base::siphash_key key, decision::point_kind kind, bool replication,
                                     std::string_view place, std::string_view database) noexcept;

// The bucket of an account, and of a login point: 0 .. bucket_count - 1.
[[nodiscard]] uint32_t bucket_of(const header& table, const decision::account& who) noexcept;
[[nodiscard]] uint32_t bucket_of(const header& table, const decision::login_point& where) noexcept;
// A pattern with "any" hashes as the point with that part empty.
[[nodiscard]] uint32_t bucket_of(const header& table, const decision::point_pattern& where) noexcept;

}  // namespace grantd::table
