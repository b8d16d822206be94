/* SPDX-License-Identifier: Apache-2.0
 * A ClientAuthentication hook that does nothing: what pg_grantd.so is measured beside. */
/* clang-format off */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/auth.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

static ClientAuthentication_hook_type previous;

static void
empty(Port *port, int status)
{
	if (previous)
		previous(port, status);
}

void
_PG_init(void)
{
	previous = ClientAuthentication_hook;
	ClientAuthentication_hook = empty;
}
