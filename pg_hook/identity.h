// SPDX-License-Identifier: Apache-2.0
// Who the server proved to be at the other end: the identities a window may name. Says nothing about rights.
#pragma once

#include "decision/scope.h"
#include "server.h"

#include <span>

namespace grantd::pg_hook
{

// Trivially destructible; the names point into the Port.
struct proved
{
	decision::account account[2];
	unsigned count = 0;

	[[nodiscard]] std::span<const decision::account>
	all() const noexcept
	{
		return {account, count};
	}
};

// To be called after a successful authentication. At most two, the strongest first; none when all the server
// knows is that somebody was mapped to the role.
[[nodiscard]] proved prove(const Port *port) noexcept;

// "os:", "pg:", "dn:" or "krb:".
[[nodiscard]] const char *prefix(decision::identity_class proved_by) noexcept;

} // namespace grantd::pg_hook
