// SPDX-License-Identifier: Apache-2.0
// The encoding of ssh (RFC 4251 section 5): strings behind a big-endian length. Pure; untrusted bytes. A
// reader never goes past the end and never allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grantd::proof {

class ssh_reader {
 public:
  explicit ssh_reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::optional<std::string_view> bytes(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  [[nodiscard]] std::optional<uint32_t> number() {
    auto four = bytes(4);
    if (!four) return std::nullopt;
    uint32_t value = 0;
    for (char c : *four) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  [[nodiscard]] std::optional<std::string_view> string() {
    auto size = number();
    if (!size) return std::nullopt;
    return bytes(*size);
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// `text` is shorter than 4 GiB: its callers have capped it.
inline void put_ssh_string(std::string& out, std::string_view text) {
  auto size = static_cast<uint32_t>(text.size());
  for (unsigned shift : {24u, 16u, 8u, 0u}) out += static_cast<char>(size >> shift & 0xff);
  out += text;
}

}  // namespace grantd::proof
