// SPDX-License-Identifier: Apache-2.0
// What the table of the run before says has ended. A revocation that was in force but never reached the disk
// must not be undone by a crash: the table is where it can still be read. Ends grants only, never opens one.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "decision/decide.h"

namespace grantd::daemon {

// By grant number. Empty when there is no table, or none to be believed (PROTOCOL.md section 1).
[[nodiscard]] std::map<uint64_t, decision::ending> endings_in(const std::string& path);

}  // namespace grantd::daemon
