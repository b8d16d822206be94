// SPDX-License-Identifier: Apache-2.0
// How many connections the process's descriptors allow. Must never let clients take the ones that the table,
// the policy and the store are opened with.
#pragma once

#include <sys/resource.h>

#include "daemon/clients.h"
#include "policy/config.h"

namespace grantd::daemon {

// Never given to clients: sockets, store and timers, and what a publication or a reload opens for a moment.
inline constexpr rlim_t spare_descriptors = 64;

// Raises the soft limit, and the hard one where we may, to what the configured connections need; the limit
// then in force.
[[nodiscard]] rlim_t raise_descriptors(const policy::config& c);

// The configured limits, smaller where `descriptors` are too few: the connections of everybody and those of
// root together leave spare_descriptors. One uid's share shrinks in proportion. At least 1 each.
[[nodiscard]] client_limits limits_within(const policy::config& c, rlim_t descriptors);

}  // namespace grantd::daemon
