// SPDX-License-Identifier: Apache-2.0
// When the worker must look again though nothing happens: the earliest time that anybody named in a round.
#pragma once

#include <cstdint>

namespace grantd::pg_hook
{

struct wake
{
	int64_t at_ns = INT64_MAX; // BOOTTIME

	void
	by(int64_t time_ns) noexcept
	{
		at_ns = time_ns < at_ns ? time_ns : at_ns;
	}
};

} // namespace grantd::pg_hook
