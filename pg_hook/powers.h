// SPDX-License-Identifier: Apache-2.0
// Whether a role can be held to reading at all: a superuser, a role that replicates and one that reaches the server's
// files or programs cannot. Looks into the catalogs of roles only, and changes nothing.
#pragma once

#include "server.h"

namespace grantd::pg_hook
{

// NULL, or why `role` cannot be held to reading, in words ("it is a superuser"); the text lives in
// CurrentMemoryContext or for ever. Whatever it is a member of counts, directly or not and however it was granted.
// What cannot be found out counts against it. May ereport.
[[nodiscard]] const char *too_powerful(Oid role);

} // namespace grantd::pg_hook
