// SPDX-License-Identifier: Apache-2.0
// Where a background worker finds this module: the file that the server loaded, whatever it was called.
#pragma once

#include "server.h"

extern "C"
{
#include <postmaster/bgworker.h>
}

namespace grantd::pg_hook
{

// Fills in bgw_library_name; ereports when it does not fit.
void name_module(BackgroundWorker &worker);

} // namespace grantd::pg_hook
