// SPDX-License-Identifier: Apache-2.0
// Bytes and numbers as hexadecimal digits, for files and names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace grantd::reaper {

[[nodiscard]] std::string to_hex(std::span<const uint8_t> bytes);
[[nodiscard]] std::string to_hex(uint64_t number);  // 16 digits
// Nothing unless it is lower-case digits, an even number of them.
[[nodiscard]] std::vector<uint8_t> from_hex(std::string_view text);

}  // namespace grantd::reaper
