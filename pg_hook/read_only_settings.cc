// SPDX-License-Identifier: Apache-2.0
// Keeps transaction_read_only and default_transaction_read_only on in a session that is held: stands before the
// server's own checks, which every way to set them goes through (SET, BEGIN READ WRITE, set_config, a function's SET).
#include "read_only.h"

extern "C"
{
#include <access/xact.h>
#include <utils/guc_tables.h>
}

namespace grantd::pg_hook
{

namespace
{

GucBoolCheckHook previous_transaction = nullptr;
GucBoolCheckHook previous_default = nullptr;

// A client that asks is told no. What files, the role and the database say ranks below what hold_to_reading() has set,
// and comes to nothing without a word.
bool
keep_on(const char *name, bool value, GucSource source)
{
	if (value || source < PGC_S_CLIENT || !is_held())
		return true;
	GUC_check_errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION);
	GUC_check_errmsg("cannot turn off \"%s\" in a read-only session", name);
	GUC_check_errhint("%s", help_to_write());
	return false;
}

bool
check_transaction(bool *value, void **extra, GucSource source)
{
	return keep_on("transaction_read_only", *value, source) &&
		   (previous_transaction == nullptr || previous_transaction(value, extra, source));
}

bool
check_default(bool *value, void **extra, GucSource source)
{
	return keep_on("default_transaction_read_only", *value, source) &&
		   (previous_default == nullptr || previous_default(value, extra, source));
}

config_generic **
all_settings(int *count)
{
#if PG_VERSION_NUM >= 160000
	return get_guc_variables(count);
#else
	*count = GetNumConfigOptions();
	return get_guc_variables();
#endif
}

GucBoolCheckHook
stand_before(const char *name, GucBoolCheckHook ours)
{
	int count = 0;
	config_generic **all = all_settings(&count);

	for (int i = 0; i < count; ++i)
	{
		if (all[i]->vartype != PGC_BOOL || strcmp(all[i]->name, name) != 0)
			continue;
		auto *found = reinterpret_cast<config_bool *>(all[i]);
		GucBoolCheckHook before = found->check_hook;
		found->check_hook = ours;
		return before;
	}
	ereport(FATAL,
			(errmsg("pg_grantd cannot hold sessions to reading: this server has no setting \"%s\"", name)));
	pg_unreachable();
}

} // namespace

void
install_read_only_settings()
{
	previous_transaction = stand_before("transaction_read_only", check_transaction);
	previous_default = stand_before("default_transaction_read_only", check_default);
}

} // namespace grantd::pg_hook
