// SPDX-License-Identifier: Apache-2.0
// Ends the sessions that a membership which was taken back may have left as its role. Nobody's else.
#pragma once

#include <string>

#include "provision/adapters/postgresql/database.h"

namespace grantd::postgresql {

struct membership {
  std::string member, role;  // oids: a role that is renamed in the window is still the same
};

// After REVOKE is committed, outside of a transaction. When it returns, nobody whose login began before it
// was called still uses the role by that membership; when it throws, somebody may.
void end_sessions(database& d, const membership& m);

}  // namespace grantd::postgresql
