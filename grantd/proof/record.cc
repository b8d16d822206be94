// SPDX-License-Identifier: Apache-2.0
// Decodes the canonical bytes of untrusted audit records. Never allocates for a count that the bytes do not
// bear.
#include "proof/record.h"

#include <algorithm>

#include "base/little_endian.h"

namespace grantd::proof {
namespace {

constexpr uint8_t record_version = 1;
constexpr size_t least_field = 4 + 4;  // two lengths

// Takes from the front; after the first lack everything fails.
class reader {
 public:
  explicit reader(std::span<const uint8_t> bytes) : rest_(bytes) {}
  template <typename T>
  T number() {
    if (!has(sizeof(T))) return 0;
    T value = base::load_little<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  std::string string() {
    auto size = number<uint32_t>();
    if (!has(size)) return {};
    std::string out(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return out;
  }
  [[nodiscard]] size_t left() const { return rest_.size(); }
  [[nodiscard]] bool good() const { return good_; }

 private:
  bool has(size_t count) {
    good_ = good_ && rest_.size() >= count;
    return good_;
  }
  std::span<const uint8_t> rest_;
  bool good_ = true;
};

}  // namespace

std::string_view record::field(std::string_view key) const {
  for (const auto& [k, value] : fields) {
    if (k == key) return value;
  }
  return {};
}

std::optional<record> decode_record(std::span<const uint8_t> bytes) {
  reader in(bytes);
  if (in.number<uint8_t>() != record_version) return std::nullopt;
  record out;
  out.sequence = in.number<uint64_t>();
  out.utc_us = in.number<int64_t>();
  out.event = in.string();
  auto count = in.number<uint32_t>();
  if (!in.good() || count > in.left() / least_field) return std::nullopt;
  out.fields.reserve(count);
  for (uint32_t i = 0; i < count && in.good(); ++i) {
    std::string key = in.string();
    std::string value = in.string();
    out.fields.emplace_back(std::move(key), std::move(value));
  }
  if (!in.good() || in.left() != 0) return std::nullopt;
  return out;
}

void put_chained(std::string& batch, std::span<const uint8_t> canonical, const digest& stored) {
  uint8_t size[4];
  base::store_little(size, static_cast<uint32_t>(canonical.size()));
  batch.append(reinterpret_cast<const char*>(size), sizeof size);
  batch.append(reinterpret_cast<const char*>(canonical.data()), canonical.size());
  batch.append(reinterpret_cast<const char*>(stored.data()), stored.size());
}

}  // namespace grantd::proof
