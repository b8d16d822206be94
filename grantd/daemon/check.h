// SPDX-License-Identifier: Apache-2.0
// grantd -t: says every mistake of configuration and policy, and what of it the service could not read.
#pragma once

#include <string>

namespace grantd::daemon {

// The exit code. `installed`: the files are those the service reads, so its user must be able to.
[[nodiscard]] int check_files(const std::string& config, bool installed);

}  // namespace grantd::daemon
