// SPDX-License-Identifier: Apache-2.0
// What a relay may not ask for, whatever the rules would give the person it speaks for. Must never look at
// anything but the policy in force and what is on record.
#include <fmt/core.h>

#include <algorithm>

#include "daemon/core.h"
#include "policy/relay.h"

namespace grantd::daemon {
namespace {

constexpr int64_t day_us = int64_t{86400} * base::us_per_s;

}  // namespace

std::optional<reply> core::refused_through_relay(const ask& a) {
  if (a.relay.empty()) return std::nullopt;
  const std::string directly = fmt::format("as {}: grantctl request {}", a.person, a.resource);
  const policy::relay* relay = roster_.policy()->find_relay(a.relay);
  if (relay == nullptr || !policy::carries(*relay, a.person, a.resource)) {
    return refusal("NotAllowed",
                   fmt::format("relay {} may not ask for {} for {}, or there is no such resource", a.relay,
                               a.resource, a.person),
                   "grantctl resources; " + directly);
  }
  if (a.break_glass) {
    return refusal("NotAllowed", "break-glass is asked for by the person, not through a relay",
                   directly + " --break-glass --reason TEXT");
  }
  const std::string suffix = through_relay("", relay->name);
  auto before = store_->carried_since(suffix, {time_.utc().us - day_us}, relay->quota);
  if (!before) return refusal("Busy", "the store cannot be read: nothing opens", "journalctl -u grantd");
  const auto now = std::ranges::count_if(
      drafts_, [&](const draft& d) { return d.is_new && d.is.made_by.ends_with(suffix); });
  if (*before + static_cast<uint64_t>(now) < relay->quota) return std::nullopt;
  return refusal(
      "Quota",
      fmt::format("relay {} has asked {} times in 24 hours: it may not more", relay->name, relay->quota),
      directly);
}

}  // namespace grantd::daemon
