// SPDX-License-Identifier: Apache-2.0
// Memberships that grantd gives for a window, and takes back. What it gave stands in
// grantd_provision.memberships (postgresql.sql): a membership that was there before is never touched.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "provision/adapters/postgresql/database.h"

namespace grantd::postgresql {

void open(database& d, const std::string& account, const std::string& role);

// When it returns, no session is left that could use the role by what was given.
void close(database& d, const std::string& account, const std::string& role);

[[nodiscard]] std::vector<std::pair<std::string, std::string>> list(database& d);  // account, role

}  // namespace grantd::postgresql
