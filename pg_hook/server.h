// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's own headers as C, after everything of C++: postgres.h redefines snprintf, Min and more.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

extern "C"
{
#include <postgres.h>

#include <fmgr.h>
#include <libpq/auth.h>
#include <libpq/libpq-be.h>
#include <miscadmin.h>
#include <replication/walsender.h>
#include <storage/latch.h>
#include <storage/lwlock.h>
#include <utils/elog.h>
#include <utils/guc.h>
#include <utils/varlena.h>
}

#if PG_VERSION_NUM < 130000
#error "pg_grantd is written for PostgreSQL 13 and later"
#endif
