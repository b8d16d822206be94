// SPDX-License-Identifier: Apache-2.0
// What the person in a session is told: until when at the first statement, that the end is near at the next one
// within 5 and 1 minutes of it, and why the connection was terminated.
#pragma once

namespace grantd::pg_hook
{

// Once, from _PG_init: ExecutorStart, ProcessUtility and emit_log hooks, each calling the one that was there before.
void install_notices();

} // namespace grantd::pg_hook
