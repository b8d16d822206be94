// SPDX-License-Identifier: Apache-2.0
// Where code of other languages comes back to the server, the session's signal is made its own again.
#pragma once

namespace grantd::pg_hook
{

// Once, from _PG_init.
void install_keeper();

} // namespace grantd::pg_hook
