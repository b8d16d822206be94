// SPDX-License-Identifier: Apache-2.0
// Base64 with exactly one spelling of any bytes (RFC 4648 section 4). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace grantd::proof {

[[nodiscard]] std::string encode_base64(std::span<const uint8_t> bytes);
[[nodiscard]] std::string encode_base64(std::string_view bytes);

// Padded and canonical, no white space, to the last byte; otherwise nothing. "" is no bytes.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace grantd::proof
