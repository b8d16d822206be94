// SPDX-License-Identifier: Apache-2.0
// The kernel's name for this boot (/proc/sys/kernel/random/boot_id, random(4)).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace grantd::base {

using boot_id = std::array<uint8_t, 16>;

// Nothing when it cannot be read or is not a UUID. Async-signal-safe (open, read, close).
[[nodiscard]] std::optional<boot_id> read_boot_id() noexcept;

}  // namespace grantd::base
