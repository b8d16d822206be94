// SPDX-License-Identifier: Apache-2.0
// The background worker: watches the window table, pokes backends whose account changed, tells grantd who is
// inside. It decides nothing and ends nobody: with it dead or stopped the backends' own timers go on.
#pragma once

namespace grantd::pg_hook
{

// Once, from _PG_init: BgWorkerStart_ConsistentState, no database, started again after 1 s.
void register_worker();

} // namespace grantd::pg_hook

// Entry points, found by name in the module.
extern "C" __attribute__((visibility("default"))) void grantd_worker_main(unsigned long argument);
extern "C" __attribute__((visibility("default"))) void grantd_leftover_main(unsigned long argument);
