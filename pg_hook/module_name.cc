// SPDX-License-Identifier: Apache-2.0
// The path of this module, as a background worker must name it. Touches no file.
#include "module_name.h"

#include "worker.h"

#include <dlfcn.h>

namespace grantd::pg_hook
{

void
name_module(BackgroundWorker &worker)
{
	Dl_info module{};
	const size_t prefix = strlen(pkglib_path);

	// As the server loaded it: a name without a path would be another file where it was preloaded by path.
	if (dladdr(reinterpret_cast<const void *>(&grantd_worker_main), &module) == 0 ||
		module.dli_fname == nullptr)
		ereport(ERROR, (errmsg("pg_grantd: the path it was loaded from is not known")));
	const bool at_home =
		strncmp(module.dli_fname, pkglib_path, prefix) == 0 && module.dli_fname[prefix] == '/';
	const int size = snprintf(worker.bgw_library_name, sizeof worker.bgw_library_name, "%s%s",
							  at_home ? "$libdir" : "", module.dli_fname + (at_home ? prefix : 0));
	// Up to PostgreSQL 16 there is room for 95 bytes.
	if (size < 0 || static_cast<size_t>(size) >= sizeof worker.bgw_library_name)
		ereport(ERROR,
				(errmsg("the path of pg_grantd is too long for a background worker: %s", module.dli_fname),
				 errhint("Put it into %s and name it pg_grantd in shared_preload_libraries.", pkglib_path)));
}

} // namespace grantd::pg_hook
