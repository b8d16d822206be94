// SPDX-License-Identifier: Apache-2.0
// The audit's canonical bytes and the link between two records. No I/O, no clock; it must never read a record
// back.
#include "proof/chain.h"

#include <sodium.h>

#include <cstddef>
#include <limits>
#include <type_traits>

namespace grantd::proof {
namespace {

constexpr uint8_t record_version = 1;

// 16 bytes with the closing NUL. Nothing else that grantd hashes begins so, and no record can shift the
// border between label, previous digest and record, because the first two have fixed sizes.
constexpr char domain[] = "grantd-audit-v1";
static_assert(sizeof domain == 16);

static_assert(crypto_generichash_BYTES == std::tuple_size_v<digest>);

template <typename T>
void put(std::vector<uint8_t>& out, T value) {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<uint8_t>(bits >> (8 * i) & 0xff));
}

// Lengths are u32; a longer value (4 GiB, which no caller's limit allows) is cut, so that length and bytes
// agree.
void put_bytes(std::vector<uint8_t>& out, std::string_view bytes) {
  bytes = bytes.substr(0, std::numeric_limits<uint32_t>::max());
  put(out, static_cast<uint32_t>(bytes.size()));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

bool start() { return sodium_init() >= 0; }

std::vector<uint8_t> canonical(const audit_record& r) {
  size_t size = 1 + 8 + 8 + 4 + r.event.size() + 4;
  for (const auto& [key, value] : r.fields) size += 4 + key.size() + 4 + value.size();
  std::vector<uint8_t> out;
  out.reserve(size);
  put(out, record_version);
  put(out, r.sequence);
  put(out, r.utc_us);
  put_bytes(out, r.event);
  put(out, static_cast<uint32_t>(r.fields.size()));
  for (const auto& [key, value] : r.fields) {
    put_bytes(out, key);
    put_bytes(out, value);
  }
  return out;
}

digest link(const digest& previous, std::span<const uint8_t> record) {
  digest out{};
  crypto_generichash_state state;
  // These fail only on sizes outside BLAKE2b's range; ours are constants inside it.
  (void)crypto_generichash_init(&state, nullptr, 0, out.size());
  (void)crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(domain), sizeof domain);
  (void)crypto_generichash_update(&state, previous.data(), previous.size());
  (void)crypto_generichash_update(&state, record.data(), record.size());
  (void)crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

}  // namespace grantd::proof
