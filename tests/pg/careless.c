/* SPDX-License-Identifier: Apache-2.0
 * What functions in C of other people's extensions do without asking whether the transaction may write: for
 * the tests of read-only sessions only.
 */
/* postgres.h comes first, and this is PostgreSQL's layout: */
/* clang-format off */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "fmgr.h"
#include "utils/rel.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(careless_clear);
PG_FUNCTION_INFO_V1(careless_write);

/* Clears the server's flags, as some do "for a moment". */
Datum
careless_clear(PG_FUNCTION_ARGS)
{
	XactReadOnly = false;
	DefaultXactReadOnly = false;
	PG_RETURN_VOID();
}

/* careless_write(regclass, integer): one row into a table of one integer column, past the executor. */
Datum
careless_write(PG_FUNCTION_ARGS)
{
	Relation	table = table_open(PG_GETARG_OID(0), RowExclusiveLock);
	Datum		value[1];
	bool		is_null[1] = {false};

	value[0] = PG_GETARG_DATUM(1);
	simple_heap_insert(table, heap_form_tuple(RelationGetDescr(table), value, is_null));
	table_close(table, RowExclusiveLock);
	PG_RETURN_VOID();
}
