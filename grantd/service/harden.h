// SPDX-License-Identifier: Apache-2.0
// What every process of ours that keeps running gives up before it reads anything. Cannot fail.
#pragma once

namespace grantd::service {

// Files for nobody else, no new privileges by any exec, no core and no ptrace of it (prctl(2)); a peer that
// is gone is an error of the write and not a signal.
void harden();

}  // namespace grantd::service
