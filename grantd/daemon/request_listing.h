// SPDX-License-Identifier: Apache-2.0
// Requests and grants as one caller sees them. Decides nothing.
#pragma once

#include "daemon/dispatch.h"

namespace grantd::daemon {

[[nodiscard]] json::value described(const request& r, const store::request& q);
// A grant object by number, wherever it is known; null: nowhere. Whether the caller may see it is not asked.
[[nodiscard]] json::value described_grant(const request& r, uint64_t number);
// A request by number, from memory or the store.
[[nodiscard]] std::optional<store::request> request_of(const request& r, uint64_t number);
// A pending request that the caller may still approve.
[[nodiscard]] bool waits_for(const request& r, const store::request& q);

}  // namespace grantd::daemon
