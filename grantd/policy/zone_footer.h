// SPDX-License-Identifier: Apache-2.0
// The footer of a TZif file: a POSIX TZ string with RFC 8536 3.3.1's extensions. Pure; exact or nothing.
#pragma once

#include <optional>
#include <string_view>

#include "policy/zone.h"

namespace grantd::policy {

// "CET-1CEST,M3.5.0,M10.5.0/3". Summer time without saying when is not understood.
[[nodiscard]] std::optional<yearly_rule> parse_footer(std::string_view text);

// Local time minus UTC at that second since 1970, year 1 to 9999.
[[nodiscard]] int32_t offset_by(const yearly_rule& rule, int64_t utc_s);

}  // namespace grantd::policy
