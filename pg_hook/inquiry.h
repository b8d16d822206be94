// SPDX-License-Identifier: Apache-2.0
// Looks into one database for what a role left there, in a background worker of its own: the worker that watches
// the table has no database and must not wait for one.
#pragma once

#include "server.h"

namespace grantd::pg_hook
{

inline constexpr size_t max_found = 81; // with its NUL: the text of a presence datagram

// In shared memory. The process that looks writes it, who asked waits for `done` or for the end of that process.
struct inquiry
{
	char known[max_found];
	char found[max_found];
	int done; // atomic
};

enum class inquiry_state : uint8_t
{
	none, // nobody was asked
	running,
	failed, // it could not be started, or died
	done,
};

// Starts one. `known`: what was found the last time, in the same words: it is not logged again.
[[nodiscard]] bool start_inquiry(const char *role, const char *database, const char *known);

// Of the one that was started; `failed` and `done` are said once. `found` is written when it is done.
[[nodiscard]] inquiry_state finish_inquiry(char (&found)[max_found]);

} // namespace grantd::pg_hook
