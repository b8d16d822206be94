/* SPDX-License-Identifier: Apache-2.0
 * A module that stands in ClientAuthentication_hook before pg_grantd and says each time that it was called.
 */
/* postgres.h comes first, and this is PostgreSQL's layout: */
/* clang-format off */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/auth.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

static void
say(Port *port, int status)
{
	ereport(LOG, (errmsg("previous hook: role \"%s\", status %d", port->user_name, status)));
}

void
_PG_init(void)
{
	ClientAuthentication_hook = say;
}
