// SPDX-License-Identifier: Apache-2.0
// Defines and checks pg_grantd's settings. Never looks into a catalog: there is none in the postmaster, and a
// list of roles must hold for roles that do not exist yet.
#include "settings.h"

#include "base/names.h"
#include "server.h"

#include <signal.h>
#include <sys/un.h>

namespace grantd::pg_hook
{

settings current;

namespace
{

char table_in_force[MAXPGPATH];

const config_enum_entry modes[] = {
	{"off", static_cast<int>(gate_mode::off), false},
	{"audit", static_cast<int>(gate_mode::audit), false},
	{"enforce", static_cast<int>(gate_mode::enforce), false},
	{nullptr, 0, false},
};

bool
check_roles(char **value, void **, GucSource)
{
	List *names = NIL;
	char *copy = pstrdup(*value);
	const bool parsed = SplitIdentifierString(copy, ',', &names); // points into the copy

	// Freed by hand: the postmaster comes here at every reload.
	list_free(names);
	pfree(copy);
	if (!parsed)
		GUC_check_errdetail("It must be a list of role names, separated by commas, as in search_path.");
	return parsed;
}

bool
is_path_within(const char *path, size_t limit)
{
	if (path[0] == '/' && strlen(path) < limit)
		return true;
	GUC_check_errdetail("It must be an absolute path of fewer than %zu bytes.", limit);
	return false;
}

bool
check_table(char **value, void **, GucSource)
{
	return is_path_within(*value, MAXPGPATH);
}

void
assign_table(const char *value, void *) noexcept
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	snprintf(table_in_force, sizeof(table_in_force), "%s", value); // check_table() saw to its size
	sigprocmask(SIG_SETMASK, &before, nullptr);
}

bool
check_report(char **value, void **, GucSource)
{
	return (*value)[0] == '\0' || is_path_within(*value, sizeof(sockaddr_un::sun_path));
}

bool
check_cluster(char **value, void **, GucSource)
{
	if (base::is_account_name(*value))
		return true;
	GUC_check_errdetail("It must be a name of 1 to %zu bytes, as in grantd's login points.", base::max_name);
	return false;
}

void
define_string(const char *name, const char *what, const char *more, char **value, const char *boot,
			  GucStringCheckHook check, GucStringAssignHook assign = nullptr)
{
	DefineCustomStringVariable(name, what, more, value, boot, PGC_SIGHUP, 0, check, assign, nullptr);
}

} // namespace

const char *
table_path() noexcept
{
	return table_in_force;
}

void
define_settings()
{
	DefineCustomEnumVariable(
		"grantd.mode", "Whether logins without an open grant are refused.",
		"off: nobody is asked for a grant; audit: the log says who would be refused; enforce.", &current.mode,
		static_cast<int>(gate_mode::enforce), modes, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
	define_string("grantd.table", "The window table that grantd publishes.", nullptr, &current.table,
				  "/run/grantd/windows", check_table, assign_table);
	define_string("grantd.report", "The socket on which grantd hears about logins.", "Empty: it is not told.",
				  &current.report, "/run/grantd/report.sock", check_report);
	define_string("grantd.cluster", "The name of this cluster in grantd's login points.", nullptr,
				  &current.cluster, "main", check_cluster);
	// Not GUC_LIST_INPUT: ALTER SYSTEM SET ... = 'a', 'B' would then store B without its quotes, which is b.
	define_string("grantd.service_roles", "Roles of programs, not of people: let in, not logged.", nullptr,
				  &current.service_roles, "", check_roles);
	define_string("grantd.exempt_roles", "Break-glass roles: let in without a grant, always logged.", nullptr,
				  &current.exempt_roles, "postgres", check_roles);
#if PG_VERSION_NUM >= 150000
	MarkGUCPrefixReserved("grantd");
#else
	EmitWarningsOnPlaceholders("grantd");
#endif
}

bool
is_named(const char *role, const char *list)
{
	List *names = NIL;
	char *copy = pstrdup(list);
	bool found = false;
	ListCell *cell;

	// A list that does not parse names nobody, and so exempts nobody.
	if (SplitIdentifierString(copy, ',', &names))
		foreach (cell, names)
			found = found || strcmp(static_cast<const char *>(lfirst(cell)), role) == 0;
	list_free(names);
	pfree(copy);
	return found;
}

} // namespace grantd::pg_hook
