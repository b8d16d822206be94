// SPDX-License-Identifier: Apache-2.0
// Base64 in bulk. Pure. proof/base64 takes the same time for every byte, as secrets want it, and ten times as
// long: most of what checking a long audit would cost. Never for secrets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grantd::cli {

// RFC 4648 section 4, padded, canonical, to the last byte; otherwise nothing.
[[nodiscard]] std::optional<std::string> decode_public_base64(std::string_view text);

}  // namespace grantd::cli
