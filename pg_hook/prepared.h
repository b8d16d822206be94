// SPDX-License-Identifier: Apache-2.0
// Whose a prepared transaction will be: in a session that was asked for a grant nobody's but the login's own. What the
// session leaves is looked for by the role that logged in (inquiry.cc).
#pragma once

namespace grantd::pg_hook
{

// Once, from _PG_init. From then on PREPARE TRANSACTION in such a session is an ERROR (0A000) while another role is set.
void install_prepared();

} // namespace grantd::pg_hook
