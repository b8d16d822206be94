// SPDX-License-Identifier: Apache-2.0
// The window table's constants (PROTOCOL.md, "Window table"). Numbers only; integers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>

namespace grantd::table {

inline constexpr char magic[8] = {'g', 'r', 'a', 'n', 't', 'd', 'W', 'T'};
inline constexpr uint32_t format_version = 1;

// File: header page, then page_count pages. Bucket b is page b; overflow pages follow the buckets.
inline constexpr size_t page_size = 4096;
inline constexpr size_t header_size = 128;  // the rest of the header page is zero and not read

namespace header_at {
inline constexpr size_t magic = 0;        // 8
inline constexpr size_t version = 8;      // u32
inline constexpr size_t flags = 12;       // u32
inline constexpr size_t sequence = 16;    // u64
inline constexpr size_t boot_id = 24;     // 16
inline constexpr size_t written = 40;     // i64, BOOTTIME ns
inline constexpr size_t page_count = 48;  // u32, without the header page; the file is (1 + page_count) pages
inline constexpr size_t bucket_count = 52;  // u32, 1 .. page_count
inline constexpr size_t record_count = 56;  // u32
inline constexpr size_t window_count = 60;  // u32
inline constexpr size_t key0 = 64;          // u64: the hash seed
inline constexpr size_t key1 = 72;          // u64
inline constexpr size_t reserved = 80;      // 40, zero
inline constexpr size_t checksum = 120;     // u64: SipHash-1-3, zero key, of bytes 0 .. 119
}  // namespace header_at

// Everything is denied; ended and lock records still explain why. What the store says is not to be believed.
inline constexpr uint32_t flag_locked = 1;
inline constexpr uint32_t known_flags = flag_locked;

namespace page_at {
inline constexpr size_t checksum = 0;   // u64: SipHash-1-3, the seed, of bytes 8 .. 4095
inline constexpr size_t sequence = 8;   // u64: the header's
inline constexpr size_t index = 16;     // u32: this page's own number
inline constexpr size_t next = 20;      // u32: the overflow page, or no_page; always greater than index
inline constexpr size_t count = 24;     // u16: records in this page
inline constexpr size_t reserved = 26;  // 38, zero
inline constexpr size_t records = 64;
}  // namespace page_at

inline constexpr uint32_t no_page = 0xffffffff;
inline constexpr size_t record_size = 192;
inline constexpr size_t records_per_page = (page_size - page_at::records) / record_size;
static_assert(records_per_page == 21);

// A login point's resource, for the hint: beside decision::record_kind 1 to 3.
inline constexpr uint8_t kind_point = 4;

namespace record_at {
inline constexpr size_t kind = 0;       // u8: decision::record_kind, or kind_point
inline constexpr size_t proved_by = 1;  // u8: decision::identity_class; 0 in a point
inline constexpr size_t point = 2;      // u8: decision::point_kind
inline constexpr size_t flags = 3;      // u8: record_flag
inline constexpr size_t access = 4;     // u8: decision::access; 0 in lock and point
inline constexpr size_t how = 5;        // u8: decision::ending in ended; else 0
inline constexpr size_t name_size = 6;  // u8 each: the strings' lengths, in this order
inline constexpr size_t place_size = 7;
inline constexpr size_t database_size = 8;
inline constexpr size_t role_size = 9;
inline constexpr size_t text_size = 10;   // lock: the message; point: the resource; else 0
inline constexpr size_t reserved = 11;    // u8, zero
inline constexpr size_t utc_offset = 12;  // i32, seconds east of UTC
inline constexpr size_t grant = 16;       // u64
inline constexpr size_t start = 24;       // i64, BOOTTIME ns
inline constexpr size_t end = 32;         // i64, BOOTTIME ns
inline constexpr size_t end_utc = 40;     // i64, seconds
inline constexpr size_t reserved2 = 48;   // 8, zero
inline constexpr size_t strings = 56;     // the strings one after the other, then zero
}  // namespace record_at

inline constexpr size_t max_strings =
    record_size - record_at::strings;  // 136: what a grant's names may take together

namespace record_flag {
inline constexpr uint8_t any_place = 1;
inline constexpr uint8_t any_database = 2;
inline constexpr uint8_t replication = 4;
inline constexpr uint8_t known = 7;
}  // namespace record_flag

inline constexpr unsigned max_records_per_account =
    64;                                    // windows (32 of them at most), ended and lock records
inline constexpr unsigned max_chain = 64;  // pages one lookup follows before the table is bad

}  // namespace grantd::table
