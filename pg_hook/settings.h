// SPDX-License-Identifier: Apache-2.0
// The settings of pg_grantd, all PGC_SIGHUP: set by postgresql.conf, ALTER SYSTEM or the command line, never
// by a client. A value that is refused at a reload leaves the old one in force.
#pragma once

namespace grantd::pg_hook
{

enum class gate_mode : int
{
	off,
	audit,
	enforce,
};

struct settings
{
	int mode = static_cast<int>(gate_mode::enforce);
	char *table = nullptr; // absolute path of the window table
	char *report = nullptr; // absolute path of report.sock; empty: nothing is told
	char *cluster = nullptr; // this cluster's name in login points
	char *service_roles = nullptr;
	char *exempt_roles = nullptr;
};

// The values in force in this process. Not for signal handlers: a reload frees them.
extern settings current;

// `table` for signal handlers: in static memory, moved while all signals are held back.
[[nodiscard]] const char *table_path() noexcept;

// Once, from _PG_init.
void define_settings();

// Is `role` named in `list` (a value that its check hook took)? Bytewise, after the server's own folding of
// what is not quoted. Allocates in CurrentMemoryContext and may ereport.
[[nodiscard]] bool is_named(const char *role, const char *list);

} // namespace grantd::pg_hook
